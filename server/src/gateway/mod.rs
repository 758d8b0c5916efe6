//! The front door: `{"records":[…]}` in, Firehose's answer out.
//!
//! Owns the shape of a request. Does not own HTTP, nor keys, nor whether a record fits: the room `registry` does. A request that holds a record that does not fit is refused whole, with the record and field named;
//! of one that is right, each record is taken or said not to be, as Firehose does.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::access::{self, Act};
use crate::amazon::{MOST_BYTES, MOST_RECORD_BYTES, MOST_RECORDS};
use crate::keys::{Key, KeyError, Keys};
use crate::registry::{Accepted, DeliveryStream, Incoming, Refused, Registry};

/// Why a request was not taken. None of its records was.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// No such delivery stream, or not for this key. Which of the two is not said.
    #[error("there is no delivery stream named {0:?}")]
    UnknownStream(String),
    /// The stream is read from elsewhere, and records are put there.
    #[error("the stream {0:?} takes no records here: it is read from elsewhere; put them there")]
    TakesNone(String),
    /// The key is missing or not known.
    #[error("send the header x-api-key with a key that this gateway knows")]
    WrongKey,
    /// The key has been used too often.
    #[error("{problem}")]
    TooMany {
        /// Which limit.
        problem: String,
        /// When to try again.
        wait: Duration,
    },
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
    /// The keys cannot be read.
    #[error("the transactional store answered: {0}")]
    Store(#[from] sea_orm::DbErr),
}

impl From<KeyError> for GatewayError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Unknown => Self::WrongKey,
            KeyError::TooMany { problem, wait } => Self::TooMany { problem, wait },
            KeyError::Store(error) => Self::Store(error),
            KeyError::Randomness(_) | KeyError::Invalid { .. } => Self::WrongKey,
        }
    }
}

/// Firehose's answer to `PutRecordBatch`.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PutRecordBatchAnswer {
    /// How many of the entries carry an `ErrorCode`.
    pub failed_put_count: usize,
    /// Whether the stream is encrypted at rest.
    pub encrypted: bool,
    /// One entry a record, in the order of the request.
    pub request_responses: Vec<PutEntry>,
}

/// What became of one record.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum PutEntry {
    /// It was taken.
    #[serde(rename_all = "PascalCase")]
    Accepted {
        /// Names the record.
        #[schema(value_type = String)]
        record_id: RecordId,
    },
    /// It was not.
    #[serde(rename_all = "PascalCase")]
    Failed {
        /// `ServiceUnavailableException` passes, `InternalFailure` may.
        error_code: &'static str,
        /// What to do.
        error_message: String,
    },
}

impl PutRecordBatchAnswer {
    /// The answer to records that met these ends.
    #[must_use]
    pub fn of(outcomes: Vec<Result<Accepted, Refused>>) -> Self {
        let failed_put_count = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        let request_responses = outcomes.into_iter().map(PutEntry::of).collect();
        Self { failed_put_count, encrypted: false, request_responses }
    }
}

impl PutEntry {
    fn of(outcome: Result<Accepted, Refused>) -> Self {
        match outcome {
            Ok(taken) => Self::Accepted { record_id: RecordId(taken) },
            Err(refused) => Self::Failed { error_code: error_code(&refused), error_message: refused.to_string() },
        }
    }
}

/// Names a record in its stream: shard and offset, or what the stream calls it that it was handed on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordId(pub Accepted);

impl Serialize for RecordId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

/// Firehose's code for one record that was not taken.
#[must_use]
pub fn error_code(refused: &Refused) -> &'static str {
    match refused {
        Refused::Throttled | Refused::Busy(_) => "ServiceUnavailableException",
        // Of the two codes that Firehose has for one record, the one that is not tried again for ever.
        Refused::Misfit(_) | Refused::Failed(_) => "InternalFailure",
    }
}

/// The front door of every delivery stream.
pub struct Gateway {
    registry: Registry,
    keys: Keys,
}

impl Gateway {
    /// A gateway for these streams and keys.
    #[must_use]
    pub fn new(registry: Registry, keys: Keys) -> Self {
        Self { registry, keys }
    }

    /// Looks at the key and the stream, before anything of a request's body is read. One request of the key is counted.
    ///
    /// # Errors
    /// If the key is not known, used too often, or may not put to such a stream.
    pub async fn enter(&self, stream: &str, key: Option<&str>) -> Result<Entrance, GatewayError> {
        let key = self.keys.allow(key.unwrap_or_default()).await?;
        let unknown = || GatewayError::UnknownStream(stream.to_owned());
        let entrance =
            self.registry.get(stream).filter(|_| access::may(key.rights(), Act::Put, stream)).ok_or_else(unknown)?;
        if !entrance.takes_records() {
            return Err(GatewayError::TakesNone(stream.to_owned()));
        }
        Ok(Entrance { stream: entrance, key })
    }
}

/// Where the records of one request may come in.
pub struct Entrance {
    stream: Arc<DeliveryStream>,
    key: Key,
}

