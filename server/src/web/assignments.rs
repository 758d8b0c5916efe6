//! What a teacher does to an assignment.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use super::path::PathPart;
use super::{Shared, WebError, session};

pub(super) async fn close(
    State(rooms): State<Shared>,
    PathPart(assignment): PathPart<i64>,
    headers: HeaderMap,
) -> Result<StatusCode, WebError> {
    let user = session::required_user(&rooms.accounts, &headers).await?;
    rooms.results.visible(&user, assignment).await?;
    rooms.quiz.close(assignment).await?;
    Ok(StatusCode::NO_CONTENT)
}
