//! Reads the one part of a path that is a name or a number, and says what it has to be.
//!
//! Owns the sentence about a wrong part.

use app::api::ApiError;
use axum::extract::{FromRequestParts, Path, RawPathParams};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::WebError;

/// The value of the route's only parameter.
pub(super) struct PathPart<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathPart<T> {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebError> {
        if let Ok(Path(value)) = Path::from_request_parts(parts, state).await {
            return Ok(Self(value));
        }
        let raw = RawPathParams::from_request_parts(parts, state).await;
        let raw = raw.map_err(|_| ApiError::invalid("path", "has to be UTF-8 text"))?;
        let name = raw.iter().next().map_or("path", |(name, _)| name);
        Err(ApiError::invalid(name, "has to be a whole number").into())
    }
}
