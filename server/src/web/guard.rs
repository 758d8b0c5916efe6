//! What holds for every request: nothing that changes anything may come from another site, and every answer carries
//! the headers that keep a browser strict.
//!
//! Owns these two rules, for every path.

use app::api::ApiError;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Url;

use super::WebError;
use crate::listen::{self, HostError};

/// Refuses requests that change something and that another site's page sent. The session cookie is `SameSite=Strict`
/// besides; scripts send no `Origin` and pass.
pub(super) async fn same_origin(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || is_same_origin(request.headers()) {
        return next.run(request).await;
    }
    let message = "requests from another site's page are refused".to_owned();
    WebError(ApiError::Forbidden { message }).into_response()
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = origin.to_str().ok().and_then(|origin| Url::parse(origin).ok());
    let (Some(host), Some(origin)) = (host, origin) else { return false };
    let authority = match (origin.host_str(), origin.port()) {
        (Some(name), Some(port)) => format!("{name}:{port}"),
        (Some(name), None) => name.to_owned(),
        (None, _) => return false,
    };
    authority.eq_ignore_ascii_case(host)
}

/// Refuses a request that names no host, or more than one.
pub(super) async fn one_host(mut request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let problem = match listen::name_host(request.headers_mut(), &uri) {
        Ok(()) => return next.run(request).await,
        Err(HostError::Missing | HostError::Twice) => "has to be there once",
        Err(HostError::Differs) => "has to be the host that the request line names",
    };
    WebError(ApiError::invalid("host", problem)).into_response()
}

/// Headers of every answer. Pages add their own content security policy.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(origin: Option<&str>, host: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().expect("host"));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().expect("origin"));
        }
        headers
    }

    #[test]
    fn only_this_site_and_scripts_may_change_things() {
        assert!(is_same_origin(&headers(None, "school:8080")));
        assert!(is_same_origin(&headers(Some("http://school:8080"), "school:8080")));
        assert!(is_same_origin(&headers(Some("https://school"), "school")));
        for foreign in ["http://school:8081", "http://evil.example", "null", "http://school.evil:8080"] {
            assert!(!is_same_origin(&headers(Some(foreign), "school:8080")), "{foreign}");
        }
    }
}
