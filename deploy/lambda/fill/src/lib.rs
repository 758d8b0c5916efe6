//! Fills in what a producer left out of a record: an id, and when the record arrived.
//!
//! For any delivery stream whose records are JSON objects. A record's own text stays as it is, byte for byte; what is
//! missing is written in front of it, and a newline behind. The same record always becomes the same bytes, so that a
//! batch may be transformed again. Owns what becomes of a record, under the contract between Firehose and Lambda
//! (AWS, "Required parameters for data transformation"). Does not own how the function is called.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

/// Version-5 uuids of records that brought no id live in this name space.
const FILLED: Uuid = Uuid::from_u128(0x9c41_07be_5d2f_4e83_a6d9_31f8_7c05_b24e);

/// Names the field for the id in the environment; empty is that none is written. Default: `record_id`.
pub const ID: &str = "FILL_ID";
/// Names the field for the arrival in the environment; empty is that none is written. Default: `accepted_at`.
pub const ARRIVED_AT: &str = "FILL_ARRIVED_AT";

/// What Firehose sends.
#[derive(Debug, Deserialize)]
pub struct Event {
    /// In the order in which they arrived.
    pub records: Vec<Record>,
}

/// One record of an event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Names it in the answer.
    pub record_id: String,
    /// When it arrived at the stream, in milliseconds since 1970.
    pub approximate_arrival_timestamp: i64,
    /// What the producer sent, in base64.
    pub data: String,
}

/// What Firehose is answered.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// One for each record of the event, in its order.
    pub records: Vec<Answered>,
}

/// What became of one record.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answered {
    /// As it was sent.
    pub record_id: String,
    /// `Ok`, `Dropped` or `ProcessingFailed`.
    pub result: Verdict,
    /// The record in base64: filled if it is `Ok`, as it was sent otherwise.
    pub data: String,
}

/// Firehose's three results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// Filled.
    Ok,
    /// It said nothing: blanks alone, or an object without fields.
    Dropped,
    /// It is no JSON object.
    ProcessingFailed,
}

/// Which fields are filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Takes a version-5 uuid of the record's fields: the same for the same fields, in whatever order they were sent.
    pub id: Option<String>,
    /// Takes the arrival in UTC, as `2026-01-31 10:41:07.123`.
    pub arrived_at: Option<String>,
}

impl Names {
    /// As [`ID`] and [`ARRIVED_AT`] say.
    #[must_use]
    pub fn from_environment(of: impl Fn(&str) -> Option<String>) -> Self {
        let name = |variable, default: &str| {
            Some(of(variable).unwrap_or_else(|| default.to_owned())).filter(|name| !name.is_empty())
        };
        Self { id: name(ID, "record_id"), arrived_at: name(ARRIVED_AT, "accepted_at") }
    }
}

/// Answers an event.
#[must_use]
pub fn answer(names: &Names, event: &Event) -> Answer {
    Answer { records: event.records.iter().map(|record| answer_one(names, record)).collect() }
}

fn answer_one(names: &Names, record: &Record) -> Answered {
    let filled = STANDARD
        .decode(&record.data)
        .map_err(|_| Verdict::ProcessingFailed)
        .and_then(|data| fill(names, &data, record.approximate_arrival_timestamp));
    let (result, data) = match filled {
        Ok(filled) => (Verdict::Ok, STANDARD.encode(filled)),
        Err(other) => (other, record.data.clone()),
    };
    Answered { record_id: record.record_id.clone(), result, data }
}

/// One record with what it lacked, or what else becomes of it.
///
/// # Errors
/// [`Verdict::Dropped`] or [`Verdict::ProcessingFailed`].
pub fn fill(names: &Names, data: &[u8], arrived: i64) -> Result<String, Verdict> {
    let text = std::str::from_utf8(data).map_err(|_| Verdict::ProcessingFailed)?.trim();
    if text.is_empty() {
        return Err(Verdict::Dropped);
    }
    let fields: BTreeMap<Cow<'_, str>, &RawValue> =
        serde_json::from_str(text).map_err(|_| Verdict::ProcessingFailed)?;
    if fields.is_empty() {
        return Err(Verdict::Dropped);
    }
    let missing = |name: &Option<String>| name.clone().filter(|name| !fields.contains_key(name.as_str()));
    let mut filled = String::with_capacity(text.len() + 128);
    if let Some(name) = missing(&names.id) {
        push(&mut filled, &name, &id_of(&fields)?)?;
    }
    if let Some(name) = missing(&names.arrived_at) {
        let at = DateTime::from_timestamp_millis(arrived).ok_or(Verdict::ProcessingFailed)?;
        push(&mut filled, &name, &at.format("%Y-%m-%d %H:%M:%S%.3f").to_string())?;
    }
    let own = text.strip_prefix('{').ok_or(Verdict::ProcessingFailed)?;
    Ok(format!("{{{filled}{own}\n"))
}

fn push(filled: &mut String, name: &str, value: &str) -> Result<(), Verdict> {
    let quoted = |text: &str| serde_json::to_string(text).map_err(|_| Verdict::ProcessingFailed);
    *filled += &format!("{}:{},", quoted(name)?, quoted(value)?);
    Ok(())
}

