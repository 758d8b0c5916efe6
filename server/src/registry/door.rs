//! The door of a stream: fit, quota, append or hand on.
//!
//! Owns what becomes of each record that somebody puts. Does not own who may put: the room `access` does.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use app::api::Millis;
use bytes::Bytes;
use prometheus_client::metrics::counter::Counter;
use serde_json::value::RawValue;

use super::DeliveryStream;
use crate::limit::Bucket;
use crate::records::columns::{PRODUCER, Table};
use crate::records::fit::{Misfit, fit_from};
use crate::records::source::Form;
use crate::registry::terms::{Destination, Misfits, Quota};
use crate::remote::NotPut;
use crate::stream::{Place, Record, StreamError};

/// Partition key of a record that is taken unchecked and has no value for the partition column.
const NO_KEY: &str = "-";

/// A record as a wire brings it.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The sender's partition key; without one the table's column decides.
    pub key: Option<String>,
    /// Decides the shard instead of the key, if it is there.
    pub hash: Option<u128>,
    /// What was sent.
    pub data: Bytes,
}

/// A record that was taken, by where it lies. Written out it names the record in its stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// In the stream's log, on disk.
    Here(Place),
    /// In a stream elsewhere, which calls it so.
    There(String),
}

impl fmt::Display for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here(place) => write!(f, "{}-{:020}", place.shard, place.offset),
            Self::There(name) => f.write_str(name),
        }
    }
}

/// What became of one record.
type Outcome = Result<Accepted, Refused>;

/// Why one record was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It does not fit the stream's table.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// The stream's quota has been used up; it passes.
    #[error("the stream takes no more just now; send it again")]
    Throttled,
    /// The stream's log has no room, or the stream elsewhere takes no more; it passes.
    #[error("{0}")]
    Busy(String),
    /// The stream's log failed, or the stream elsewhere refuses it.
    #[error("{0}")]
    Failed(String),
}

/// A stream's quota, counted.
pub(super) struct Quotas {
    records: Option<Bucket>,
    bytes: Option<Bucket>,
    requests: Option<Bucket>,
}

impl Quotas {
    pub fn new(quota: Quota, now: Millis) -> Self {
        let bucket = |per_second: Option<u32>, unit: u64| {
            per_second.map(|n| Bucket::new(u64::from(n) * unit, u64::from(n) * unit, now))
        };
        Self {
            records: bucket(quota.records_per_second, 1),
            bytes: bucket(quota.mib_per_second, 1 << 20),
            requests: bucket(quota.requests_per_second, 1),
        }
    }

    /// How many of the records may pass, from the first on.
    fn pass(&self, sizes: impl ExactSizeIterator<Item = usize>, now: Millis) -> usize {
        if self.requests.as_ref().is_some_and(|bucket| bucket.take(1, now).is_err()) {
            return 0;
        }
        let wanted = sizes.len();
        let allowed = self.records.as_ref().map_or(wanted, |bucket| bucket.take_up_to(wanted as u64, now) as usize);
        let Some(bytes) = &self.bytes else { return allowed };
        sizes.take(allowed).take_while(|size| bytes.take(*size as u64, now).is_ok()).count()
    }
}

/// What came in by the door since the stream was started, under Firehose's names.
#[derive(Default)]
pub struct Intake {
    /// `IncomingRecords`: taken, that is, on disk or handed on.
    pub records: Counter,
    /// `IncomingBytes`: theirs, as they were sent.
    pub bytes: Counter,
    /// `IncomingPutRequests`: requests of which a record was taken.
    pub put_requests: Counter,
    /// `ThrottledRecords`: over the stream's quota, or more than its log had room for or the stream elsewhere took.
    pub throttled: Counter,
}

impl Intake {
    /// Counts one request; `sizes` has the bytes of each record as it was sent.
    fn count(&self, outcomes: &[Outcome], sizes: &[usize]) {
        let (mut records, mut bytes, mut throttled) = (0, 0, 0);
        for (outcome, size) in outcomes.iter().zip(sizes) {
            match outcome {
                Ok(_) => (records, bytes) = (records + 1, bytes + *size as u64),
                Err(Refused::Throttled | Refused::Busy(_)) => throttled += 1,
                Err(Refused::Misfit(_) | Refused::Failed(_)) => {}
            }
        }
        self.records.inc_by(records);
        self.bytes.inc_by(bytes);
        self.put_requests.inc_by(u64::from(records > 0));
        self.throttled.inc_by(throttled);
    }
}

/// The records of one request, looked at and not yet taken.
pub struct Checked {
    form: Form,
    records: Vec<Result<Record, Misfit>>,
    /// Bytes of each as it was sent.
    sizes: Vec<usize>,
}

impl Checked {
    /// The first record that does not fit, by place.
    #[must_use]
    pub fn first_misfit(&self) -> Option<(usize, &Misfit)> {
        self.records.iter().enumerate().find_map(|(place, record)| record.as_ref().err().map(|misfit| (place, misfit)))
    }
}

