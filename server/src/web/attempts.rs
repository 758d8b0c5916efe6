//! What a student's device sends. See `app::api::attempts` for the shapes.
//!
//! Owns these paths and their bodies. Does not own what follows: the room `attempts` does.

use std::sync::Arc;

use app::api::ApiError;
use app::api::attempts::{AttemptView, Join, Joined, Receipt, Submission};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};

use super::client::{Client, Limits};
use super::json::JsonBody;
use super::path::PathPart;
use super::{Shared, WebError};

pub(super) async fn join(
    State(rooms): State<Shared>,
    State(limits): State<Arc<Limits>>,
    client: Client,
    JsonBody(join): JsonBody<Join>,
) -> Result<Json<Joined>, WebError> {
    let join = async { Ok(rooms.attempts.join(&join).await?) };
    Ok(Json(limits.join(client, join).await?))
}

pub(super) async fn view(
    State(rooms): State<Shared>,
    PathPart(attempt): PathPart<String>,
    headers: HeaderMap,
) -> Result<Json<AttemptView>, WebError> {
    Ok(Json(rooms.attempts.view(&attempt, token(&headers)?).await?))
}

pub(super) async fn submit(
    State(rooms): State<Shared>,
    PathPart(attempt): PathPart<String>,
    headers: HeaderMap,
    JsonBody(submission): JsonBody<Submission>,
) -> Result<Json<Receipt>, WebError> {
    Ok(Json(rooms.attempts.submit(&attempt, token(&headers)?, &submission).await?))
}

fn token(headers: &HeaderMap) -> Result<&str, WebError> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(|| {
            let message = "send the attempt's token: authorization: bearer <token>".to_owned();
            ApiError::SignedOut { message }.into()
        })
}
