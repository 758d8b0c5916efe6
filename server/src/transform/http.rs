//! A function behind Lambda's `Invoke`: AWS's own, or anything that answers like it.
//!
//! Owns the request (AWS, API reference of Lambda, `Invoke`) and its signature. Credentials are found as the lake's are:
//! in the environment that AWS's own clients read. Does not own what is sent.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use bytes::Bytes;
use object_store::aws::{AmazonS3Builder, AwsAuthorizer, AwsCredential, AwsCredentialProvider};
use object_store::client::HttpRequest;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::Url;

use super::TransformError;
use super::host::{Host, InvokeError, ReadError, read, words};

/// How AWS names the service.
const SERVICE: &str = "lambda";
/// Any of these says that there are credentials.
const SIGNS: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// A function by its name.
pub(super) struct HttpHost {
    http: Client,
    url: Url,
    uri: Uri,
    region: String,
    /// Absent if requests are not signed.
    credentials: Option<AwsCredentialProvider>,
}

impl HttpHost {
    /// Without an endpoint it is AWS's own, and requests are signed; with one they are if there are credentials in the
    /// environment.
    pub fn new(name: &str, endpoint: Option<&Url>, region: &str) -> Result<Self, TransformError> {
        let is_signed = endpoint.is_none() || SIGNS.iter().any(|name| std::env::var_os(name).is_some());
        let credentials = if is_signed { Some(credentials(region)?) } else { None };
        Self::with(name, endpoint, region, credentials)
    }

    fn with(
        name: &str,
        endpoint: Option<&Url>,
        region: &str,
        credentials: Option<AwsCredentialProvider>,
    ) -> Result<Self, TransformError> {
        let bad = |problem: String| TransformError::Endpoint { problem };
        let mut url = match endpoint {
            Some(endpoint) => endpoint.clone(),
            None => Url::parse(&format!("https://lambda.{region}.amazonaws.com")).map_err(|e| bad(e.to_string()))?,
        };
        let mut segments = url.path_segments_mut().map_err(|()| bad("has no path".to_owned()))?;
        segments.pop_if_empty().extend(["2015-03-31", "functions", name, "invocations"]);
        drop(segments);
        let uri = url.as_str().parse().map_err(|e: axum::http::uri::InvalidUri| bad(e.to_string()))?;
        // A function's endpoint is never a proxy's, and one that sends elsewhere is not the one that was named.
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().map_err(TransformError::Client)?;
        Ok(Self { http, url, uri, region: region.to_owned(), credentials })
    }

    async fn headers(&self, payload: &Bytes) -> Result<HeaderMap, InvokeError> {
        let mut request = HttpRequest::new(payload.clone().into());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        request.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        request.headers_mut().insert("x-amz-invocation-type", HeaderValue::from_static("RequestResponse"));
        if let Some(credentials) = &self.credentials {
            let credential = credentials.get_credential().await.map_err(InvokeError::Credentials)?;
            signable(&credential)?;
            let signer = AwsAuthorizer::new(&credential, SERVICE, &self.region);
            signer.try_authorize(&mut request, None).map_err(InvokeError::Credentials)?;
        }
        Ok(std::mem::take(request.headers_mut()))
    }
}

/// What goes into a header has to be such that it can; the signer takes that for granted.
fn signable(credential: &AwsCredential) -> Result<(), InvokeError> {
    let parts = [Some(&credential.key_id), credential.token.as_ref()];
    if parts.into_iter().flatten().all(|part| HeaderValue::from_str(part).is_ok()) {
        return Ok(());
    }
    let source = "the access key or the session token has characters that no header may have".into();
    Err(InvokeError::Credentials(object_store::Error::Generic { store: "Lambda", source }))
}

/// AWS's chain of credentials: the environment, a web identity, a container's, an instance's. object_store knows it, as a
/// part of its client of a bucket; the bucket itself is never asked for.
fn credentials(region: &str) -> Result<AwsCredentialProvider, TransformError> {
    let client = AmazonS3Builder::from_env().with_region(region).with_bucket_name("none").build();
    Ok(Arc::clone(client.map_err(TransformError::Credentials)?.credentials()))
}

#[async_trait]
impl Host for HttpHost {
    async fn invoke(&self, payload: Bytes, timeout: Duration) -> Result<Bytes, InvokeError> {
        let answered = tokio::time::timeout(timeout, async {
            let headers = self.headers(&payload).await?;
            let request = self.http.post(self.url.clone()).headers(headers).body(payload);
            answer_of(request.send().await.map_err(InvokeError::Unreachable)?).await
        });
        answered.await.unwrap_or(Err(InvokeError::TimedOut(timeout)))
    }
}

