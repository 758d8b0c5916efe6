//! The calls that read a Kinesis stream, and the task that follows one shard.
//!
//! Owns the pace of reading and what an error means for it. Does not own what becomes of a record: the
//! [`RemoteShard`] does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use app::api::Millis;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::types::{Record, Shard, ShardIteratorType};

use super::reading::{Fetched, Position};
use super::{Listed, RemoteError, RemoteShard, SourceConfig, TRIES, kinesis, named};
use crate::pace::Pace;
use crate::pauses::Pauses;

/// First pause after an error; doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Reads one stream. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    client: Client,
    stream: Arc<SourceConfig>,
    pace: Arc<Pace>,
}

/// A place in a shard that Kinesis goes on from, for five minutes.
pub(super) struct Iterator {
    token: String,
    /// Number of the jump that it was made after.
    jumps: u64,
    /// The record that has landed last, until it has been seen again: then nothing behind it can be gone.
    expected: Option<String>,
}

/// What `GetRecords` answered.
pub(super) struct Answer {
    pub records: Vec<Fetched>,
    /// Whether the shard is closed and this was the rest.
    pub is_last: bool,
    /// How far behind the newest record this is; `None` if that was not said.
    pub behind_ms: Option<Millis>,
}

impl Reader {
    /// Finds credentials and region. Nothing is called yet.
    ///
    /// # Errors
    /// If there is no region.
    pub async fn new(config: &SourceConfig) -> Result<Self, RemoteError> {
        let client = kinesis(&config.at, TRIES).await?;
        Ok(Self { client, stream: Arc::new(config.clone()), pace: Arc::default() })
    }

    #[cfg(test)]
    pub(super) fn by(client: Client, config: SourceConfig) -> Self {
        Self { client, stream: Arc::new(config), pace: Arc::default() }
    }

    /// Which stream it reads.
    #[must_use]
    pub fn stream(&self) -> &SourceConfig {
        &self.stream
    }

