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
#[serde(tag = "error", rename_all = "snake_case", from = "Wire")]
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
        /// What is known of it, in words for a person.
        message: String,
    },
    /// An answer came that this program cannot read: it is of another build than the server, or something else has
    /// answered. Made in the browser only.
    #[error("{message}")]
    Unreadable {
        /// What is known of it, in words for a person.
        message: String,
    },
}

/// An error as it is read: flat, which is a third of the code that the tag would take.
#[derive(Deserialize)]
#[serde(default)]
struct Wire {
    error: String,
    message: String,
    field: String,
    retry_after_s: u64,
}

impl Default for Wire {
    fn default() -> Self {
        let nothing = String::new;
        Self { error: nothing(), message: "it does not say why".to_owned(), field: nothing(), retry_after_s: 0 }
    }
}

impl From<Wire> for ApiError {
    fn from(Wire { error, message, field, retry_after_s }: Wire) -> Self {
        match error.as_str() {
            "signed_out" => Self::SignedOut { message },
            "forbidden" => Self::Forbidden { message },
            "not_found" => Self::NotFound { message },
            "invalid" => Self::Invalid { field, message },
            "wrong_method" => Self::WrongMethod { message },
            "conflict" => Self::Conflict { message },
            "too_large" => Self::TooLarge { message },
            "too_many" => Self::TooMany { message, retry_after_s },
            "unreachable" => Self::Unreachable { message },
            "unreadable" => Self::Unreadable { message },
            // Also whatever a later server may say: it is not known to be for good.
            _ => Self::Unavailable { message },
        }
    }
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
            Self::Unreachable { .. } | Self::Unreadable { .. } => 504,
        }
    }

    /// Whether the same request may succeed later without anybody changing it.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::TooMany { .. } | Self::Unavailable { .. } | Self::Unreachable { .. } | Self::Unreadable { .. }
        )
    }

    /// How long the server wishes to be left alone, in milliseconds.
    #[must_use]
    pub const fn retry_after_ms(&self) -> Option<super::Millis> {
        match self {
            Self::TooMany { retry_after_s, .. } => Some((*retry_after_s).saturating_mul(1_000).cast_signed()),
            _ => None,
        }
    }

    /// No answer came. What the browser says of it is no text for a person.
    #[must_use]
    pub fn unreachable() -> Self {
        Self::Unreachable { message: "no answer came from the server".to_owned() }
    }

    /// An answer came that cannot be read.
    #[must_use]
    pub fn unreadable() -> Self {
        Self::Unreadable { message: "the server’s answer could not be read".to_owned() }
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
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => Self::unreachable(),
            ServerFnErrorErr::Deserialization(_) => Self::unreadable(),
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::invalid("query", error.to_string()),
            _ => Self::unavailable(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_read_as_it_was_written() {
        let message = || "why".to_owned();
        for error in [
            ApiError::SignedOut { message: message() },
            ApiError::Forbidden { message: message() },
            ApiError::not_found("why"),
            ApiError::invalid("name", "why"),
            ApiError::WrongMethod { message: message() },
            ApiError::Conflict { message: message() },
            ApiError::TooLarge { message: message() },
            ApiError::too_many("tries", 60),
            ApiError::unavailable("why"),
            ApiError::unreachable(),
            ApiError::unreadable(),
        ] {
            let written = serde_json::to_string(&error).expect("to json");
            assert_eq!(serde_json::from_str::<ApiError>(&written).expect("from json"), error, "{written}");
        }
    }

    #[test]
    fn an_error_that_is_not_known_here_is_passing() {
        for unknown in [r#"{"error":"on_holiday","message":"why","until":7}"#, "{}"] {
            let read = serde_json::from_str::<ApiError>(unknown).expect("from json");
            assert!(matches!(read, ApiError::Unavailable { .. }), "{read:?}");
        }
    }

    #[test]
    fn no_word_of_a_program_is_in_what_a_person_reads() {
        let raw = || "TypeError: Failed to fetch at line 1 column 4714".to_owned();
        for error in [
            ServerFnErrorErr::Request(raw()),
            ServerFnErrorErr::Response(raw()),
            ServerFnErrorErr::Deserialization(raw()),
        ] {
            let told = ApiError::from_server_fn_error(error);
            assert!(told.is_passing());
            assert!(!told.to_string().contains("TypeError"), "{told}");
        }
    }

    #[test]
    fn a_server_that_asks_for_a_pause_is_understood() {
        assert_eq!(ApiError::too_many("tries", 60).retry_after_ms(), Some(60_000));
        assert_eq!(ApiError::unavailable("why").retry_after_ms(), None);
    }
}
