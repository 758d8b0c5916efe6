//! The one error that crosses the wire, for server functions and plain HTTP alike.

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// What went wrong, in a shape that a page, a script and a person can each use:
/// `{"error":"invalid","field":"email","message":"…"}`.
///
/// Messages are lower case and say what to do. None of them ever holds a question's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum ApiError {
    /// 401: nobody is signed in, or the session or attempt token is not known.
    #[error("{message}")]
    SignedOut {
        /// What to do about it.
        message: String,
    },
    /// 403: somebody is signed in who has no right to this.
    #[error("{message}")]
    Forbidden {
        /// What to do about it.
        message: String,
    },
    /// 404: there is no such thing.
    #[error("{message}")]
    NotFound {
        /// What was looked for.
        message: String,
    },
    /// 400: a field of the request does not hold what it has to.
    #[error("{field}: {message}")]
    Invalid {
        /// Path of the field, as the sender wrote it: `answers[3].choice`.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// 405: there is such a thing, but not for this method.
    #[error("{message}")]
    WrongMethod {
        /// Which method was tried.
        message: String,
    },
    /// 409: well formed, but not in this state of things (a closed assignment).
    #[error("{message}")]
    Conflict {
        /// Which state stands in the way.
        message: String,
    },
    /// 413: more than one request may carry.
    #[error("{message}")]
    TooLarge {
        /// The limit.
        message: String,
    },
    /// 429: too many tries.
    #[error("{message}")]
    TooMany {
        /// What there were too many of, and when to try again.
        message: String,
        /// The same in seconds, which the header `Retry-After` says too.
        retry_after_s: u64,
    },
    /// 503: a part of the server could not answer. Trying again later is right.
    #[error("{message}")]
    Unavailable {
        /// Which part.
        message: String,
    },
    /// The request never reached the server, or its answer never came back. Made in the browser only.
    #[error("{message}")]
    Unreachable {
        /// What the network said.
        message: String,
    },
}

impl ApiError {
    /// The HTTP status that goes with the error.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Invalid { .. } => 400,
            Self::SignedOut { .. } => 401,
            Self::Forbidden { .. } => 403,
            Self::NotFound { .. } => 404,
            Self::WrongMethod { .. } => 405,
            Self::Conflict { .. } => 409,
            Self::TooLarge { .. } => 413,
            Self::TooMany { .. } => 429,
            Self::Unavailable { .. } => 503,
            Self::Unreachable { .. } => 504,
        }
    }

    /// Whether the same request may succeed later without anybody changing it.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::TooMany { .. } | Self::Unavailable { .. } | Self::Unreachable { .. })
    }

    /// A 400 that names the field.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), message: message.into() }
    }

    /// A 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::NotFound { message: message.into() }
    }

    /// A 429: too many `tries`, such as "tries to sign in".
    #[must_use]
    pub fn too_many(tries: &str, retry_after_s: u64) -> Self {
        let unit = if retry_after_s == 1 { "second" } else { "seconds" };
        Self::TooMany { message: format!("too many {tries}; try again in {retry_after_s} {unit}"), retry_after_s }
    }

    /// A 503.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::Unavailable { message: message.into() }
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let message = error.to_string();
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => Self::Unreachable { message },
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::invalid("query", message),
            _ => Self::Unavailable { message },
        }
    }
}
