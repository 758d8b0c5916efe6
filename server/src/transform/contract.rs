//! What Firehose sends a function and reads of its answer.
//!
//! Owns the form of both, how many records go into one invocation, and what an answer means for each record that was
//! sent (AWS, "Required parameters for data transformation" and "Handle failure in data transformation"). All of it is
//! pure. Does not own who is invoked, nor how often.

use std::borrow::Cow;
use std::collections::HashMap;

use app::api::Millis;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::host::{InvokeError, MOST_PAYLOAD};

/// Bytes of record data that one invocation carries, unless one record alone has more: Firehose's default
/// (`BufferSizeInMBs` 1). It leaves a function room to add to what it was sent.
pub const INVOCATION_BYTES: usize = 1 << 20;

/// What a payload has around its records, generously.
const AROUND: usize = 1024;
/// What a record has around its id and its data, generously.
const AROUND_RECORD: usize = 96;

/// Code and words that AWS documents.
const MISSING: (&str, &str) = (
    "Lambda.MissingRecordId",
    "One or more record Ids were not returned. Ensure that the Lambda function returns all received record Ids.",
);
const DUPLICATE: (&str, &str) = (
    "Lambda.DuplicatedRecordId",
    "Multiple records were returned with the same record Id. Ensure that the Lambda function returns unique record Ids \
     for each record.",
);
const PROCESSING_FAILED: (&str, &str) = ("Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record");
const UNREADABLE: &str = "Lambda.JsonProcessingException";
const NO_RESULT: &str = "Lambda.FunctionError";
const TOO_LARGE: &str = "Freshmark.RecordTooLarge";

/// A record as it goes to a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Names it; no two records of a batch share one.
    pub id: String,
    /// When it arrived at the stream.
    pub arrived: Millis,
    /// What was sent.
    pub data: &'a [u8],
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on, as this.
    Ok(Vec<u8>),
    /// The function wants it to go no further.
    Dropped,
    /// It goes to the error output.
    Failed {
        /// Firehose's code.
        code: &'static str,
        /// What went wrong.
        message: String,
    },
}

impl Verdict {
    pub(super) fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self::Failed { code, message: message.into() }
    }

    /// The verdict on a record that fits into no invocation.
    pub(super) fn too_large(record: &Record<'_>) -> Self {
        let message = format!(
            "the record has {} bytes; in base64 it is more than an invocation may carry ({MOST_PAYLOAD})",
            record.data.len()
        );
        Self::failed(TOO_LARGE, message)
    }
}

/// Who is asking, as a function is told.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asking<'a> {
    pub invocation_id: &'a str,
    pub delivery_stream_arn: &'a str,
    pub region: &'a str,
}

#[derive(Serialize)]
struct Payload<'a> {
    #[serde(flatten)]
    asking: Asking<'a>,
    records: Vec<PayloadRecord<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PayloadRecord<'a> {
    record_id: &'a str,
    approximate_arrival_timestamp: Millis,
    data: String,
}

/// How many of the records, from the first on, go into one invocation: 0 if the first one is too large for any.
pub(super) fn fitting(records: &[Record<'_>]) -> usize {
    let (mut data, mut payload) = (0, AROUND);
    let fits = |record: &&Record<'_>| {
        let is_first = data == 0 && payload == AROUND;
        data += record.data.len();
        payload += AROUND_RECORD + record.id.len() + record.data.len().div_ceil(3) * 4;
        payload <= MOST_PAYLOAD && (is_first || data <= INVOCATION_BYTES)
    };
    records.iter().take_while(fits).count()
}

/// The payload of one invocation.
pub(super) fn payload(asking: Asking<'_>, records: &[Record<'_>]) -> Result<Bytes, InvokeError> {
    let records = records.iter().map(|record| PayloadRecord {
        record_id: &record.id,
        approximate_arrival_timestamp: record.arrived,
        data: STANDARD.encode(record.data),
    });
    let payload = Payload { asking, records: records.collect() };
    Ok(serde_json::to_vec(&payload).map_err(InvokeError::Payload)?.into())
}

/// A function's answer. Other members, such as Firehose's `metadata`, are for features that are not offered here.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    records: Vec<Answered<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answered<'a> {
    #[serde(borrow)]
    record_id: Cow<'a, str>,
    #[serde(default)]
    result: Option<String>,
    #[serde(default)]
    data: Option<String>,
}

/// What an answer says of each record that was sent, in the order in which they were sent, and how many of its entries
/// name none of them.
pub(super) fn sort(sent: &[Record<'_>], answer: &[u8]) -> Result<(Vec<Verdict>, usize), InvokeError> {
    let answer: Answer<'_> = serde_json::from_slice(answer).map_err(InvokeError::Answer)?;
    let mut said: HashMap<&str, Vec<&Answered<'_>>> = HashMap::with_capacity(answer.records.len());
    for entry in &answer.records {
        said.entry(entry.record_id.as_ref()).or_default().push(entry);
    }
    let of_record = |record: &Record<'_>| match said.remove(record.id.as_str()).as_deref() {
        None => Verdict::failed(MISSING.0, MISSING.1),
        Some([one]) => verdict(one),
        Some(_) => Verdict::failed(DUPLICATE.0, DUPLICATE.1),
    };
    let verdicts = sent.iter().map(of_record).collect();
    Ok((verdicts, said.into_values().map(|entries| entries.len()).sum()))
}

