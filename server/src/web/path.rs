//! Reads the one part of a path that is a name or a number, and says what it has to be.

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
        match Path::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(rejection) => {
                let raw = RawPathParams::from_request_parts(parts, state).await.ok();
                let name = raw.as_ref().and_then(|raw| raw.iter().next()).map_or("path", |(name, _)| name);
                Err(ApiError::invalid(name, rejection.body_text().to_lowercase()).into())
            }
        }
    }
}
