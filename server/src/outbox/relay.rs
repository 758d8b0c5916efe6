//! The relay: drains the outbox through the gateway's HTTP address, in order.
//!
//! Owns the batching (at most 500 records or 4 MiB a request) and the retry: what the gateway acknowledged goes, what
//! failed stays at the head of the outbox and is sent again. Does not own the address; it may be Amazon's.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use reqwest::{Client, Url};
use serde::Deserialize;
use tokio::sync::watch;

use super::Outbox;
use crate::amazon::{MOST_BYTES, MOST_RECORDS};
use crate::pauses::Pauses;
use crate::store::tables::outbox::Model;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A look at the outbox even if nobody woke the relay: another process may have written.
const LOOK_ANYWAY: Duration = Duration::from_secs(2);
/// Around the records and between them.
const ENVELOPE_BYTES: usize = 64;

/// Why a request did not empty the head of the outbox.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error("the transactional store answered: {0}")]
    Store(#[from] sea_orm::DbErr),
    #[error("the gateway was not reached: {0}")]
    Unreached(#[from] reqwest::Error),
    #[error("the gateway answered {status}: {body}")]
    Refused { status: u16, body: String },
    #[error("the gateway answered {answered} entries to {sent} records")]
    Miscounted { sent: usize, answered: usize },
    #[error("the gateway did not take {failed} of {sent} records: {first}")]
    Partly { failed: usize, sent: usize, first: String },
}

/// Firehose's answer, as far as the relay reads it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    request_responses: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    #[serde(default)]
    error_code: Option<String>,
}

/// What is said of the relay from outside.
#[derive(Default)]
pub struct RelayHealth {
    problem: Mutex<Option<String>>,
    retries: Counter,
}

impl RelayHealth {
    /// What the last request failed with; `None` once one has succeeded.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often records stayed in the outbox and were to be sent again.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.retries.get()
    }

    fn set(&self, problem: Option<String>) {
        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    }
}

/// One delivery stream's relay.
pub struct Relay {
    outbox: Outbox,
    stream: String,
    http: Client,
    address: Url,
    key: String,
    health: Arc<RelayHealth>,
}

impl Relay {
    /// Sends the records of `stream` to `address`, the gateway's address of that stream, with `key`.
    ///
    /// # Errors
    /// If no HTTP client can be made.
    pub fn new(outbox: Outbox, stream: &str, address: Url, key: String) -> Result<Self, reqwest::Error> {
        // The address may be another machine's; it is never a proxy's.
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(29)).build()?;
        Ok(Self { outbox, stream: stream.to_owned(), http, address, key, health: Arc::default() })
    }

    /// What is said of it from outside.
    #[must_use]
    pub fn health(&self) -> Arc<RelayHealth> {
        Arc::clone(&self.health)
    }

    /// Drains until `stop` says true.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut pauses = Pauses::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut written = self.outbox.follow();
        loop {
            written.mark_unchanged();
            let mut range = None;
            let sent = self.send_head(&mut range).await;
            let (stream, first, last) = (&self.stream, range.map(|(first, _)| first), range.map(|(_, last)| last));
            let wait = match sent {
                Ok(0) => LOOK_ANYWAY,
                Ok(records) => {
                    tracing::debug!(stream, first, last, records, "the gateway has taken records");
                    self.health.set(None);
                    pauses.reset();
                    continue;
                }
                Err(error) => {
                    let pause = pauses.after_failure();
                    tracing::warn!(stream, first, last, %error, ?pause, "records stay in the outbox; sending again");
                    self.health.set(Some(error.to_string()));
                    self.health.retries.inc();
                    pause
                }
            };
            let waking = wait == LOOK_ANYWAY;
            tokio::select! {
                _ = written.changed(), if waking => {}
                () = tokio::time::sleep(wait) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Sends the head of the outbox in one request and removes what was acknowledged. Returns how many records that
    /// was; `range` hears the running numbers of the first and the last that were sent.
    async fn send_head(&self, range: &mut Option<(i64, i64)>) -> Result<usize, RelayError> {
        let head = self.outbox.head(&self.stream, MOST_RECORDS as u64).await?;
        let (numbers, body) = request(&head);
        *range = numbers.first().copied().zip(numbers.last().copied());
        if numbers.is_empty() {
            return Ok(0);
        }
        let answer = self.post(body).await?;
        if answer.request_responses.len() != numbers.len() {
            return Err(RelayError::Miscounted { sent: numbers.len(), answered: answer.request_responses.len() });
        }
        let entries = || numbers.iter().zip(&answer.request_responses);
        let taken: Vec<i64> = entries().filter(|(_, e)| e.error_code.is_none()).map(|(n, _)| *n).collect();
        self.outbox.acknowledge(&taken).await?;
        match entries().find_map(|(_, e)| e.error_code.clone()) {
            None => Ok(taken.len()),
            Some(first) => Err(RelayError::Partly { failed: numbers.len() - taken.len(), sent: numbers.len(), first }),
        }
    }

    async fn post(&self, body: String) -> Result<Answer, RelayError> {
        let answer = self
            .http
            .post(self.address.clone())
            .header("x-api-key", &self.key)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await?;
        let status = answer.status();
        if !status.is_success() {
            let body = answer.text().await.unwrap_or_default();
            return Err(RelayError::Refused { status: status.as_u16(), body });
        }
        Ok(answer.json().await?)
    }
}

/// The body of one request, and the numbers of the records in it: as many of the head as fit into 4 MiB.
fn request(head: &[Model]) -> (Vec<i64>, String) {
    let mut body = String::from("{\"records\":[");
    let mut numbers = Vec::with_capacity(head.len());
    for row in head {
        if !numbers.is_empty() && body.len() + row.payload.len() + ENVELOPE_BYTES > MOST_BYTES {
            break;
        }
        if !numbers.is_empty() {
            body.push(',');
        }
        // The payload is an object that begins with `{"`; its running number is known only now.
        body.push_str(&format!("{{\"accepted_seq\":{},", row.accepted_seq));
        body.push_str(row.payload.strip_prefix('{').unwrap_or(&row.payload));
        numbers.push(row.accepted_seq);
    }
    body.push_str("]}");
    (numbers, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(accepted_seq: i64, bytes: usize) -> Model {
        let payload = format!("{{\"text\":\"{}\"}}", "x".repeat(bytes));
        Model { accepted_seq, stream: "s".to_owned(), payload, accepted_at: 0 }
    }

    #[test]
    fn a_request_is_valid_json_in_the_order_of_the_outbox() {
        let (numbers, body) = request(&[row(3, 1), row(5, 2)]);
        assert_eq!(numbers, [3, 5]);
        let parsed: serde_json::Value = serde_json::from_str(&body).expect("json");
        assert_eq!(parsed["records"][1]["accepted_seq"], 5);
        assert_eq!(parsed["records"][1]["text"], "xx");
    }

    #[test]
    fn a_request_stays_below_four_mebibytes_and_never_starves() {
        let head: Vec<Model> = (1..=9).map(|n| row(n, 1_000_000)).collect();
        let (numbers, body) = request(&head);
        assert_eq!(numbers, [1, 2, 3, 4]);
        assert!(body.len() <= MOST_BYTES, "{}", body.len());
        let (one, _) = request(&[row(1, MOST_BYTES)]);
        assert_eq!(one, [1], "a record that is too large is sent alone, for the gateway to name it");
    }
}
