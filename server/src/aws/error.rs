//! Errors as AWS's JSON 1.1 services send them: `{"__type", "message"}` with a status.
//!
//! Owns which status and type each error has, and the log line of one that is the server's fault.

use axum::http::StatusCode;
use serde_json::json;

use crate::keys::KeyError;
use crate::listen::{BodyError, HostError};
use crate::registry::RegistryError;
use crate::registry::made::MadeError;
use crate::sigv4::SignatureError;
use crate::stream::StreamError;

/// An error on its way to an AWS client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    /// AWS's code, as `__type` carries it.
    pub code: &'static str,
    /// AWS's wording where it has one.
    pub message: String,
}

impl AwsError {
    /// An error with AWS's code.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// What an argument says cannot be.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new("InvalidArgumentException", message)
    }

    /// The body is not what the operation reads.
    #[must_use]
    pub fn serialization() -> Self {
        Self::new("SerializationException", "")
    }

    /// No such operation.
    #[must_use]
    pub fn unknown_operation() -> Self {
        Self::new("UnknownOperationException", "")
    }

    /// The HTTP status that goes with the code.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.code {
            "ServiceUnavailableException" => StatusCode::SERVICE_UNAVAILABLE,
            "InternalFailure" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The body. AWS sends no message where there is nothing to say.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let body = if self.message.is_empty() {
            json!({ "__type": self.code })
        } else {
            json!({ "__type": self.code, "message": self.message })
        };
        body.to_string().into_bytes()
    }

    /// A fault of this server: the log gets the story, the client what it can do.
    pub fn internal(story: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %story, "a request on the aws wire could not be answered");
        Self::new("InternalFailure", "the server could not do this just now; try again")
    }
}

impl From<SignatureError> for AwsError {
    fn from(error: SignatureError) -> Self {
        Self::new(error.code(), error.message())
    }
}

impl From<StreamError> for AwsError {
    fn from(error: StreamError) -> Self {
        Self::internal(&error)
    }
}

impl From<sea_orm::DbErr> for AwsError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::internal(&error)
    }
}

impl From<RegistryError> for AwsError {
    fn from(error: RegistryError) -> Self {
        match &error {
            RegistryError::Name(_) | RegistryError::Configured(_) | RegistryError::Reserved(_) => {
                Self::invalid(error.to_string())
            }
            RegistryError::NoRoom => Self::new("LimitExceededException", error.to_string()),
            RegistryError::Taken(_) => Self::new("ResourceInUseException", error.to_string()),
            RegistryError::Unknown(_) => Self::new("ResourceNotFoundException", error.to_string()),
            _ => Self::internal(&error),
        }
    }
}

impl From<MadeError> for AwsError {
    fn from(error: MadeError) -> Self {
        match error {
            MadeError::Registry(error) => error.into(),
            MadeError::Overtaken => {
                Self::new("ConcurrentModificationException", "Somebody else has changed it meanwhile.")
            }
            MadeError::Store(_) | MadeError::Row { .. } | MadeError::Interrupted(_) => Self::internal(&error),
        }
    }
}

impl From<HostError> for AwsError {
    fn from(error: HostError) -> Self {
        Self::new("InvalidSignatureException", error.to_string())
    }
}

impl From<BodyError> for AwsError {
    fn from(error: BodyError) -> Self {
        let message = error.to_string();
        match error {
            BodyError::TooLarge { .. } => Self::new("RequestEntityTooLargeException", message),
            BodyError::Broken | BodyError::TooSlow => Self::new("RequestExpired", message),
            BodyError::NoRoom => Self::new("ServiceUnavailableException", message),
        }
    }
}

impl From<KeyError> for AwsError {
    fn from(error: KeyError) -> Self {
        match &error {
            KeyError::Unknown => SignatureError::UnrecognizedClient.into(),
            // Each service has words of its own for it; see where requests are counted.
            KeyError::TooMany { .. } => Self::new("ServiceUnavailableException", "Slow down."),
            _ => Self::internal(&error),
        }
    }
}
