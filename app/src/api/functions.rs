//! The server functions by which staff read: `GET /api/<name>`, with a session cookie.
//!
//! Owns their names and parameters. Does not own an answer: each takes a port from context (see `ports`), which the
//! crate `server` implements.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use super::accounts::Me;
use super::class::{Arrivals, ClassGrid, Comparable, StudentName, StudentResults};
use super::health::DeliveryHealth;
use super::pipeline::Pipeline;
#[cfg(feature = "ssr")]
use super::ports::{Ops, Reports, Session, port};
#[cfg(feature = "ssr")]
use super::results::View;
use super::results::{Attempts, ClassResults, ClassSummary};
#[cfg(feature = "ssr")]
use super::rulings::NewRuling;
use super::rulings::RulingEffect;
use super::{ApiError, Millis};

/// The account that is signed in, or [`ApiError::SignedOut`].
#[server(name = ReadMe, endpoint = "me", input = GetUrl)]
pub async fn me() -> Result<Me, ApiError> {
    port::<dyn Session>()?.me()
}

/// The classes of whoever is signed in.
#[server(name = ReadMyClasses, endpoint = "my_classes", input = GetUrl)]
pub async fn my_classes() -> Result<Vec<ClassSummary>, ApiError> {
    port::<dyn Reports>()?.my_classes().await
}

/// One assignment's results: `GET /api/class_results?assignment=7` with a session cookie.
#[server(name = ReadClassResults, endpoint = "class_results", input = GetUrl)]
pub async fn class_results(
    /// Names the assignment.
    assignment: i64,
    /// Which attempts count: `first`, which goes without saying, `last`, `best` or `all`.
    attempts: Option<Attempts>,
    /// Only what was accepted until this instant, in milliseconds since 1970.
    as_of: Option<Millis>,
) -> Result<ClassResults, ApiError> {
    let view = View { assignment, attempts: attempts.unwrap_or_default(), as_of };
    port::<dyn Reports>()?.class_results(view).await
}

/// The class, student by student, without names.
#[server(name = ReadClassGrid, endpoint = "class_grid", input = GetUrl)]
pub async fn class_grid(
    /// Names the assignment.
    assignment: i64,
    /// Which attempts count.
    attempts: Option<Attempts>,
    /// Only what was accepted until this instant.
    as_of: Option<Millis>,
) -> Result<ClassGrid, ApiError> {
    port::<dyn Reports>()?.class_grid(View { assignment, attempts: attempts.unwrap_or_default(), as_of }).await
}

/// What the students of an assignment's class are called.
#[server(name = ReadStudentNames, endpoint = "student_names", input = GetUrl)]
pub async fn student_names(
    /// Names the assignment.
    assignment: i64,
) -> Result<Vec<StudentName>, ApiError> {
    port::<dyn Reports>()?.student_names(assignment).await
}

/// One student's attempts at an assignment.
#[server(name = ReadStudentResults, endpoint = "student_results", input = GetUrl)]
pub async fn student_results(
    /// Names the assignment.
    assignment: i64,
    /// The student's pseudonym.
    student: String,
) -> Result<StudentResults, ApiError> {
    port::<dyn Reports>()?.student_results(assignment, student).await
}

/// The minutes in which an assignment's answers were accepted, in order.
#[server(name = ReadArrivals, endpoint = "arrivals", input = GetUrl)]
pub async fn arrivals(
    /// Names the assignment.
    assignment: i64,
) -> Result<Vec<Arrivals>, ApiError> {
    port::<dyn Reports>()?.arrivals(assignment).await
}

/// The other assignments of the same quiz that the account may see, newest first.
#[server(name = ReadComparable, endpoint = "comparable", input = GetUrl)]
pub async fn comparable(
    /// Names the assignment.
    assignment: i64,
) -> Result<Vec<Comparable>, ApiError> {
    port::<dyn Reports>()?.comparable(assignment).await
}

/// What a ruling would change. Changes nothing.
#[server(name = ReadRulingEffect, endpoint = "ruling_effect", input = GetUrl)]
pub async fn ruling_effect(
    /// Names the assignment.
    assignment: i64,
    /// Names the question.
    question: i64,
    /// The choice that would be the key; absent: the question would be void.
    key: Option<i64>,
    /// Other choices that would be right, too, with commas between them.
    #[server(default)]
    also: String,
) -> Result<RulingEffect, ApiError> {
    let also: Result<Vec<i64>, _> = also.split(',').filter(|number| !number.is_empty()).map(str::parse).collect();
    let also = also.map_err(|_| ApiError::invalid("also", "has to be numbers with commas between them"))?;
    port::<dyn Reports>()?.ruling_effect(assignment, NewRuling { question, key, also }).await
}

/// How the delivery streams are, worked out at most once a second for all who ask.
#[server(name = ReadDeliveryHealth, endpoint = "delivery_health", input = GetUrl)]
pub async fn delivery_health() -> Result<DeliveryHealth, ApiError> {
    port::<dyn Ops>()?.delivery_health().await
}

/// The pipeline's state. Admins only.
#[server(name = ReadPipeline, endpoint = "pipeline", input = GetUrl)]
pub async fn pipeline() -> Result<Pipeline, ApiError> {
    port::<dyn Ops>()?.pipeline().await
}
