//! The Lambda Runtime API, as a function that this server has started sees it.
//!
//! Owns the HTTP of version 2018-06-01 (AWS, "Using the Lambda runtime API for custom runtimes") for one process of one
//! function: at most one invocation is under way. Listens on a port of 127.0.0.1 for as long as it is held, and knows
//! nothing of the process. Any program of the same machine could speak to that port, as on AWS any program in the same
//! sandbox could.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::host::{InvokeError, MOST_PAYLOAD, ReadError, read, words};

/// A Runtime API that listens.
pub(super) struct RuntimeApi {
    address: SocketAddr,
    desk: Arc<Desk>,
    server: JoinHandle<()>,
}

/// Where an invocation lies until the function has answered it.
struct Desk {
    arn: String,
    state: Mutex<Lying>,
    changed: Notify,
}

#[derive(Default)]
struct Lying {
    invocation: Option<Invocation>,
    init_error: Option<String>,
    is_closed: bool,
}

struct Invocation {
    id: String,
    payload: Bytes,
    deadline_ms: u128,
    is_taken: bool,
    answer: oneshot::Sender<Result<Bytes, InvokeError>>,
}

impl Desk {
    fn lying(&self) -> MutexGuard<'_, Lying> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the invocation of that id, if it is under way.
    fn answer(&self, id: &str, answer: Result<Bytes, InvokeError>) -> Response {
        let mut lying = self.lying();
        match lying.invocation.take_if(|invocation| invocation.is_taken && invocation.id == id) {
            Some(invocation) => {
                // Nobody waits any more: the invocation has timed out, or the server stops.
                let _ = invocation.answer.send(answer);
                said(StatusCode::ACCEPTED, json!({ "status": "OK" }))
            }
            None => refused(StatusCode::BAD_REQUEST, "InvalidRequestID", "no invocation of this id is under way"),
        }
    }
}

impl RuntimeApi {
    /// Listens on a port of its own. `arn` is what the function is told that it is.
    pub async fn open(arn: &str) -> std::io::Result<Self> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk { arn: arn.to_owned(), state: Mutex::default(), changed: Notify::new() });
        let router = router(Arc::clone(&desk));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "a runtime api no longer answers");
            }
        });
        Ok(Self { address, desk, server })
    }

    /// What `AWS_LAMBDA_RUNTIME_API` has to say.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lays an invocation out and waits for its answer, however long that takes.
    pub async fn invoke(&self, payload: Bytes, timeout: Duration) -> Result<Bytes, InvokeError> {
        let (answer, answered) = oneshot::channel();
        // The function holds it against the machine's own clock.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let (id, deadline_ms) = (Uuid::new_v4().to_string(), (now + timeout).as_millis());
        {
            let mut lying = self.desk.lying();
            if let Some(error) = lying.init_error.take() {
                return Err(InvokeError::Init(error));
            }
            lying.invocation = Some(Invocation { id, payload, deadline_ms, is_taken: false, answer });
        }
        self.desk.changed.notify_waiters();
        answered.await.unwrap_or_else(|_| Err(InvokeError::Init("its invocation was taken away".to_owned())))
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.desk.lying().is_closed = true;
        self.desk.changed.notify_waiters();
        self.server.abort();
    }
}

fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .with_state(desk)
}

/// Waits for an invocation, however long that takes.
async fn next(State(desk): State<Arc<Desk>>) -> Response {
    loop {
        let changed = desk.changed.notified();
        tokio::pin!(changed);
        // From here on a change is heard, and what is there already is looked at below.
        changed.as_mut().enable();
        {
            let mut lying = desk.lying();
            if lying.is_closed {
                return refused(StatusCode::GONE, "Runtime.Closed", "the server invokes this function no more");
            }
            if let Some(invocation) = lying.invocation.as_mut().filter(|invocation| !invocation.is_taken) {
                invocation.is_taken = true;
                let headers = [
                    (header::CONTENT_TYPE.as_str(), "application/json".to_owned()),
                    ("lambda-runtime-aws-request-id", invocation.id.clone()),
                    ("lambda-runtime-deadline-ms", invocation.deadline_ms.to_string()),
                    ("lambda-runtime-invoked-function-arn", desk.arn.clone()),
                ];
                return (headers, invocation.payload.clone()).into_response();
            }
        }
        changed.await;
    }
}

async fn response(State(desk): State<Arc<Desk>>, Path(id): Path<String>, body: Body) -> Response {
    match read(body.into_data_stream()).await {
        Ok(answer) => desk.answer(&id, Ok(answer)),
        Err(ReadError::TooLarge) => {
            let answered = desk.answer(&id, Err(InvokeError::AnswerTooLarge));
            if answered.status() != StatusCode::ACCEPTED {
                return answered;
            }
            let problem = format!("exceeded maximum allowed payload size ({MOST_PAYLOAD} bytes)");
            refused(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &problem)
        }
        Err(ReadError::Broken(_)) => {
            refused(StatusCode::BAD_REQUEST, "InvalidRequest", "the answer did not arrive whole")
        }
    }
}

async fn error(State(desk): State<Arc<Desk>>, Path(id): Path<String>, body: Body) -> Response {
    let error = words_of(body).await;
    desk.answer(&id, Err(InvokeError::Function(error)))
}

async fn init_error(State(desk): State<Arc<Desk>>, body: Body) -> Response {
    let error = words_of(body).await;
    let mut lying = desk.lying();
    match lying.invocation.take() {
        Some(invocation) => drop(invocation.answer.send(Err(InvokeError::Init(error)))),
        None => lying.init_error = Some(error),
    }
    said(StatusCode::ACCEPTED, json!({ "status": "OK" }))
}

async fn words_of(body: Body) -> String {
    match read(body.into_data_stream()).await {
        Ok(body) => words(&body),
        Err(_) => "its words did not arrive whole".to_owned(),
    }
}

fn refused(status: StatusCode, kind: &str, problem: &str) -> Response {
    said(status, json!({ "errorType": kind, "errorMessage": problem }))
}

fn said(status: StatusCode, body: serde_json::Value) -> Response {
    (status, axum::Json(body)).into_response()
}
