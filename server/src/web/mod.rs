//! HTTP.
//!
//! Owns every path, status, header and cookie. Does not own a rule: each handler is a few lines that call a room and
//! put its answer on the wire.

mod assignments;
mod attempts;
mod error;
mod functions;
mod gateway;
mod guard;
mod json;
mod live;
mod session;
mod site;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{get, post};
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;

pub use error::WebError;

use crate::accounts::Accounts;
use crate::gateway::Gateway;
use crate::live::Live;
use crate::quiz::Quiz;
use crate::results::Results;

/// The rooms that requests are answered by.
pub struct Rooms {
    /// Students.
    pub quiz: Quiz,
    /// Staff.
    pub accounts: Accounts,
    /// What staff read.
    pub results: Results,
    /// Records.
    pub gateway: Gateway,
    /// Changes.
    pub live: Live,
    /// Says true when the server is to stop, so that streams of events end.
    pub stop: watch::Receiver<bool>,
}

/// What handlers share.
type Shared = Arc<Rooms>;

/// Every route of the server. `site` is the folder with the built front end.
pub fn router(rooms: Rooms, site: &Path) -> Router {
    functions::register();
    let api = Router::new()
        .route("/api/session", post(session::sign_in).delete(session::sign_out))
        .route("/api/join", post(attempts::join))
        .route("/api/attempts/{id}", get(attempts::view))
        .route("/api/attempts/{id}/answers", post(attempts::submit))
        .route("/api/assignments/{id}/close", post(assignments::close))
        .route("/api/live/assignments/{id}", get(live::assignment))
        .route("/api/{*function}", get(functions::call))
        .layer(middleware::from_fn(guard::same_origin));
    Router::new()
        .merge(api)
        .route("/gateway/{stream}", post(gateway::put))
        .with_state(Arc::new(rooms))
        .fallback_service(site::service(site))
        .layer(middleware::from_fn(guard::headers))
        .layer(CatchPanicLayer::custom(error::after_panic))
        .layer(TraceLayer::new_for_http())
}
