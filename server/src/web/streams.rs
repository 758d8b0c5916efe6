//! What an admin does to a delivery stream.
//!
//! Owns this path. Does not own what follows: the room `registry` does.

use app::api::ApiError;
use app::api::accounts::Role;
use app::api::pipeline::Replayed;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;

use super::path::PathPart;
use super::{Shared, WebError, session};

/// Tries again to bring in the batches that were parked.
pub(super) async fn replay(
    State(rooms): State<Shared>,
    PathPart(stream): PathPart<String>,
    headers: HeaderMap,
) -> Result<Json<Replayed>, WebError> {
    let user = session::required_user(&rooms.accounts, &headers).await?;
    if user.me.role != Role::Admin {
        return Err(ApiError::Forbidden { message: "only an admin may replay batches".to_owned() }.into());
    }
    let batches = rooms.registry.replay_parked(&stream).await? as u64;
    Ok(Json(Replayed { batches }))
}
