//! What a student's device sends. See `app::api::attempts` for the shapes.

use app::api::ApiError;
use app::api::attempts::{AttemptView, Join, Joined, Receipt, Submission};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};

use super::json::JsonBody;
use super::{Shared, WebError};

pub(super) async fn join(
    State(rooms): State<Shared>,
    JsonBody(join): JsonBody<Join>,
) -> Result<Json<Joined>, WebError> {
    Ok(Json(rooms.quiz.join(&join).await?))
}

pub(super) async fn view(
    State(rooms): State<Shared>,
    Path(attempt): Path<String>,
    headers: HeaderMap,
) -> Result<Json<AttemptView>, WebError> {
    Ok(Json(rooms.quiz.view(&attempt, token(&headers)?).await?))
}

pub(super) async fn submit(
    State(rooms): State<Shared>,
    Path(attempt): Path<String>,
    headers: HeaderMap,
    JsonBody(submission): JsonBody<Submission>,
) -> Result<Json<Receipt>, WebError> {
    Ok(Json(rooms.quiz.submit(&attempt, token(&headers)?, &submission).await?))
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
