//! The one way to the server. Every question ends: with an answer, or with an error that a person can read, after a time
//! limit at the latest.
//!
//! Owns the limit, and what an answer's status and headers mean. Does not own what is asked (`http`, and the server
//! functions of `crate::api`), nor when it is asked again (`asking`, `outbox`).

use std::cell::Cell;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use gloo_net::http::{Request, RequestBuilder};
use leptos::prelude::set_timeout;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

use crate::api::{ApiError, Millis};

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(15);

thread_local! {
    static SERVER_TIME: Cell<Option<Millis>> = const { Cell::new(None) };
}

/// The server's time as its last answer to [`exchange`] has it, to the second.
#[must_use]
pub fn server_time() -> Option<Millis> {
    SERVER_TIME.get()
}

/// Awaits an answer, and gives it up, its request with it, when the limit is over. For server functions; what goes by
/// [`exchange`] has the limit already.
///
/// # Errors
/// What the server or the network said, or that nothing came.
pub async fn within<T>(answer: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
    let mut answer = pin!(answer);
    let mut late = pin!(pause(LIMIT));
    let answer = std::future::poll_fn(|context| match answer.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(answer),
        Poll::Pending => late.as_mut().poll(context).map(|()| Err(ApiError::unreachable())),
    })
    .await;
    if matches!(answer, Err(ApiError::Unreadable { .. })) {
        super::guard::look_for_update();
    }
    answer
}

/// Waits.
async fn pause(time: Duration) {
    let over = js_sys::Promise::new(&mut |resolve, _| {
        set_timeout(
            move || {
                // A function of the browser's own; it does not throw.
                let _ = resolve.call0(&JsValue::UNDEFINED);
            },
            time,
        );
    });
    let _ = JsFuture::from(over).await;
}

/// Gives up what has not been answered when it is dropped.
struct GiveUp(Option<AbortController>);

impl Drop for GiveUp {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

/// Asks, and reads the answer.
///
/// # Errors
/// What the server or the network said, or that nothing came.
pub async fn exchange<T: DeserializeOwned>(
    request: RequestBuilder,
    body: Option<&impl Serialize>,
) -> Result<T, ApiError> {
    let body = body.and_then(|body| serde_json::to_string(body).ok());
    let answer = tell(request, body).await?;
    serde_json::from_str(&answer).map_err(|_| {
        super::guard::look_for_update();
        ApiError::unreadable()
    })
}

/// Asks, and gives what was answered as it is.
///
/// # Errors
/// What the server or the network said, or that nothing came.
pub async fn tell(request: RequestBuilder, body: Option<String>) -> Result<String, ApiError> {
    within(async {
        let give_up = GiveUp(AbortController::new().ok());
        let request = request.abort_signal(give_up.0.as_ref().map(AbortController::signal).as_ref());
        sent(request, body).await
    })
    .await
}

async fn sent(request: RequestBuilder, body: Option<String>) -> Result<String, ApiError> {
    let request: Result<Request, _> = match body {
        Some(body) => request.header("content-type", "application/json").body(body),
        None => request.build(),
    };
    let answer = request.map_err(|_| ApiError::unreachable())?.send().await.map_err(|_| ApiError::unreachable())?;
    let headers = answer.headers();
    if let Some(date) = headers.get("date") {
        let date = js_sys::Date::parse(&date);
        SERVER_TIME.set(date.is_finite().then_some(date as Millis));
    }
    let text = answer.text().await.map_err(|_| ApiError::unreachable())?;
    if answer.ok() {
        return Ok(text);
    }
    // Something between us and the server may have answered instead of it.
    let wish = headers.get("retry-after").and_then(|seconds| seconds.trim().parse().ok());
    let foreign = |_| match wish {
        Some(retry_after_s) => ApiError::too_many("requests", retry_after_s),
        None => ApiError::unavailable(format!("the server answered with status {}", answer.status())),
    };
    Err(serde_json::from_str(&text).unwrap_or_else(foreign))
}
