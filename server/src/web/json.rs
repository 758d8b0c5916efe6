//! Reads a request's JSON body, and says which field is wrong.

use app::api::ApiError;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use bytes::Bytes;
use futures::StreamExt;
use serde::de::DeserializeOwned;

use super::WebError;

/// Far more than any request of a page.
const MOST_BYTES: usize = 1 << 20;

/// A parsed body.
pub(super) struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, _: &S) -> Result<Self, WebError> {
        let is_json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/json"));
        if !is_json {
            return Err(ApiError::invalid("content-type", "has to be application/json").into());
        }
        let bytes = read(request.into_body(), MOST_BYTES).await?;
        Ok(Self(parse(&bytes)?))
    }
}

/// One JSON text, and nothing behind it.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut parser).map_err(|e| {
        let path = e.path().to_string();
        // Outside of any field, or where there is none yet.
        let field = if [".", "?"].contains(&path.as_str()) { "body".to_owned() } else { path };
        ApiError::invalid(field, e.inner().to_string())
    })?;
    parser.end().map_err(|e| ApiError::invalid("body", e.to_string()))?;
    Ok(parsed)
}

/// A body of at most so many bytes.
pub(super) async fn read(body: Body, most: usize) -> Result<Bytes, WebError> {
    let mut chunks = body.into_data_stream();
    let mut whole = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| ApiError::invalid("body", "did not arrive whole; send it again"))?;
        if whole.len() + chunk.len() > most {
            let message = format!("the body may have {most} bytes; send less in one request");
            return Err(ApiError::TooLarge { message }.into());
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.into())
}

#[cfg(test)]
mod tests {
    use app::api::attempts::Join;
    use futures::stream;

    use super::*;

    fn in_chunks(chunks: &[Result<&'static str, &'static str>]) -> Body {
        let chunks = chunks.iter().map(|chunk| chunk.map_err(std::io::Error::other));
        Body::from_stream(stream::iter(chunks.collect::<Vec<_>>()))
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_not_called_too_large() {
        let whole = read(in_chunks(&[Ok("ab"), Ok("cd")]), 4).await.expect("four bytes");
        assert_eq!(whole, "abcd");
        let large = read(in_chunks(&[Ok("ab"), Ok("cde")]), 4).await.expect_err("too much");
        assert_eq!(large.0.status(), 413);
        let broken = read(in_chunks(&[Ok("ab"), Err("reset")]), 4).await.expect_err("half");
        assert_eq!(broken.0, ApiError::invalid("body", "did not arrive whole; send it again"));
    }

    #[test]
    fn nothing_may_stand_behind_the_json() {
        let join = r#"{"code":"KLM-482","name":"Ada"}"#;
        assert!(parse::<Join>(format!("{join} \n").as_bytes()).is_ok());
        for garbage in ["{}", "x", ","] {
            let error = parse::<Join>(format!("{join}{garbage}").as_bytes()).expect_err(garbage);
            assert!(matches!(&error, ApiError::Invalid { field, .. } if field == "body"), "{error:?}");
        }
    }
}
