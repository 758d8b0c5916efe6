//! Where a function runs, as the transform sees it, and why an invocation may fail.
//!
//! Owns the contract between the two: a payload in, an answer out, neither larger than Lambda allows, and Firehose's code
//! for each failure (AWS, "Monitor Amazon Data Firehose using CloudWatch Logs", data transformation). Does not own what
//! is in a payload or an answer.

use std::process::ExitStatus;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use serde::Deserialize;

/// Most bytes of an invocation's payload, and of its answer. AWS's quota says "6 MB"; this is the figure that Lambda's own
/// refusal names ("exceeded maximum allowed payload size (6291556 bytes)").
pub(super) const MOST_PAYLOAD: usize = 6_291_556;

/// Characters of a function's own words that are handed on: they stand in the error output once a record.
const MOST_WORDS: usize = 500;

/// Somewhere that a function runs.
#[async_trait]
pub(super) trait Host: Send + Sync {
    /// Invokes the function once. Dropping the future ends the invocation.
    async fn invoke(&self, payload: Bytes, timeout: Duration) -> Result<Bytes, InvokeError>;
}

/// Why an invocation failed.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// It took too long.
    #[error("the function did not answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// It answered with an error of its own.
    #[error("the function answered with an error: {0}")]
    Function(String),
    /// It could not get ready.
    #[error("the function could not initialise: {0}")]
    Init(String),
    /// Its process ended without an answer.
    #[error("the function ended without an answer, with {0}")]
    Ended(ExitStatus),
    /// Its process, or what serves it, could not be started.
    #[error("the function could not be started: {0}")]
    Start(#[source] std::io::Error),
    /// The answer is larger than Lambda allows.
    #[error("the function's answer has more than {MOST_PAYLOAD} bytes")]
    AnswerTooLarge,
    /// The answer is not of the form that Firehose reads.
    #[error("the function's answer is not {{\"records\":[{{recordId, result, data}}]}}: {0}")]
    Answer(#[source] serde_json::Error),
    /// The payload could not be written.
    #[error("the payload could not be written: {0}")]
    Payload(#[source] serde_json::Error),
    /// The endpoint said no.
    #[error("the endpoint answered {status}: {words}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What it said.
        words: String,
    },
    /// The endpoint did not answer.
    #[error("the endpoint cannot be reached: {0}")]
    Unreachable(#[source] reqwest::Error),
    /// There are no credentials, or none that a request can be signed with.
    #[error("the invocation cannot be signed: {0}")]
    Credentials(#[source] object_store::Error),
}

impl InvokeError {
    /// Firehose's code for it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TimedOut(_) => "Lambda.FunctionTimedOut",
            Self::Answer(_) | Self::Payload(_) => "Lambda.JsonProcessingException",
            Self::Unreachable(_) => "Lambda.TargetServerFailedToRespond",
            Self::Credentials(_) => "Lambda.AssumeRoleAccessDenied",
            Self::Refused { status: 401 | 403, .. } => "Lambda.InvokeAccessDenied",
            Self::Refused { status: 404, .. } => "Lambda.ResourceNotFound",
            Self::Refused { status: 429, .. } => "Lambda.InvokeLimitExceeded",
            Self::Refused { status: 503, .. } => "Lambda.ServiceUnavailable",
            Self::Refused { status: 500.., .. } => "Lambda.InternalServerError",
            Self::Function(_)
            | Self::Init(_)
            | Self::Ended(_)
            | Self::Start(_)
            | Self::AnswerTooLarge
            | Self::Refused { .. } => "Lambda.FunctionError",
        }
    }
}

/// Why a body was not read.
pub(super) enum ReadError<E> {
    /// It has more bytes than [`MOST_PAYLOAD`].
    TooLarge,
    /// It did not arrive whole.
    Broken(E),
}

/// A body of at most [`MOST_PAYLOAD`] bytes.
pub(super) async fn read<E>(chunks: impl Stream<Item = Result<Bytes, E>>) -> Result<Bytes, ReadError<E>> {
    let mut chunks = std::pin::pin!(chunks);
    let mut whole = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(ReadError::Broken)?;
        if whole.len() + chunk.len() > MOST_PAYLOAD {
            return Err(ReadError::TooLarge);
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.into())
}

/// What a function, or Lambda for it, says of an error.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Said {
    error_type: Option<String>,
    error_message: Option<String>,
    /// Lambda's own refusals.
    #[serde(alias = "Message")]
    message: Option<String>,
}

/// The words of an error's body, in whatever form it came, on one line and not too many of them.
pub(super) fn words(body: &[u8]) -> String {
    let said: Said = serde_json::from_slice(body).unwrap_or_default();
    let words = match (said.error_type, said.error_message.or(said.message)) {
        (Some(kind), Some(message)) => format!("{kind}: {message}"),
        (Some(words), None) | (None, Some(words)) => words,
        (None, None) => String::from_utf8_lossy(&body[..body.len().min(4 * MOST_WORDS)]).into_owned(),
    };
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(MOST_WORDS) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None if words.is_empty() => "nothing is said of it".to_owned(),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_in_the_function_s_words() {
        assert_eq!(
            words(br#"{"errorType":"Kind","errorMessage":"what\nhappened","stackTrace":[]}"#),
            "Kind: what happened"
        );
        assert_eq!(words(br#"{"Type":"User","Message":"Rate Exceeded."}"#), "Rate Exceeded.");
        assert_eq!(words(b"<html>"), "<html>");
        assert_eq!(words(b" "), "nothing is said of it");
        assert_eq!(words("é".repeat(3 * MOST_WORDS).as_bytes()).chars().count(), MOST_WORDS + 1);
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_lambda_s_limit() {
        let of = |bytes: usize| {
            futures::stream::iter([Ok::<_, ()>(Bytes::from(vec![0; bytes])), Ok(Bytes::from_static(b"x"))])
        };
        assert!(read(of(MOST_PAYLOAD - 1)).await.is_ok_and(|body| body.len() == MOST_PAYLOAD));
        assert!(matches!(read(of(MOST_PAYLOAD)).await, Err(ReadError::TooLarge)));
        let broken = futures::stream::iter([Ok(Bytes::new()), Err(7)]);
        assert!(matches!(read(broken).await, Err(ReadError::Broken(7))));
    }
}
