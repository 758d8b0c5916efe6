//! The ports that the server functions call, one for each concern. Implemented in the crate `server`, once a request, for
//! whoever sent it.

use std::sync::Arc;

use leptos::prelude::use_context;

use super::ApiError;
use super::accounts::Me;
use super::class::{Arrivals, ClassGrid, Comparable, StudentName, StudentResults};
use super::health::DeliveryHealth;
use super::pipeline::Pipeline;
use super::results::{ClassResults, ClassSummary, View};
use super::rulings::{NewRuling, RulingEffect};

/// Who sent the request.
pub trait Session: Send + Sync {
    /// The account that is signed in.
    ///
    /// # Errors
    /// [`ApiError::SignedOut`] if none is.
    fn me(&self) -> Result<Me, ApiError>;
}

/// What teachers read, on behalf of one request's session.
#[async_trait::async_trait]
pub trait Reports: Send + Sync {
    /// The classes that the account may see, each with its assignments, newest first.
    async fn my_classes(&self) -> Result<Vec<ClassSummary>, ApiError>;
    /// One assignment's results and how current they are.
    async fn class_results(&self, view: View) -> Result<ClassResults, ApiError>;
    /// The class, student by student.
    async fn class_grid(&self, view: View) -> Result<ClassGrid, ApiError>;
    /// What the students of an assignment's class are called.
    async fn student_names(&self, assignment: i64) -> Result<Vec<StudentName>, ApiError>;
    /// One student's attempts at an assignment.
    async fn student_results(&self, assignment: i64, student: String) -> Result<StudentResults, ApiError>;
    /// The minutes in which an assignment's answers were accepted.
    async fn arrivals(&self, assignment: i64) -> Result<Vec<Arrivals>, ApiError>;
    /// The other assignments of the same quiz.
    async fn comparable(&self, assignment: i64) -> Result<Vec<Comparable>, ApiError>;
    /// What a ruling would change.
    async fn ruling_effect(&self, assignment: i64, ruling: NewRuling) -> Result<RulingEffect, ApiError>;
}

/// What operators read, on behalf of one request's session.
#[async_trait::async_trait]
pub trait Ops: Send + Sync {
    /// How the delivery streams are, as far as the account may know.
    async fn delivery_health(&self) -> Result<DeliveryHealth, ApiError>;
    /// Every delivery stream's state. Admins only.
    async fn pipeline(&self) -> Result<Pipeline, ApiError>;
}

/// A port of the request: `dyn Session`, `dyn Reports` or `dyn Ops`.
///
/// # Errors
/// [`ApiError::Unavailable`] where the server mounted a server function without the port.
pub(super) fn port<P: ?Sized + Send + Sync + 'static>() -> Result<Arc<P>, ApiError> {
    use_context::<Arc<P>>().ok_or_else(|| ApiError::unavailable("this server does not offer that"))
}
