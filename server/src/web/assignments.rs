//! What a teacher does to an assignment.
//!
//! Owns these paths and their bodies. Does not own what follows: the rooms `school` and `quizzes` do.

use app::api::ApiError;
use app::api::rulings::{NewRuling, RulingEffect};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};

use super::json::JsonBody;
use super::path::PathPart;
use super::{Shared, WebError, session};
use crate::quizzes::RuledBy;

pub(super) async fn close(
    State(rooms): State<Shared>,
    PathPart(assignment): PathPart<i64>,
    headers: HeaderMap,
) -> Result<StatusCode, WebError> {
    let user = session::required_user(&rooms.accounts, &headers).await?;
    rooms.access.visible(&user, assignment).await?;
    rooms.school.close(assignment).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Rules on a question; answers with what that has changed.
pub(super) async fn rule(
    State(rooms): State<Shared>,
    PathPart(assignment): PathPart<i64>,
    headers: HeaderMap,
    JsonBody(ruling): JsonBody<NewRuling>,
) -> Result<Json<RulingEffect>, WebError> {
    let user = session::required_user(&rooms.accounts, &headers).await?;
    let effect = rooms.reports.ruling_effect(&user, assignment, ruling.clone()).await?;
    let average = effect.before.average.zip(effect.after.average);
    rooms.quizzes.rule(ruling, RuledBy { account: user.id, assignment, average }).await?;
    Ok(Json(effect))
}

/// Takes a ruling back.
pub(super) async fn undo(
    State(rooms): State<Shared>,
    path: Result<Path<(i64, i64)>, PathRejection>,
    headers: HeaderMap,
) -> Result<StatusCode, WebError> {
    let user = session::required_user(&rooms.accounts, &headers).await?;
    let path = path.map_err(|_| ApiError::invalid("path", "has to name assignment and ruling by whole numbers"))?;
    let Path((assignment, ruling)) = path;
    rooms.access.check_may_rule(&user, assignment).await?;
    rooms.quizzes.undo_ruling(ruling, assignment, user.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
