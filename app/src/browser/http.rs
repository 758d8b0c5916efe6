//! Plain HTTP for what is not a server function: signing in, joining, handing in, closing. Says what is asked; how it goes
//! there is `transport`'s.

use gloo_net::http::{Request, RequestBuilder};

use super::transport::{exchange, tell};
use crate::api::ApiError;
use crate::api::accounts::{Me, SignIn};
use crate::api::attempts::{AttemptView, Join, Joined, Receipt, Submission};
use crate::api::pipeline::Replayed;
use crate::api::rulings::{NewRuling, RulingEffect};

/// Signs in; the cookie comes with the answer.
///
/// # Errors
/// What the server or the network said.
pub async fn sign_in(sign_in: &SignIn) -> Result<Me, ApiError> {
    exchange(Request::post("/api/session"), Some(sign_in)).await
}

/// Signs out.
///
/// # Errors
/// What the server or the network said.
pub async fn sign_out() -> Result<(), ApiError> {
    tell(Request::delete("/api/session"), None).await.map(|_| ())
}

/// Begins an attempt.
///
/// # Errors
/// What the server or the network said.
pub async fn join(join: &Join) -> Result<Joined, ApiError> {
    exchange(Request::post("/api/join"), Some(join)).await
}

/// All that the student may see of an attempt now.
///
/// # Errors
/// What the server or the network said.
pub async fn attempt(joined: &Joined) -> Result<AttemptView, ApiError> {
    let request = Request::get(&format!("/api/attempts/{}", joined.attempt));
    exchange(with_token(request, joined), None::<&()>).await
}

/// Hands in all answers in one request.
///
/// # Errors
/// What the server or the network said.
pub async fn submit(joined: &Joined, submission: &Submission) -> Result<Receipt, ApiError> {
    let request = Request::post(&format!("/api/attempts/{}/answers", joined.attempt));
    exchange(with_token(request, joined), Some(submission)).await
}

/// Ends an assignment.
///
/// # Errors
/// What the server or the network said.
pub async fn close(assignment: i64) -> Result<(), ApiError> {
    tell(Request::post(&format!("/api/assignments/{assignment}/close")), None).await.map(|_| ())
}

/// Rules on a question.
///
/// # Errors
/// What the server or the network said.
pub async fn rule(assignment: i64, ruling: NewRuling) -> Result<RulingEffect, ApiError> {
    exchange(Request::post(&format!("/api/assignments/{assignment}/rulings")), Some(&ruling)).await
}

/// Takes a ruling back.
///
/// # Errors
/// What the server or the network said.
pub async fn undo_ruling(assignment: i64, ruling: i64) -> Result<(), ApiError> {
    let address = format!("/api/assignments/{assignment}/rulings/{ruling}/undo");
    tell(Request::post(&address), None).await.map(|_| ())
}

/// Brings in the parked batches of a stream.
///
/// # Errors
/// What the server or the network said.
pub async fn replay(stream: &str) -> Result<Replayed, ApiError> {
    exchange(Request::post(&format!("/api/streams/{stream}/replay")), None::<&()>).await
}

fn with_token(request: RequestBuilder, joined: &Joined) -> RequestBuilder {
    request.header("authorization", &format!("Bearer {}", joined.token))
}
