//! What a teacher does to an assignment.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};

use super::{Shared, WebError, session};

pub(super) async fn close(
    State(rooms): State<Shared>,
    Path(assignment): Path<i64>,
    headers: HeaderMap,
) -> Result<StatusCode, WebError> {
    let user = session::required_user(&rooms.accounts, &headers).await?;
    rooms.results.visible(&user, assignment).await?;
    rooms.quiz.close(assignment).await?;
    Ok(StatusCode::NO_CONTENT)
}
