//! Puts records to a Firehose or Kinesis stream, and says for each what became of it.
//!
//! Owns how a request is divided into calls, by Firehose's limits, which are the lower ones, and what an answer means for each record. Does not own trying again: whoever
//! put hears which records were not taken, and sends those again.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_firehose::types::Record as FirehoseRecord;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;

use super::{RemoteError, TargetConfig, To, firehose, kinesis, named};
use crate::amazon::{MOST_BYTES, MOST_RECORD_BYTES, MOST_RECORDS};
use crate::pace::Pace;
use crate::stream::Record;

/// A failure says this long that the stream takes no records.
const FRESH: Duration = Duration::from_secs(10);

/// Why one record was not put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotPut {
    /// It passes; send it again.
    Later(String),
    /// Somebody has to do something.
    Failed(String),
}

/// A stream elsewhere that records are put to.
pub struct Target {
    to: To,
    client: Client,
    pace: Pace,
    failed: Mutex<Option<(Instant, String)>>,
}

enum Client {
    Firehose(aws_sdk_firehose::Client),
    Kinesis(aws_sdk_kinesis::Client),
}

/// What became of the records of a call, in order.
type Outcomes = Vec<Result<String, NotPut>>;

impl Target {
    /// Finds credentials and region. Nothing is called yet.
    ///
    /// # Errors
    /// If there is no region.
    pub async fn new(config: &TargetConfig) -> Result<Self, RemoteError> {
        let client = match &config.to {
            To::Firehose(_) => Client::Firehose(firehose(&config.at, 1).await?),
            To::Kinesis(_) => Client::Kinesis(kinesis(&config.at, 1).await?),
        };
        Ok(Self { to: config.to.clone(), client, pace: Pace::default(), failed: Mutex::default() })
    }

    #[cfg(test)]
    pub(super) fn by(client: aws_sdk_kinesis::Client, name: &str) -> Self {
        let (to, client) = (To::Kinesis(name.to_owned()), Client::Kinesis(client));
        Self { to, client, pace: Pace::default(), failed: Mutex::default() }
    }

    /// For people: `firehose name`.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.to {
            To::Firehose(name) => format!("firehose {name}"),
            To::Kinesis(name) => format!("kinesis {}", name.rsplit('/').next().unwrap_or(name)),
        }
    }

    /// How fast records are put.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// What the last call failed with, if that was just now.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.as_ref().filter(|(at, _)| at.elapsed() < FRESH).map(|(_, problem)| problem.clone())
    }

    /// Puts records, and says for each, in order, how the stream names it or why it was not put.
    pub async fn put(&self, records: &[Record]) -> Outcomes {
        let mut outcomes = Vec::with_capacity(records.len());
        let mut rest = records;
        while !rest.is_empty() {
            let (call, later) = rest.split_at(length_of_call(rest));
            rest = later;
            outcomes.extend(self.call(call).await);
        }
        outcomes
    }

    /// One call, or none for a single record that is too large for any.
    async fn call(&self, records: &[Record]) -> Outcomes {
        if let [record] = records
            && size(record) > MOST_RECORD_BYTES
        {
            let problem =
                format!("the record has {} bytes as a line, a stream takes {MOST_RECORD_BYTES}", size(record));
            return vec![Err(NotPut::Failed(problem))];
        }
        let began = Instant::now();
        let answered = match &self.client {
            Client::Firehose(client) => put_record_batch(client, self.to.name(), records).await,
            Client::Kinesis(client) => put_records(client, self.to.name(), records).await,
        };
        // One that is only slow does take records.
        let problem = answered.as_ref().err().filter(|error| !matches!(error, RemoteError::Throttled(_)));
        let problem = problem.map(ToString::to_string);
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = problem.map(|problem| (Instant::now(), problem));
        match answered {
            Ok(outcomes) if outcomes.len() == records.len() => {
                self.pace.note(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), began);
                outcomes
            }
            Ok(outcomes) => {
                let problem = format!("{} of {} records were answered", outcomes.len(), records.len());
                tracing::error!(to = self.describe(), problem, "an answer does not fit its request");
                vec![
                    Err(NotPut::Later("the stream's target gave too few answers; send it again".to_owned()));
                    records.len()
                ]
            }
            Err(error) => vec![Err(self.not_put(&error)); records.len()],
        }
    }

    /// The log gets the whole story; who put hears what to do.
    fn not_put(&self, error: &RemoteError) -> NotPut {
        let to = self.describe();
        if let RemoteError::Throttled(_) = error {
            tracing::debug!(to, %error, "a target takes no more just now");
            return NotPut::Later("the stream's target takes no more just now; send it again".to_owned());
        }
        tracing::warn!(to, %error, "records could not be put");
        if let RemoteError::Unavailable(_) = error {
            return NotPut::Later("the stream's target does not answer; send it again".to_owned());
        }
        NotPut::Failed("the stream's target refuses it; the server's log says why".to_owned())
    }
}

