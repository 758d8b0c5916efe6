//! `POST /gateway/{delivery-stream}`, the shape of an API Gateway in front of Firehose.
//!
//! Owns this path. Does not own what becomes of the records: the room `gateway` does.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;

use super::path::PathPart;
use super::{Shared, WebError};
use crate::amazon::MOST_BYTES;
use crate::gateway::PutRecordBatchAnswer;

pub(super) async fn put(
    State(rooms): State<Shared>,
    PathPart(stream): PathPart<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<PutRecordBatchAnswer>, WebError> {
    let key = headers.get("x-api-key").and_then(|value| value.to_str().ok());
    // Who may not put does not get a body into memory either.
    let entrance = rooms.gateway.enter(&stream, key).await?;
    // Answers never wait behind other senders.
    let bodies = if entrance.is_own() { &rooms.own_bodies } else { &rooms.bodies };
    let body = bodies.read(&headers, body, MOST_BYTES).await?;
    Ok(Json(entrance.put(&body.bytes).await?))
}
