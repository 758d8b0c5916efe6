//! The front end's server functions, mounted under `/api/`.
//!
//! Gives each call the port of whoever sent it, and turns its error into the status that goes with it.

use std::sync::Arc;

use app::api::accounts::ReadMe;
use app::api::class::{ReadArrivals, ReadClassGrid, ReadComparable, ReadStudentNames, ReadStudentResults};
use app::api::health::ReadDeliveryHealth;
use app::api::pipeline::ReadPipeline;
use app::api::results::{Attempts, ReadClassResults, ReadMyClasses};
use app::api::rulings::ReadRulingEffect;
use app::api::{ApiError, Millis, Reports};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use leptos::prelude::provide_context;
use leptos::server_fn::ServerFn;
use leptos::server_fn::axum::{get_server_fn_service, register_explicit};
use url::form_urlencoded;

use super::export::SHOW;
use super::{Shared, WebError, nothing_there, session, wrong_method};

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

/// What a part of a query has to be.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Number,
    Text,
    Rule,
    Instant,
    Show,
}

impl Part {
    fn check(self, value: &str) -> Result<(), &'static str> {
        let is_right = match self {
            Self::Number => value.parse::<i64>().is_ok(),
            Self::Text => !value.is_empty(),
            Self::Rule => Attempts::of_name(value).is_some(),
            Self::Instant => value.parse::<Millis>().is_ok_and(|at| (0..=LAST_INSTANT).contains(&at)),
            Self::Show => value == SHOW,
        };
        if is_right { Ok(()) } else { Err(self.wanted()) }
    }

    const fn wanted(self) -> &'static str {
        match self {
            Self::Number => "has to be a whole number",
            Self::Text => "may not be empty",
            Self::Rule => "has to be first, last, best or all",
            Self::Instant => "has to be an instant, in milliseconds since 1970",
            Self::Show => "has to be show, or left out",
        }
    }
}

/// The last millisecond of the year 9998.
pub(super) const LAST_INSTANT: Millis = 253_370_764_799_999;

/// A part of a query: name, what it has to be, and whether it may be left out.
pub(super) type QueryPart = (&'static str, Part, bool);

/// Which attempts, and as of when.
pub(super) const OF_VIEW: [QueryPart; 2] = [("attempts", Part::Rule, true), ("as_of", Part::Instant, true)];

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

/// The functions read their query themselves, but cannot say which part of it is wrong.
pub(super) fn check_query(query: &str, parts: &[QueryPart]) -> Result<(), ApiError> {
    for (name, part, may_be_absent) in parts {
        let mut given = form_urlencoded::parse(query.as_bytes()).filter(|(found, _)| found == name);
        match (given.next(), given.next()) {
            (Some(_), Some(_)) => return Err(ApiError::invalid(*name, "is there twice")),
            (Some((_, value)), None) => part.check(&value).map_err(|wanted| ApiError::invalid(*name, wanted))?,
            (None, _) if *may_be_absent => {}
            (None, _) => {
                let example = format!("is missing; add {name}= and its value to the query");
                return Err(ApiError::invalid(*name, example));
            }
        }
    }
    Ok(())
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