impl DeliveryStream {
    /// Looks at the records of a request. None has been taken by that. `producer` is who puts them; `None` is this server.
    pub fn check(&self, records: impl IntoIterator<Item = Incoming>, producer: Option<&str>) -> Checked {
        // What a transform is for need not fit before it.
        let refuses = |d: &Destination| d.misfits == Misfits::Refuse && d.transform.is_none();
        let refuses = self.config.destination.as_ref().is_some_and(refuses);
        let records: Vec<Incoming> = records.into_iter().collect();
        let sizes = records.iter().map(|record| record.data.len()).collect();
        match self.table().filter(|_| refuses) {
            Some(table) => Checked { form: Form::Fitted, records: fitted(table, records, producer), sizes },
            None => {
                let table = self.table().map(Arc::as_ref);
                let records = records.into_iter().map(|record| Ok(raw(table, record, producer)));
                Checked { form: Form::Raw, records: records.collect(), sizes }
            }
        }
    }

    /// Takes each record that fits and that the quota lets pass, and says for each what became of it, in order. What is
    /// said to be taken is on disk, or was taken by the stream elsewhere that records are handed on to.
    pub async fn take(&self, checked: Checked) -> Vec<Result<Accepted, Refused>> {
        let began = Instant::now();
        let count = checked.records.len();
        let (mut fitting, mut outcomes) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for record in checked.records {
            match record {
                // Says what becomes of it if the quota does not reach that far.
                Ok(record) => {
                    fitting.push(record);
                    outcomes.push(Err(Refused::Throttled));
                }
                Err(misfit) => outcomes.push(Err(misfit.into())),
            }
        }
        let allowed = self.quotas.pass(fitting.iter().map(|record| record.data.len()), self.clock.now());
        fitting.truncate(allowed);
        let kept = self.keep(&fitting, checked.form).await;
        let open = outcomes.iter_mut().filter(|outcome| **outcome == Err(Refused::Throttled)).take(allowed);
        for (outcome, kept) in open.zip(kept) {
            *outcome = kept;
        }
        self.entrance.note(allowed, began);
        self.intake.count(&outcomes, &checked.sizes);
        outcomes
    }

    /// Brings records to where they are kept, and says for each, in order, what became of it.
    async fn keep(&self, records: &[Record], form: Form) -> Vec<Outcome> {
        if let Some(target) = &self.target {
            return target.put(records).await.into_iter().map(handed_on).collect();
        }
        let places = if self.takes_records() {
            self.log.append(records, form).await.map_err(|error| refusal(&error))
        } else {
            Err(Refused::Failed("the stream takes no records here: it is read from elsewhere".to_owned()))
        };
        match places {
            Ok(places) => places.into_iter().map(|place| Ok(Accepted::Here(place))).collect(),
            Err(refused) => vec![Err(refused); records.len()],
        }
    }
}

fn handed_on(outcome: Result<String, NotPut>) -> Outcome {
    match outcome {
        Ok(name) => Ok(Accepted::There(name)),
        Err(NotPut::Later(problem)) => Err(Refused::Busy(problem)),
        Err(NotPut::Failed(problem)) => Err(Refused::Failed(problem)),
    }
}

/// A record that is not checked. Without a key of the sender's it goes by the table's column, as one that is checked does.
/// For a table that says who put a record, that goes along; a sender who says it too has it there twice, which fits nothing.
fn raw(table: Option<&Table>, Incoming { key, hash, mut data }: Incoming, producer: Option<&str>) -> Record {
    let key = key.or_else(|| key_in(table?, &data)).unwrap_or_else(|| NO_KEY.to_owned());
    if table.is_some_and(|table| table.names_producer)
        && let Some(fields) = data.trim_ascii_start().strip_prefix(b"{")
    {
        let comma = if fields.trim_ascii_start().starts_with(b"}") { "" } else { "," };
        let producer = producer_value(producer);
        data = [format!("{{\"{PRODUCER}\":{producer}{comma}").as_bytes(), fields].concat().into();
    }
    Record { key, hash, data }
}

/// Who puts, as a record says it.
fn producer_value(producer: Option<&str>) -> String {
    producer.map_or_else(|| "null".to_owned(), |producer| format!("\"{producer}\""))
}

fn key_in(table: &Table, data: &[u8]) -> Option<String> {
    let fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_slice(data).ok()?;
    fields.get(table.partition_by.as_str()).map(|value| partition_key(value.get().as_bytes()))
}

/// Looks at each record. The lines of those that fit lie in one buffer.
fn fitted(table: &Table, records: Vec<Incoming>, producer: Option<&str>) -> Vec<Result<Record, Misfit>> {
    let producer = producer_value(producer);
    let mut lines = Vec::with_capacity(records.iter().map(|record| record.data.len() + 64).sum());
    let mut look_at = |record: Incoming| {
        let begin = lines.len();
        let key_at = fit_from(table, &record.data, &producer, &mut lines)?;
        let key = record.key.unwrap_or_else(|| partition_key(&lines[key_at]));
        Ok((key, record.hash, begin..lines.len()))
    };
    let looked_at: Vec<_> = records.into_iter().map(&mut look_at).collect();
    let lines = Bytes::from(lines);
    let record = |(key, hash, line)| Record { key, hash, data: lines.slice(line) };
    looked_at.into_iter().map(|fits| fits.map(record)).collect()
}

/// The partition column's value as a key: at most 256 characters.
fn partition_key(value: &[u8]) -> String {
    String::from_utf8_lossy(value).chars().take(256).collect()
}

fn refusal(error: &StreamError) -> Refused {
    let message = error.to_string();
    match error {
        StreamError::Busy | StreamError::Full | StreamError::Recovering => Refused::Busy(message),
        _ => Refused::Failed(message),
    }
}