/// How many records go into the next call: one at least.
fn length_of_call(records: &[Record]) -> usize {
    let mut bytes = 0;
    let fits = |record: &&Record| {
        bytes += size(record);
        bytes <= MOST_BYTES && size(record) <= MOST_RECORD_BYTES
    };
    records.iter().take(MOST_RECORDS).take_while(fits).count().max(1)
}

fn size(record: &Record) -> usize {
    record.key.len() + record.data.len()
}

async fn put_record_batch(
    client: &aws_sdk_firehose::Client,
    stream: &str,
    records: &[Record],
) -> Result<Outcomes, RemoteError> {
    let call = client.put_record_batch().delivery_stream_name(stream);
    let record = |record: &Record| FirehoseRecord::builder().data(Blob::new(record.data.to_vec())).build();
    let records = records.iter().map(record).collect::<Result<_, _>>();
    let records = records.map_err(|e| RemoteError::Refused(e.to_string()))?;
    let answer = call.set_records(Some(records)).send().await;
    let answer = answer.map_err(|error| RemoteError::of("PutRecordBatch", &error))?;
    let entries = answer.request_responses().iter();
    Ok(entries
        .map(|entry| outcome(entry.record_id().map(str::to_owned), entry.error_code(), entry.error_message()))
        .collect())
}

async fn put_records(
    client: &aws_sdk_kinesis::Client,
    stream: &str,
    records: &[Record],
) -> Result<Outcomes, RemoteError> {
    let (name, arn) = named(stream);
    let entry = |record: &Record| {
        PutRecordsRequestEntry::builder()
            .data(Blob::new(record.data.to_vec()))
            .partition_key(if record.key.is_empty() { "-" } else { &record.key })
            .set_explicit_hash_key(record.hash.map(|hash| hash.to_string()))
            .build()
    };
    let records = records.iter().map(entry).collect::<Result<_, _>>();
    let records = records.map_err(|e| RemoteError::Refused(e.to_string()))?;
    let call = client.put_records().set_stream_name(name).set_stream_arn(arn);
    let answer = call.set_records(Some(records)).send().await;
    let answer = answer.map_err(|error| RemoteError::of("PutRecords", &error))?;
    let entries = answer.records().iter();
    Ok(entries
        .map(|entry| {
            let id = entry.sequence_number().zip(entry.shard_id()).map(|(number, shard)| format!("{shard}:{number}"));
            outcome(id, entry.error_code(), entry.error_message())
        })
        .collect())
}

/// One entry of an answer.
fn outcome(id: Option<String>, code: Option<&str>, message: Option<&str>) -> Result<String, NotPut> {
    match (id, code) {
        (Some(id), None) => Ok(id),
        (_, Some(code)) if super::THROTTLED.contains(&code) => {
            Err(NotPut::Later("the stream's target takes no more just now; send it again".to_owned()))
        }
        (_, code) => {
            let (code, message) = (code.unwrap_or("no code"), message.unwrap_or("no message"));
            tracing::warn!(code, message, "a record could not be put");
            Err(NotPut::Failed("the stream's target failed to take it; send it again".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(bytes: usize) -> Record {
        Record { key: "k".into(), hash: None, data: vec![b'x'; bytes - 1].into() }
    }

    #[test]
    fn a_call_holds_what_it_may_and_a_record_that_is_too_large_goes_alone() {
        assert_eq!(length_of_call(&vec![record(10); 501]), 500);
        assert_eq!(length_of_call(&vec![record(1_000_000); 5]), 4);
        let too_large = record(MOST_RECORD_BYTES + 1);
        assert_eq!(length_of_call(&[record(10), record(10), too_large.clone(), record(10)]), 2);
        assert_eq!(length_of_call(&[too_large, record(10)]), 1);
    }

    #[test]
    fn an_entry_is_a_name_or_a_reason() {
        assert_eq!(outcome(Some("id".into()), None, None), Ok("id".into()));
        for code in ["ServiceUnavailableException", "ProvisionedThroughputExceededException"] {
            assert!(matches!(outcome(None, Some(code), Some("m")), Err(NotPut::Later(_))), "{code}");
        }
        assert!(matches!(outcome(None, Some("InternalFailure"), None), Err(NotPut::Failed(_))));
        assert!(matches!(outcome(None, None, None), Err(NotPut::Failed(_))), "neither is no success");
    }
}
