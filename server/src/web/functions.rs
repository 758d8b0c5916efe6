//! The front end's server functions, mounted under `/api/`.
//!
//! Gives each call the port of whoever sent it, and turns its error into the status that goes with it.
//!
//! Owns the list of functions, and the check of their queries. Does not own what they return.

use std::sync::Arc;

use app::api::ApiError;
use app::api::functions::{
    ReadArrivals, ReadClassGrid, ReadClassResults, ReadComparable, ReadDeliveryHealth, ReadMe, ReadMyClasses,
    ReadPipeline, ReadRulingEffect, ReadStudentNames, ReadStudentResults,
};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use leptos::prelude::provide_context;
use leptos::server_fn::ServerFn;
use leptos::server_fn::axum::{get_server_fn_service, register_explicit};

use super::query::{OF_VIEW, Part, QueryPart, check_query};
use super::{Shared, WebError, nothing_there, session, wrong_method};
use crate::accounts;

/// Longer than any error text.
const MOST_ERROR_BYTES: usize = 64 << 10;

/// Makes the functions known, whatever the linker thinks of them.
pub(super) fn register() {
    register_explicit::<ReadMe>();
    register_explicit::<ReadMyClasses>();
    register_explicit::<ReadClassResults>();
    register_explicit::<ReadClassGrid>();
    register_explicit::<ReadStudentNames>();
    register_explicit::<ReadStudentResults>();
    register_explicit::<ReadArrivals>();
    register_explicit::<ReadComparable>();
    register_explicit::<ReadRulingEffect>();
    register_explicit::<ReadDeliveryHealth>();
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
    check_query(uri.query().unwrap_or_default(), parts_of(uri.path()))?;
    // A browser's address bar accepts HTML and would be sent back to where it came from.
    request.headers_mut().remove(header::ACCEPT);
    let user = session::user(&rooms.accounts, &headers).await?;
    let session = accounts::port_for(user.clone());
    let (reports, ops) = (rooms.reports.on_behalf_of(user.clone()), rooms.ops.on_behalf_of(user));
    let context = move || {
        provide_context(Arc::clone(&session));
        provide_context(Arc::clone(&reports));
        provide_context(Arc::clone(&ops));
    };
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

/// The parts of a function's query.
fn parts_of(path: &str) -> &'static [QueryPart] {
    const ASSIGNMENT: QueryPart = ("assignment", Part::Number, false);
    match path {
        ReadClassResults::PATH | ReadClassGrid::PATH => &[ASSIGNMENT, OF_VIEW[0], OF_VIEW[1]],
        ReadStudentNames::PATH | ReadArrivals::PATH | ReadComparable::PATH => &[ASSIGNMENT],
        ReadStudentResults::PATH => &[ASSIGNMENT, ("student", Part::Text, false)],
        ReadRulingEffect::PATH => &[ASSIGNMENT, ("question", Part::Number, false), ("key", Part::Number, true)],
        _ => &[],
    }
}

/// A server function answers every error with 500; the error itself knows better.
async fn with_status(answer: Response) -> Result<Response, WebError> {
    if answer.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return Ok(answer);
    }
    let body = crate::listen::read(answer.into_body(), MOST_ERROR_BYTES).await?;
    let error: ApiError = serde_json::from_slice(&body)
        .unwrap_or_else(|_| ApiError::unavailable(String::from_utf8_lossy(&body).into_owned()));
    Err(error.into())
}
