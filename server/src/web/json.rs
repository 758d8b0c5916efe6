//! Reads a request's JSON body, and says which field is wrong.
//!
//! Owns the limit of a body, and the sentence about a wrong field.

use app::api::ApiError;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde::de::DeserializeOwned;

use super::WebError;
use crate::listen;

/// More than any request of a page. Strangers may send it, so that it is small enough for every connection to do so at once.
const MOST_BYTES: usize = 64 << 10;

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
        let bytes = listen::read(request.into_body(), MOST_BYTES).await?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use app::api::attempts::Join;

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
