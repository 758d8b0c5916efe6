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
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use leptos::prelude::provide_context;
use leptos::server_fn::ServerFn;
use leptos::server_fn::axum::{get_server_fn_service, register_explicit};
use url::form_urlencoded;

use super::{Shared, WebError, json, nothing_there, session, wrong_method};

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
    mut request: Request<Body>,
) -> Result<Response, WebError> {
    let (method, uri) = (request.method(), request.uri());
    if get_server_fn_service(uri.path(), method.clone()).is_none() {
        return Err(other_method(method.clone(), uri.clone()).await);
    }
    check_query(uri)?;
    // A browser's address bar accepts HTML and would be sent back to where it came from.
    request.headers_mut().remove(header::ACCEPT);
    let user = session::user(&rooms.accounts, &headers).await?;
    let reports: Arc<dyn Reports> = rooms.results.on_behalf_of(user);
    let context = move || provide_context(Arc::clone(&reports));
    let answer = leptos_axum::handle_server_fns_with_context(context, request).await.into_response();
    with_status(answer).await
}

/// What no server function answers: there is none at the path, or none for the method.
pub(super) async fn other_method(method: Method, uri: Uri) -> WebError {
    match get_server_fn_service(uri.path(), Method::GET) {
        Some(_) => wrong_method(method, uri).await,
        None => nothing_there(uri).await,
    }
}

/// The functions read their query themselves, but cannot say which part of it is wrong.
fn check_query(uri: &Uri) -> Result<(), ApiError> {
    if uri.path() != ReadClassResults::PATH {
        return Ok(());
    }
    let query = uri.query().unwrap_or_default();
    let given = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "assignment");
    match given.map(|(_, value)| value.parse::<i64>()) {
        Some(Ok(_)) => Ok(()),
        Some(Err(_)) => Err(ApiError::invalid("assignment", "has to be the assignment's number")),
        None => Err(ApiError::invalid("assignment", "is missing; add ?assignment= and its number")),
    }
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