/// A map is written by name, and values as they were sent.
fn id_of(fields: &BTreeMap<Cow<'_, str>, &RawValue>) -> Result<String, Verdict> {
    let fields = serde_json::to_vec(fields).map_err(|_| Verdict::ProcessingFailed)?;
    Ok(Uuid::new_v5(&FILLED, &fields).to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ARRIVED: i64 = 1_769_856_067_123;

    fn names() -> Names {
        Names::from_environment(|_| None)
    }

    fn filled(text: &str) -> Value {
        serde_json::from_str(&fill(&names(), text.as_bytes(), ARRIVED).expect(text)).expect("json")
    }

    #[test]
    fn what_is_missing_is_written_in_front_and_the_rest_stays_as_it_was() {
        let line = fill(&names(), b" {\"value\": 1e400, \"device\":\"\\u00e9\"}\n ", ARRIVED).expect("filled");
        assert!(line.ends_with(",\"value\": 1e400, \"device\":\"\\u00e9\"}\n"), "{line}");
        assert!(line.contains("\"accepted_at\":\"2026-01-31 10:41:07.123\""), "{line}");
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(
            fill(&names(), line.as_bytes(), ARRIVED + 5).as_deref(),
            Ok(line.as_str()),
            "nothing is missing now"
        );
    }

    #[test]
    fn what_a_producer_said_is_left_alone() {
        let own = filled(r#"{"record_id":"mine","accepted_at":null}"#);
        assert_eq!(own, json!({ "record_id": "mine", "accepted_at": null }));
    }

    #[test]
    fn the_id_follows_from_the_fields_whatever_their_order() {
        let id = |text: &str| filled(text)["record_id"].clone();
        assert_eq!(id(r#"{"a":1,"b":2}"#), id("{ \"b\":2,\n\"a\":1 }"));
        assert_ne!(id(r#"{"a":1,"b":2}"#), id(r#"{"a":1,"b":3}"#));
        let uuid: Uuid = id(r#"{"a":1}"#).as_str().expect("text").parse().expect("a uuid");
        assert_eq!(uuid.get_version_num(), 5);
    }

    #[test]
    fn the_environment_names_the_fields_or_leaves_them_out() {
        let set = |name: &str| Some(if name == ID { "id".to_owned() } else { String::new() });
        let named = Names::from_environment(set);
        assert_eq!(named, Names { id: Some("id".to_owned()), arrived_at: None });
        let line = fill(&named, br#"{"a":1}"#, ARRIVED).expect("filled");
        assert!(line.starts_with("{\"id\":\"") && !line.contains("accepted_at"), "{line}");
    }

    #[test]
    fn what_says_nothing_is_dropped_and_what_is_no_object_has_failed() {
        for nothing in ["", " \n", "{}", "{ }"] {
            assert_eq!(fill(&names(), nothing.as_bytes(), ARRIVED), Err(Verdict::Dropped), "{nothing:?}");
        }
        for wrong in ["[]", "1", "null", "\"text\"", "{\"a\":1", "{\"a\":1}{\"a\":2}"] {
            assert_eq!(fill(&names(), wrong.as_bytes(), ARRIVED), Err(Verdict::ProcessingFailed), "{wrong}");
        }
        assert_eq!(fill(&names(), b"\xff", ARRIVED), Err(Verdict::ProcessingFailed));
        assert_eq!(fill(&names(), br#"{"a":1}"#, i64::MAX), Err(Verdict::ProcessingFailed), "no such time");
    }

    /// The event as AWS documents it, and an answer for each record.
    #[test]
    fn an_event_is_answered_record_by_record() {
        let record = |id: &str, data: &str| json!({ "recordId": id, "approximateArrivalTimestamp": ARRIVED, "data": data, "kinesisRecordMetadata": {} });
        let event = json!({
            "invocationId": "i", "deliveryStreamArn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/s",
            "region": "us-east-1",
            "records": [record("1", "eyJhIjoxfQ=="), record("2", ""), record("3", "no base64")],
        });
        let event: Event = serde_json::from_value(event).expect("an event");
        let answer = serde_json::to_value(answer(&names(), &event)).expect("an answer");
        let results: Vec<&Value> = (0..3).map(|place| &answer["records"][place]["result"]).collect();
        assert_eq!(results, ["Ok", "Dropped", "ProcessingFailed"]);
        assert_eq!(answer["records"][2], json!({ "recordId": "3", "result": "ProcessingFailed", "data": "no base64" }));
        let data = STANDARD.decode(answer["records"][0]["data"].as_str().expect("data")).expect("base64");
        assert!(data.ends_with(b"\"a\":1}\n"));
    }

    /// No panic, whatever is cut off or changed; and what is filled is JSON.
    #[test]
    fn broken_records_never_panic() {
        let good = r#"{"a":1,"b":"é\n","c":[{"d":null}]}"#.as_bytes();
        for place in 0..good.len() {
            let mut changed = good.to_vec();
            changed[place] = b"{}[]\",:\\\xff0"[place % 10];
            for record in [&good[..place], &changed] {
                if let Ok(line) = fill(&names(), record, ARRIVED) {
                    serde_json::from_str::<Value>(&line).expect("json");
                }
            }
        }
    }
}
