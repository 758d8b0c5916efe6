//! The one error that leaves the server: an [`ApiError`] as JSON with its status. Logged here, once, if it is the
//! server's fault.
//!
//! Owns which status each room's error has.

use std::any::Any;

use app::api::ApiError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::access::AccessError;
use crate::accounts::AccountError;
use crate::attempts::AttemptError;
use crate::gateway::GatewayError;
use crate::listen::BodyError;
use crate::quizzes::QuizError;
use crate::registry::RegistryError;
use crate::reports::ReportError;
use crate::school::SchoolError;

/// What staff are told when the transactional store does not take a change.
const NOT_SAVED: &str = "this could not be saved just now; try again";

/// An [`ApiError`] on its way out.
#[derive(Debug)]
pub struct WebError(pub ApiError);

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self.0)).into_response();
        let wait = match &self.0 {
            ApiError::TooMany { retry_after_s, .. } => *retry_after_s,
            ApiError::Unavailable { .. } => 1,
            _ => return response,
        };
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
        response
    }
}

impl From<ApiError> for WebError {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl From<AttemptError> for WebError {
    fn from(error: AttemptError) -> Self {
        let message = error.to_string();
        Self(match error {
            AttemptError::Invalid { field, problem } => ApiError::invalid(field, problem),
            AttemptError::UnknownCode(_) | AttemptError::Unknown(_) => ApiError::NotFound { message },
            AttemptError::UnknownAttempt => ApiError::SignedOut { message },
            AttemptError::Closed | AttemptError::ClosedToJoin => ApiError::Conflict { message },
            AttemptError::Store(_) | AttemptError::Interrupted | AttemptError::Randomness(_) => at_fault(
                &message,
                "this could not be saved just now; try again. Answers on a student's device send themselves again",
            ),
        })
    }
}

impl From<QuizError> for WebError {
    fn from(error: QuizError) -> Self {
        let message = error.to_string();
        Self(match error {
            QuizError::Invalid { field, problem } => ApiError::invalid(field, problem),
            QuizError::Gift(_) => ApiError::invalid("body", message),
            QuizError::Unknown(_) => ApiError::NotFound { message },
            QuizError::Ruled(_) => ApiError::Conflict { message },
            QuizError::Store(_) => at_fault(&message, NOT_SAVED),
        })
    }
}

impl From<SchoolError> for WebError {
    fn from(error: SchoolError) -> Self {
        let message = error.to_string();
        Self(match error {
            SchoolError::Unknown(_) => ApiError::NotFound { message },
            SchoolError::Store(_) => at_fault(&message, NOT_SAVED),
        })
    }
}

impl From<BodyError> for WebError {
    fn from(error: BodyError) -> Self {
        let message = error.to_string();
        Self(match error {
            BodyError::TooLarge { .. } => ApiError::TooLarge { message },
            BodyError::Broken | BodyError::TooSlow => ApiError::invalid("body", message),
            BodyError::NoRoom => ApiError::unavailable(&message),
        })
    }
}

impl From<AccountError> for WebError {
    fn from(error: AccountError) -> Self {
        let message = error.to_string();
        Self(match error {
            AccountError::WrongCredentials => ApiError::SignedOut { message },
            AccountError::TooMany { retry_after_s } => ApiError::too_many("tries to sign in", retry_after_s),
            _ => at_fault(&message, "signing in does not work just now; try again in a moment"),
        })
    }
}

impl From<AccessError> for WebError {
    fn from(error: AccessError) -> Self {
        Self(ReportError::from(error).into())
    }
}

impl From<ReportError> for WebError {
    fn from(error: ReportError) -> Self {
        Self(error.into())
    }
}

impl From<GatewayError> for WebError {
    fn from(error: GatewayError) -> Self {
        let message = error.to_string();
        Self(match error {
            GatewayError::UnknownStream(_) => ApiError::NotFound { message },
            GatewayError::TakesNone(_) => ApiError::Conflict { message },
            GatewayError::WrongKey => ApiError::Forbidden { message },
            GatewayError::Malformed { field, problem } => ApiError::invalid(field, problem),
            GatewayError::TooLarge(_) => ApiError::TooLarge { message },
            GatewayError::TooMany { wait, .. } => {
                let retry_after_s = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                ApiError::TooMany { message, retry_after_s }
            }
            GatewayError::Store(_) => at_fault(&message, "keys cannot be checked just now; send it again"),
        })
    }
}

impl From<RegistryError> for WebError {
    fn from(error: RegistryError) -> Self {
        let message = error.to_string();
        Self(match error {
            RegistryError::Unknown(_) => ApiError::NotFound { message },
            // An admin asks, and the reason is what they need.
            RegistryError::Replay(_) => ApiError::Conflict { message },
            _ => at_fault(&message, "the stream cannot be changed just now; the log says why"),
        })
    }
}

/// The log gets the whole story, the client what it can do about it.
fn at_fault(story: &str, advice: &str) -> ApiError {
    tracing::error!(error = story, "a request could not be answered");
    ApiError::unavailable(advice)
}

/// The last line of defence; a bug, if it is ever reached.
#[expect(clippy::needless_pass_by_value, reason = "the signature that the layer wants")]
pub(super) fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    let story = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a handler panicked");
    WebError(at_fault(story, "the server made a mistake; try again")).into_response()
}
