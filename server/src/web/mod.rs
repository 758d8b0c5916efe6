//! HTTP.
//!
//! Owns every path, status, header and cookie. Does not own a rule: each handler is a few lines that call a room and
//! put its answer on the wire.

mod assignments;
mod attempts;
mod client;
mod error;
mod export;
mod functions;
mod gateway;
mod guard;
mod json;
mod live;
mod openapi;
mod ops;
mod path;
mod query;
mod session;
mod site;
mod streams;

use std::path::Path;
use std::sync::Arc;

use app::api::ApiError;
use axum::Router;
use axum::extract::FromRef;
use axum::http::{Method, Uri};
use axum::middleware;
use axum::routing::{any, get, post};
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;

pub use error::WebError;

pub use client::Proxies;

use client::Limits;

use crate::access::Access;
use crate::accounts::Accounts;
use crate::attempts::Attempts;
use crate::clock::Clock;
use crate::gateway::Gateway;
use crate::listen::Bodies;
use crate::ops::Ops;
use crate::quizzes::Quizzes;
use crate::registry::Registry;
use crate::reports::Reports;
use crate::school::School;

/// The rooms that requests are answered by.
pub struct Rooms {
    /// What students do.
    pub attempts: Attempts,
    /// Quizzes and rulings.
    pub quizzes: Quizzes,
    /// Classes and assignments.
    pub school: School,
    /// Staff.
    pub accounts: Accounts,
    /// Who may do what.
    pub access: Access,
    /// What staff read.
    pub reports: Reports,
    /// What operators see.
    pub ops: Ops,
    /// What time it is.
    pub clock: Clock,
    /// Records.
    pub gateway: Gateway,
    /// The memory of large requests, and of the relay's.
    pub bodies: Bodies,
    /// That of this server's own relay.
    pub own_bodies: Bodies,
    /// The streams.
    pub registry: Registry,
    /// The proxies whose word counts.
    pub proxies: Proxies,
    /// Opens `/metrics` from another machine; absent if nothing does.
    pub metrics_key: Option<String>,
    /// Says true when the server is to stop, so that streams of events end.
    pub stop: watch::Receiver<bool>,
}

/// What handlers share.
type Shared = Arc<Rooms>;

/// All that a handler may ask for.
#[derive(Clone)]
struct AppState {
    rooms: Shared,
    limits: Arc<Limits>,
}

impl FromRef<AppState> for Shared {
    fn from_ref(state: &AppState) -> Self {
        Self::clone(&state.rooms)
    }
}

impl FromRef<AppState> for Proxies {
    fn from_ref(state: &AppState) -> Self {
        state.rooms.proxies.clone()
    }
}

impl FromRef<AppState> for Arc<Limits> {
    fn from_ref(state: &AppState) -> Self {
        Self::clone(&state.limits)
    }
}

/// Every route of the server. `site` is the folder with the built front end.
pub fn router(rooms: Rooms, site: &Path) -> Router {
    functions::register();
    let limits = Arc::new(Limits::new(&rooms.clock));
    let state = AppState { rooms: Arc::new(rooms), limits };
    Router::new()
        .merge(api())
        .merge(gateway())
        .merge(ops())
        .method_not_allowed_fallback(wrong_method)
        .with_state(state)
        .fallback_service(site::service(site))
        .layer(middleware::from_fn(guard::one_host))
        .layer(middleware::from_fn(guard::headers))
        .layer(CatchPanicLayer::custom(error::after_panic))
        .layer(TraceLayer::new_for_http())
}

fn api() -> Router<AppState> {
    Router::new()
        .route("/api/session", post(session::sign_in).delete(session::sign_out))
        .route("/api/join", post(attempts::join))
        .route("/api/attempts/{attempt}", get(attempts::view))
        .route("/api/attempts/{attempt}/answers", post(attempts::submit))
        .route("/api/assignments/{assignment}/close", post(assignments::close))
        .route("/api/assignments/{assignment}/rulings", post(assignments::rule))
        .route("/api/assignments/{assignment}/rulings/{ruling}/undo", post(assignments::undo))
        .route("/api/assignments/{assignment}/export/{file}", get(export::export))
        .route("/api/streams/{stream}/replay", post(streams::replay))
        .route("/api/live", get(live::events))
        .route("/api/openapi.json", get(openapi::description))
        .route("/api/{*function}", get(functions::call).fallback(functions::other_method))
        .route("/api", any(nothing_there))
        .route("/api/", any(nothing_there))
        .layer(middleware::from_fn(guard::same_origin))
}

fn gateway() -> Router<AppState> {
    Router::new()
        .route("/gateway/{stream}", post(gateway::put))
        .route("/gateway/{stream}/{*rest}", any(nothing_there))
        .route("/gateway", any(nothing_there))
        .route("/gateway/", any(nothing_there))
}

fn ops() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz))
        .route("/metrics", get(ops::metrics))
}

async fn nothing_there(uri: Uri) -> WebError {
    ApiError::not_found(format!("there is nothing at {}", uri.path())).into()
}

async fn wrong_method(method: Method, uri: Uri) -> WebError {
    ApiError::WrongMethod { message: format!("{} does not take {method}", uri.path()) }.into()
}
