//! The front door: `{"records":[…]}` in, Firehose's answer out.
//!
//! Owns who may put (keys), how much (limits) and that a record fits its destination's columns. Does not own HTTP,
//! nor what becomes of a record once the stream has it. A request is taken whole or not at all.

mod record;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::pace::Pace;
use crate::stream::{Log, StreamError};
use crate::warehouse::columns::Table;

/// Firehose's limit on the records of one call.
pub const MOST_RECORDS: usize = 500;
/// Firehose's limit on the bytes of one call.
pub const MOST_BYTES: usize = 4 << 20;
/// Firehose's limit on the bytes of one record.
pub const MOST_RECORD_BYTES: usize = 1_024_000;

/// Why a request was not taken. None of its records was.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// No such delivery stream.
    #[error("there is no delivery stream named {0:?}")]
    UnknownStream(String),
    /// The key is missing or not known.
    #[error("send the header x-api-key with a key that this gateway knows")]
    WrongKey,
    /// The body is not what it has to be.
    #[error("{field}: {problem}")]
    Malformed {
        /// Path of the field.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// More than a call may carry.
    #[error("{0}")]
    TooLarge(String),
    /// The stream did not take it.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

/// Firehose's answer to `PutRecordBatch`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutRecordBatchAnswer {
    /// How many of the entries carry an `ErrorCode`.
    pub failed_put_count: usize,
    /// Whether the stream is encrypted at rest.
    pub encrypted: bool,
    /// One entry a record, in the order of the request.
    pub request_responses: Vec<PutEntry>,
}

/// The answer to one record that was taken.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutEntry {
    /// Names the record in the stream: shard and offset.
    pub record_id: String,
}

/// One delivery stream as the gateway sees it.
pub struct Entrance {
    /// Its log.
    pub log: Log,
    /// What its records have to fit.
    pub table: &'static Table,
    /// How fast requests are taken.
    pub pace: Arc<Pace>,
}

/// The front door of every delivery stream.
pub struct Gateway {
    entrances: BTreeMap<String, Entrance>,
    key_hash: [u8; 32],
}

impl Gateway {
    /// A gateway with one key for all its streams.
    #[must_use]
    pub fn new(entrances: BTreeMap<String, Entrance>, key: &str) -> Self {
        Self { entrances, key_hash: Sha256::digest(key).into() }
    }

    /// Takes the records of one request's body, or none of them.
    ///
    /// # Errors
    /// Names the record and the field where a record is at fault.
    pub async fn put(
        &self,
        stream: &str,
        key: Option<&str>,
        body: &[u8],
    ) -> Result<PutRecordBatchAnswer, GatewayError> {
        let began = Instant::now();
        self.check_key(key)?;
        let entrance = self.entrances.get(stream).ok_or_else(|| GatewayError::UnknownStream(stream.to_owned()))?;
        let texts = records_of(body)?;
        let records = texts
            .iter()
            .map(|(field, text)| record::check(entrance.table, field, text))
            .collect::<Result<Vec<_>, _>>()?;
        let count = records.len() as u64;
        let first = entrance.log.append(records).await?;
        entrance.pace.note(texts.len(), began);
        let request_responses =
            (first..first + count).map(|offset| PutEntry { record_id: format!("0-{offset:020}") }).collect();
        Ok(PutRecordBatchAnswer { failed_put_count: 0, encrypted: false, request_responses })
    }

    /// Compares digests, so that the time it takes says nothing about the key.
    fn check_key(&self, key: Option<&str>) -> Result<(), GatewayError> {
        let offered: [u8; 32] = Sha256::digest(key.unwrap_or_default()).into();
        if offered == self.key_hash { Ok(()) } else { Err(GatewayError::WrongKey) }
    }
}

/// The records of `{"records":[…]}`, or the body itself if it is one record, each with the path to name it by.
fn records_of(body: &[u8]) -> Result<Vec<(String, &RawValue)>, GatewayError> {
    let malformed = |field: &str, problem: String| GatewayError::Malformed { field: field.to_owned(), problem };
    if body.len() > MOST_BYTES {
        return Err(GatewayError::TooLarge(format!(
            "a request may have {MOST_BYTES} bytes, this one has {}",
            body.len()
        )));
    }
    let fields: BTreeMap<String, &RawValue> = serde_json::from_slice(body)
        .map_err(|e| malformed("body", format!("has to be a JSON object with \"records\", or one record: {e}")))?;
    let Some(list) = fields.get("records") else {
        let whole = serde_json::from_slice(body).map_err(|e| malformed("body", e.to_string()))?;
        return Ok(vec![("record".to_owned(), whole)]);
    };
    if let Some(other) = fields.keys().find(|name| *name != "records") {
        return Err(malformed(other, "is not known beside \"records\"".to_owned()));
    }
    let records: Vec<&RawValue> =
        serde_json::from_str(list.get()).map_err(|e| malformed("records", format!("has to be an array: {e}")))?;
    if records.is_empty() {
        return Err(malformed("records", "holds no record".to_owned()));
    }
    if records.len() > MOST_RECORDS {
        return Err(GatewayError::TooLarge(format!(
            "records: a request may hold {MOST_RECORDS}, this one holds {}",
            records.len()
        )));
    }
    Ok(records.into_iter().enumerate().map(|(i, text)| (format!("records[{i}]"), text)).collect())
}

#[cfg(test)]
mod tests;
