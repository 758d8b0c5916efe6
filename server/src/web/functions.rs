//! The front end's server functions, mounted under `/api/`.
//!
//! Gives each call the port of whoever sent it, and turns its error into the status that goes with it.

use std::sync::Arc;

use app::api::accounts::ReadMe;
use app::api::pipeline::ReadPipeline;
use app::api::results::{ReadClassResults, ReadMyClasses};
use app::api::{ApiError, Reports};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use leptos::prelude::provide_context;
use leptos::server_fn::axum::{get_server_fn_service, register_explicit};

use super::{Shared, WebError, json, session};

/// Longer than any error text.
const MOST_ERROR_BYTES: usize = 64 << 10;

/// Makes the functions known, whatever the linker thinks of them.
pub(super) fn register() {
    register_explicit::<ReadMe>();
    register_explicit::<ReadMyClasses>();
    register_explicit::<ReadClassResults>();
    register_explicit::<ReadPipeline>();
}

pub(super) async fn call(
    State(rooms): State<Shared>,
    headers: HeaderMap,
    request: Request<Body>,
) -> Result<Response, WebError> {
    if get_server_fn_service(request.uri().path(), request.method().clone()).is_none() {
        return Err(ApiError::not_found(format!("there is nothing at {}", request.uri().path())).into());
    }
    let user = session::user(&rooms.accounts, &headers).await?;
    let reports: Arc<dyn Reports> = rooms.results.on_behalf_of(user);
    let context = move || provide_context(Arc::clone(&reports));
    let answer = leptos_axum::handle_server_fns_with_context(context, request).await.into_response();
    with_status(answer).await
}

/// A server function answers every error with 500; the error itself knows better.
async fn with_status(answer: Response) -> Result<Response, WebError> {
    if answer.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return Ok(answer);
    }
    let body = json::read(answer.into_body(), MOST_ERROR_BYTES).await?;
    let error: ApiError = serde_json::from_slice(&body)
        .unwrap_or_else(|_| ApiError::unavailable(String::from_utf8_lossy(&body).into_owned()));
    Err(error.into())
}