async fn answer_of(response: Response) -> Result<Bytes, InvokeError> {
    let status = response.status();
    let has_failed = response.headers().contains_key("x-amz-function-error");
    let body = read(response.bytes_stream()).await.map_err(|error| match error {
        ReadError::TooLarge => InvokeError::AnswerTooLarge,
        ReadError::Broken(error) => InvokeError::Unreachable(error),
    })?;
    if !status.is_success() {
        return Err(InvokeError::Refused { status: status.as_u16(), words: words(&body) });
    }
    if has_failed {
        return Err(InvokeError::Function(words(&body)));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::extract::Request;
    use axum::http::StatusCode;
    use axum::response::{IntoResponse, Redirect};
    use object_store::StaticCredentialProvider;
    use tokio::net::TcpListener;

    use super::*;
    use crate::sigv4;
    use crate::transform::host::MOST_PAYLOAD;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    /// Answers as the function's name says.
    async fn lambda(request: Request) -> axum::response::Response {
        let (head, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        let (path, headers) = (head.uri.path(), &head.headers);
        let name = path.strip_prefix("/below/2015-03-31/functions/").and_then(|rest| rest.strip_suffix("/invocations"));
        assert_eq!(
            (&head.method, headers["x-amz-invocation-type"].as_bytes()),
            (&Method::POST, &b"RequestResponse"[..])
        );
        match name.expect("the path of Invoke") {
            "echo" => body.into_response(),
            "signed" => {
                let credential = sigv4::Credential::of(headers).expect("signed");
                let request = sigv4::Request { method: &head.method, path, query: "", headers, body: &body };
                let proof = credential.verify(SECRET, &request, "lambda", chrono::Utc::now().timestamp_millis());
                assert_eq!((proof, credential.region.as_str()), (Ok(()), "eu-west-1"));
                assert!(credential.signed_headers.iter().any(|name| name == "x-amz-security-token"));
                "signed".into_response()
            }
            "failing" => ([("x-amz-function-error", "Unhandled")], r#"{"errorMessage":"no"}"#).into_response(),
            "huge" => Body::from(vec![b'x'; MOST_PAYLOAD + 1]).into_response(),
            "moved" => Redirect::temporary("http://127.0.0.1:9/").into_response(),
            "slow" => std::future::pending().await,
            other => StatusCode::from_u16(other.parse().expect("a status")).expect("a status").into_response(),
        }
    }

    async fn endpoint() -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async { axum::serve(listener, Router::new().fallback(lambda)).await });
        Url::parse(&format!("http://{address}/below/")).expect("an address")
    }

    async fn invoke(
        endpoint: &Url,
        name: &str,
        credentials: Option<AwsCredentialProvider>,
    ) -> Result<Bytes, InvokeError> {
        let host = HttpHost::with(name, Some(endpoint), "eu-west-1", credentials).expect("ready");
        // Long enough for whatever answers at all.
        let timeout = Duration::from_secs(if name == "slow" { 1 } else { 60 });
        host.invoke(Bytes::from_static(b"payload"), timeout).await
    }

    #[tokio::test]
    async fn answers_and_failures_are_told_apart_as_invoke_documents_them() {
        let endpoint = endpoint().await;
        assert_eq!(invoke(&endpoint, "echo", None).await.expect("answered").as_ref(), b"payload");
        for (name, code) in [
            ("failing", "Lambda.FunctionError"),
            ("huge", "Lambda.FunctionError"),
            ("moved", "Lambda.FunctionError"),
            ("slow", "Lambda.FunctionTimedOut"),
            ("403", "Lambda.InvokeAccessDenied"),
            ("404", "Lambda.ResourceNotFound"),
            ("429", "Lambda.InvokeLimitExceeded"),
            ("500", "Lambda.InternalServerError"),
            ("503", "Lambda.ServiceUnavailable"),
        ] {
            let error = invoke(&endpoint, name, None).await.expect_err(name);
            assert_eq!(error.code(), code, "{name}: {error}");
        }
        let nobody = Url::parse("http://127.0.0.1:9/").expect("an address");
        assert_eq!(
            invoke(&nobody, "echo", None).await.expect_err("closed").code(),
            "Lambda.TargetServerFailedToRespond"
        );
    }

    #[tokio::test]
    async fn a_request_is_signed_for_lambda_by_the_credentials_there_are() {
        let credential = |key_id: &str| -> Option<AwsCredentialProvider> {
            let (key_id, secret_key, token) = (key_id.to_owned(), SECRET.to_owned(), Some("token+/=".to_owned()));
            Some(Arc::new(StaticCredentialProvider::new(AwsCredential { key_id, secret_key, token })))
        };
        let endpoint = endpoint().await;
        let signed = invoke(&endpoint, "signed", credential("AKIDEXAMPLE")).await;
        assert_eq!(signed.expect("answered").as_ref(), b"signed");
        let unusable = invoke(&endpoint, "signed", credential("AKID\n")).await.expect_err("no header may have that");
        assert_eq!(unusable.code(), "Lambda.AssumeRoleAccessDenied");
    }
}
