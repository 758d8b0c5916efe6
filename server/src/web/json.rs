//! Reads a request's JSON body, and says which field is wrong.

use app::api::ApiError;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header;
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
        let mut parser = serde_json::Deserializer::from_slice(&bytes);
        serde_path_to_error::deserialize(&mut parser).map(Self).map_err(|e| {
            let path = e.path().to_string();
            let field = if path == "." { "body".to_owned() } else { path };
            ApiError::invalid(field, e.inner().to_string()).into()
        })
    }
}

/// A body of at most so many bytes.
pub(super) async fn read(body: Body, most: usize) -> Result<bytes::Bytes, WebError> {
    to_bytes(body, most).await.map_err(|_| {
        WebError(ApiError::TooLarge { message: format!("the body may have {most} bytes; send less in one request") })
    })
}
