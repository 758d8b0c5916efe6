//! Plain HTTP for what is not a server function: signing in, joining, handing in, closing.

use gloo_net::http::{Request, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

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
    post(Request::post("/api/session"), sign_in).await
}

/// Signs out.
///
/// # Errors
/// What the server or the network said.
pub async fn sign_out() -> Result<(), ApiError> {
    let answer = Request::delete("/api/session").send().await.map_err(unreachable)?;
    checked(answer).await.map(|_| ())
}

/// Begins an attempt.
///
/// # Errors
/// What the server or the network said.
pub async fn join(join: &Join) -> Result<Joined, ApiError> {
    post(Request::post("/api/join"), join).await
}

/// All that the student may see of an attempt now.
///
/// # Errors
/// What the server or the network said.
pub async fn attempt(joined: &Joined) -> Result<AttemptView, ApiError> {
    let request = Request::get(&format!("/api/attempts/{}", joined.attempt));
    let answer = with_token(request, joined).send().await.map_err(unreachable)?;
    parse(checked(answer).await?).await
}

/// Hands in all answers in one request.
///
/// # Errors
/// What the server or the network said.
pub async fn submit(joined: &Joined, submission: &Submission) -> Result<Receipt, ApiError> {
    let request = Request::post(&format!("/api/attempts/{}/answers", joined.attempt));
    post(with_token(request, joined), submission).await
}

/// Ends an assignment.
///
/// # Errors
/// What the server or the network said.
pub async fn close(assignment: i64) -> Result<(), ApiError> {
    let answer = Request::post(&format!("/api/assignments/{assignment}/close")).send().await.map_err(unreachable)?;
    checked(answer).await.map(|_| ())
}

/// Rules on a question.
///
/// # Errors
/// What the server or the network said.
pub async fn rule(assignment: i64, ruling: NewRuling) -> Result<RulingEffect, ApiError> {
    post(Request::post(&format!("/api/assignments/{assignment}/rulings")), &ruling).await
}

/// Takes a ruling back.
///
/// # Errors
/// What the server or the network said.
pub async fn undo_ruling(assignment: i64, ruling: i64) -> Result<(), ApiError> {
    let address = format!("/api/assignments/{assignment}/rulings/{ruling}/undo");
    let answer = Request::post(&address).send().await.map_err(unreachable)?;
    checked(answer).await.map(|_| ())
}

/// Brings in the parked batches of a stream.
///
/// # Errors
/// What the server or the network said.
pub async fn replay(stream: &str) -> Result<Replayed, ApiError> {
    let answer = Request::post(&format!("/api/streams/{stream}/replay")).send().await.map_err(unreachable)?;
    parse(checked(answer).await?).await
}

fn with_token(request: RequestBuilder, joined: &Joined) -> RequestBuilder {
    request.header("authorization", &format!("Bearer {}", joined.token))
}

async fn post<B: Serialize, T: DeserializeOwned>(request: RequestBuilder, body: &B) -> Result<T, ApiError> {
    let request = request.json(body).map_err(unreachable)?;
    let answer = request.send().await.map_err(unreachable)?;
    parse(checked(answer).await?).await
}

async fn checked(answer: Response) -> Result<Response, ApiError> {
    if answer.ok() {
        return Ok(answer);
    }
    // Something between us and the server may have answered instead of it.
    let status = answer.status();
    let foreign = |_| ApiError::unavailable(format!("the server answered with status {status}"));
    Err(answer.json::<ApiError>().await.unwrap_or_else(foreign))
}

async fn parse<T: DeserializeOwned>(answer: Response) -> Result<T, ApiError> {
    answer.json().await.map_err(unreachable)
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
fn unreachable(error: gloo_net::Error) -> ApiError {
    ApiError::Unreachable { message: error.to_string() }
}