fn verdict(answered: &Answered<'_>) -> Verdict {
    match answered.result.as_deref() {
        Some("Dropped") => Verdict::Dropped,
        Some("ProcessingFailed") => Verdict::failed(PROCESSING_FAILED.0, PROCESSING_FAILED.1),
        Some("Ok") => match answered.data.as_deref().map(|data| STANDARD.decode(data)) {
            Some(Ok(data)) => Verdict::Ok(data),
            Some(Err(error)) => Verdict::failed(UNREADABLE, format!("data: is not base64: {error}")),
            None => Verdict::failed(UNREADABLE, "data: is missing, although the result is Ok"),
        },
        Some(other) => {
            let other: String = other.chars().take(40).collect();
            Verdict::failed(NO_RESULT, format!("result: has to be Ok, Dropped or ProcessingFailed, not {other:?}"))
        }
        None => Verdict::failed(NO_RESULT, "result: is missing; it has to be Ok, Dropped or ProcessingFailed"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn records<'a>(data: &[&'a [u8]]) -> Vec<Record<'a>> {
        let of = |(n, data): (usize, &&'a [u8])| Record { id: n.to_string(), arrived: 1_000 + n as i64, data };
        data.iter().enumerate().map(of).collect()
    }

    fn code(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Ok(_) => "Ok",
            Verdict::Dropped => "Dropped",
            Verdict::Failed { code, .. } => code,
        }
    }

    #[test]
    fn a_payload_has_firehose_s_form() {
        let asking = Asking { invocation_id: "i", delivery_stream_arn: "arn", region: "eu-west-1" };
        let payload = payload(asking, &records(&[b"a\n", b"\xff"])).expect("written");
        let payload: Value = serde_json::from_slice(&payload).expect("json");
        let record = |id: &str, arrived: i64, data: &str| json!({ "recordId": id, "approximateArrivalTimestamp": arrived, "data": data });
        assert_eq!(
            payload,
            json!({
                "invocationId": "i", "deliveryStreamArn": "arn", "region": "eu-west-1",
                "records": [record("0", 1_000, "YQo="), record("1", 1_001, "/w==")],
            })
        );
    }

    #[test]
    fn verdicts_come_in_the_order_in_which_records_were_sent() {
        let answer = json!({ "records": [
            { "recordId": "2", "result": "ProcessingFailed", "data": "YQ==" },
            { "recordId": "0", "result": "Ok", "data": "Ygo=", "metadata": { "partitionKeys": {} } },
            { "recordId": "1", "result": "Dropped" },
        ]});
        let sent = records(&[b"a", b"a", b"a"]);
        let (verdicts, strays) = sort(&sent, answer.to_string().as_bytes()).expect("sorted");
        assert_eq!(verdicts[..2], [Verdict::Ok(b"b\n".to_vec()), Verdict::Dropped]);
        assert_eq!((code(&verdicts[2]), strays), (PROCESSING_FAILED.0, 0));
    }

    #[test]
    fn whatever_is_wrong_with_an_entry_fails_its_record_and_no_other() {
        let answer = json!({ "records": [
            { "recordId": "1", "result": "Ok", "data": "YQ==" }, { "recordId": "1", "result": "Ok", "data": "YQ==" },
            { "recordId": "2", "result": "Ok", "data": "no base64" },
            { "recordId": "3", "result": "Ok" },
            { "recordId": "4", "result": "ok", "data": "YQ==" },
            { "recordId": "5", "data": "YQ==" },
            { "recordId": "6", "result": "Ok", "data": "" },
            { "recordId": "stranger", "result": "Ok", "data": "YQ==" },
        ]});
        let sent = records(&[b"a".as_slice(); 7]);
        let (verdicts, strays) = sort(&sent, answer.to_string().as_bytes()).expect("sorted");
        let codes: Vec<&str> = verdicts.iter().map(code).collect();
        assert_eq!(codes, [MISSING.0, DUPLICATE.0, UNREADABLE, UNREADABLE, NO_RESULT, NO_RESULT, "Ok"]);
        assert_eq!(strays, 1);
    }

    #[test]
    fn an_answer_of_another_form_is_no_answer() {
        for other in
            ["", "null", "[]", "{}", r#"{"records":{}}"#, r#"{"records":[{"result":"Ok"}]}"#, "{\"records\":[]} x"]
        {
            assert!(matches!(sort(&records(&[b"a"]), other.as_bytes()), Err(InvokeError::Answer(_))), "{other}");
        }
        let good = r#"{"records":[{"recordId":"0","result":"Ok","data":"YQ=="}]}"#;
        for place in 0..good.len() {
            let mut changed = good.as_bytes().to_vec();
            changed[place] = b"{}[]\",:\\\xff0"[place % 10];
            for answer in [&good.as_bytes()[..place], &changed] {
                let _ = sort(&records(&[b"a"]), answer);
            }
        }
    }

    #[test]
    fn an_invocation_carries_what_fits() {
        let of = |sizes: &[usize]| {
            let data: Vec<Vec<u8>> = sizes.iter().map(|size| vec![0; *size]).collect();
            fitting(&records(&data.iter().map(Vec::as_slice).collect::<Vec<_>>()))
        };
        let half = INVOCATION_BYTES / 2;
        assert_eq!((of(&[]), of(&[100]), of(&[half, half]), of(&[half, half, 100])), (0, 1, 2, 2));
        let large = 4 * INVOCATION_BYTES;
        assert_eq!((of(&[large, 100]), of(&[100, large])), (1, 1), "a large one goes alone");
        let most = (MOST_PAYLOAD - AROUND - AROUND_RECORD - 1) / 4 * 3;
        assert_eq!((of(&[most, 100]), of(&[most + 1, 100])), (1, 0), "and one that is too large not at all");
        let asking = Asking { invocation_id: &"i".repeat(36), delivery_stream_arn: &"a".repeat(200), region: "r" };
        let payload = payload(asking, &records(&[&vec![0; most]])).expect("written");
        assert!(payload.len() <= MOST_PAYLOAD && payload.len() > MOST_PAYLOAD - 2 * AROUND, "{}", payload.len());
    }
}