    /// How fast records come in.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Every shard that still holds records, closed ones among them.
    ///
    /// # Errors
    /// If the stream does not answer, or is not there.
    pub async fn shards(&self) -> Result<Vec<Listed>, RemoteError> {
        let (mut shards, mut token) = (Vec::new(), None::<String>);
        loop {
            // A page names the stream itself.
            let (name, arn) = if token.is_none() { named(&self.stream.kinesis) } else { (None, None) };
            let call = self.client.list_shards().set_stream_name(name).set_stream_arn(arn).set_next_token(token);
            let page = call.send().await.map_err(|error| RemoteError::of("ListShards", &error))?;
            shards.extend(page.shards().iter().map(listed));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(shards);
            }
        }
    }

    async fn token(&self, shard: &str, after: Option<&str>) -> Result<String, RemoteError> {
        let (name, arn) = named(&self.stream.kinesis);
        let kind = if after.is_some() { ShardIteratorType::AtSequenceNumber } else { ShardIteratorType::TrimHorizon };
        let call = self.client.get_shard_iterator().set_stream_name(name).set_stream_arn(arn).shard_id(shard);
        let call = call.shard_iterator_type(kind).set_starting_sequence_number(after.map(str::to_owned));
        let answer = call.send().await.map_err(|error| RemoteError::of("GetShardIterator", &error))?;
        let token = answer.shard_iterator().map(str::to_owned);
        token.ok_or_else(|| RemoteError::Unavailable("GetShardIterator answered without an iterator".to_owned()))
    }

    /// An iterator at the record that landed last, so that it is seen whether that is still there; from the oldest on if
    /// there is none.
    async fn iterator(&self, shard: &RemoteShard, jumps: u64, from: &Position) -> Result<Iterator, RemoteError> {
        match self.token(shard.id(), from.after.as_deref()).await {
            Err(RemoteError::Invalid(problem)) if from.after.is_some() => {
                shard.note_another_stream(&problem);
                let token = self.token(shard.id(), None).await?;
                Ok(Iterator { token, jumps, expected: None })
            }
            token => Ok(Iterator { token: token?, jumps, expected: from.after.clone() }),
        }
    }

    /// What comes next, with the iterator moved on; `None` behind the last record of a closed shard.
    async fn records(&self, shard: &RemoteShard, iterator: &mut Iterator) -> Result<Answer, RemoteError> {
        let (_, arn) = named(&self.stream.kinesis);
        let began = Instant::now();
        let call = self.client.get_records().shard_iterator(&iterator.token).set_stream_arn(arn);
        let answer = call.send().await.map_err(|error| RemoteError::of("GetRecords", &error))?;
        let (is_last, behind_ms) = (answer.next_shard_iterator.is_none(), answer.millis_behind_latest);
        let mut records: Vec<Fetched> = answer.records.into_iter().map(fetched).collect();
        self.pace.note(records.len(), began);
        if let Some(token) = answer.next_shard_iterator {
            iterator.token = token;
        }
        if let Some(expected) = iterator.expected.take() {
            match records.first() {
                Some(first) if first.sequence == expected => drop(records.remove(0)),
                None if !is_last => iterator.expected = Some(expected),
                first => shard.note_gap(&expected, first.map(|first| first.sequence.as_str())),
            }
        }
        Ok(Answer { records, is_last, behind_ms })
    }

    /// Follows a shard until it is closed and read to its end, or `stop` says true.
    pub(super) async fn follow(&self, shard: &RemoteShard) {
        let (mut stop, mut iterator) = (shard.stop(), None);
        let mut pauses = Pauses::new(FIRST_PAUSE, LONGEST_PAUSE);
        while !*stop.borrow() && !shard.is_done() {
            let wait = match self.step(shard, &mut iterator).await {
                Ok(wait) => {
                    pauses.reset();
                    wait
                }
                Err(error) => {
                    iterator = None;
                    shard.note_failure(&error);
                    Some(pauses.after_failure())
                }
            };
            tokio::select! {
                () = waited(wait, shard) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    /// One look at the stream, and how long to wait before the next; `None` is until something has changed here.
    async fn step(
        &self,
        shard: &RemoteShard,
        iterator: &mut Option<Iterator>,
    ) -> Result<Option<Duration>, RemoteError> {
        let Some((jumps, from)) = shard.wanted() else { return Ok(None) };
        if iterator.as_ref().is_some_and(|iterator| iterator.jumps != jumps) {
            *iterator = None;
        }
        let iterator = match iterator {
            Some(iterator) => iterator,
            None => iterator.insert(self.iterator(shard, jumps, &from).await?),
        };
        let asked_at = shard.now();
        match self.records(shard, iterator).await {
            Ok(answer) => shard.take_in(iterator.jumps, asked_at, answer),
            // Behind a long wait for room: another one begins at the same place.
            Err(RemoteError::ExpiredIterator(_)) => iterator.jumps = u64::MAX,
            Err(error) => return Err(error),
        }
        Ok(Some(self.stream.poll))
    }
}

async fn waited(wait: Option<Duration>, shard: &RemoteShard) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => shard.woken().await,
    }
}

fn listed(shard: &Shard) -> Listed {
    let parents = [shard.parent_shard_id(), shard.adjacent_parent_shard_id()];
    Listed {
        id: shard.shard_id().to_owned(),
        is_open: shard.sequence_number_range().is_none_or(|range| range.ending_sequence_number().is_none()),
        parents: parents.into_iter().flatten().map(str::to_owned).collect(),
    }
}

/// A record without a time, which Kinesis does not send, counts as very old.
fn fetched(record: Record) -> Fetched {
    let arrived = record.approximate_arrival_timestamp.and_then(|at| at.to_millis().ok()).unwrap_or_default();
    Fetched { sequence: record.sequence_number, arrived, data: record.data.into_inner() }
}