impl Entrance {
    /// Whether it is this server's own relay that puts.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.key.producer().is_none()
    }

    /// Takes the records of the request's body.
    ///
    /// # Errors
    /// Names the record and the field where a record is at fault. None was taken then.
    pub async fn put(&self, body: &Bytes) -> Result<PutRecordBatchAnswer, GatewayError> {
        let texts = records_of(body)?;
        // In an object without a table nothing else would stand between two records, and the sender of JSON cannot add it.
        let is_line = self.stream.table().is_none();
        let incoming = texts.iter().map(|(_, text)| {
            let data = if is_line { [text.get(), "\n"].concat().into() } else { body.slice_ref(text.get().as_bytes()) };
            Incoming { key: None, hash: None, data }
        });
        let checked = self.stream.check(incoming, self.key.producer());
        if let Some((place, misfit)) = checked.first_misfit() {
            let path = &texts[place].0;
            let field = misfit.field.as_ref().map_or_else(|| path.clone(), |field| format!("{path}.{field}"));
            return Err(GatewayError::Malformed { field, problem: misfit.problem.clone() });
        }
        Ok(PutRecordBatchAnswer::of(self.stream.take(checked).await))
    }
}

/// The records of `{"records":[…]}`, or the body itself if it is one record, each with the path to name it by.
fn records_of(body: &[u8]) -> Result<Vec<(String, &RawValue)>, GatewayError> {
    let malformed = |field: &str, problem: String| GatewayError::Malformed { field: field.to_owned(), problem };
    if body.len() > MOST_BYTES {
        let problem = format!("a request may have {MOST_BYTES} bytes, this one has {}", body.len());
        return Err(GatewayError::TooLarge(problem));
    }
    let Fields(fields) = serde_json::from_slice(body)
        .map_err(|e| malformed("body", format!("has to be a JSON object with \"records\", or one record: {e}")))?;
    let mut lists = fields.iter().filter(|(name, _)| name == "records").map(|(_, list)| list);
    let (list, another) = (lists.next(), lists.next());
    if another.is_some() {
        return Err(malformed("records", "is there twice".to_owned()));
    }
    let Some(list) = list else {
        let whole = serde_json::from_slice(body).map_err(|e| malformed("body", e.to_string()))?;
        return Ok(vec![("record".to_owned(), small_enough("record", whole)?)]);
    };
    if let Some((other, _)) = fields.iter().find(|(name, _)| name != "records") {
        return Err(malformed(other, "is not known beside \"records\"".to_owned()));
    }
    let records: Vec<&RawValue> =
        serde_json::from_str(list.get()).map_err(|e| malformed("records", format!("has to be an array: {e}")))?;
    if records.is_empty() {
        return Err(malformed("records", "holds no record".to_owned()));
    }
    if records.len() > MOST_RECORDS {
        let problem = format!("records: a request may hold {MOST_RECORDS}, this one holds {}", records.len());
        return Err(GatewayError::TooLarge(problem));
    }
    let named = records.into_iter().enumerate().map(|(i, text)| {
        let path = format!("records[{i}]");
        small_enough(&path, text).map(|text| (path, text))
    });
    named.collect()
}

/// The members of an object in their order, those of one name too: a map would keep the last and say nothing.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        from.deserialize_map(Members)
    }
}

fn small_enough<'a>(path: &str, text: &'a RawValue) -> Result<&'a RawValue, GatewayError> {
    let size = text.get().len();
    if size <= MOST_RECORD_BYTES {
        return Ok(text);
    }
    Err(GatewayError::TooLarge(format!("{path}: a record may have {MOST_RECORD_BYTES} bytes, this one has {size}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Place;

    const RECORD: &str = r#"{"a":1,"b":"x"}"#;

    #[test]
    fn one_record_alone_is_named_record() {
        let (path, text) = records_of(RECORD.as_bytes()).expect("one").remove(0);
        assert_eq!((path.as_str(), text.get()), ("record", RECORD));
    }

    /// No panic, whatever is cut off or changed.
    #[test]
    fn broken_bodies_are_errors_and_never_panics() {
        let body = format!("{{\"records\":[{RECORD},{RECORD}]}}");
        for place in 0..body.len() {
            assert!(records_of(&body.as_bytes()[..place]).is_err(), "cut at {place}");
            let mut changed = body.clone().into_bytes();
            changed[place] = b"{}[]\",:\\\xff0"[place % 10];
            let _ = records_of(&changed);
        }
    }

    #[test]
    fn a_list_of_records_that_is_there_twice_is_refused() {
        let error =
            records_of(format!("{{\"records\":[{RECORD}],\"records\":[{RECORD}]}}").as_bytes()).expect_err("twice");
        assert_eq!(error.to_string(), "records: is there twice");
    }

    #[test]
    fn an_answer_has_an_entry_for_each_record_in_order() {
        let answer = PutRecordBatchAnswer::of(vec![
            Ok(Accepted::Here(Place { shard: 2, offset: 41 })),
            Err(Refused::Throttled),
            Ok(Accepted::There("shardId-000000000000:49".to_owned())),
        ]);
        let json = serde_json::to_value(&answer).expect("json");
        assert_eq!(json["FailedPutCount"], 1);
        assert_eq!(json["RequestResponses"][0]["RecordId"], "2-00000000000000000041");
        assert_eq!(json["RequestResponses"][1]["ErrorCode"], "ServiceUnavailableException");
        assert_eq!(json["RequestResponses"][2]["RecordId"], "shardId-000000000000:49");
    }
}
