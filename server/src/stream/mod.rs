//! The durable log between the gateway and delivery: a stream of shards, each in order.
//!
//! Owns offsets, shards, durability, order within a shard, and retention. Does not own what a record means, nor when
//! it is delivered. An append is one chunk a shard; appends that arrive together are committed together (group commit)
//! and each is acknowledged after the sync. Offsets are given out once: a shard's end is kept even when every chunk has
//! been delivered and forgotten. Where a reader stands is the reader's own affair, so any number of them read a shard.
//!
//! Memory is bounded: at most [`IN_FLIGHT_BYTES`] wait to be written, and the engine holds at most 96 MiB over all streams
//! before it has written them as tables; then writes wait, and more is refused with [`StreamError::Busy`]. The disk is
//! bounded by [`Spec::most_bytes`]: what has been delivered goes first, and when nothing more may go, appends
//! are refused with [`StreamError::Full`] until delivery has caught up. Nothing that was acknowledged is ever dropped.

mod chunk;
mod engine;
mod keys;
mod ledger;
mod log;
mod read;
mod repair;
mod shard;
mod writer;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Semaphore, mpsc, watch};

pub use ledger::{Entry, Ledger, RecordedCut};
pub use log::Log;
pub use read::{Kept, ShardLog};
pub use shard::ShardRange;

use self::engine::Engine;
use self::keys::{End, Floor};
use crate::clock::Clock;
use crate::pace::Pace;

/// Bytes that may wait to be written, over all requests of one stream.
pub const IN_FLIGHT_BYTES: usize = 64 << 20;
/// Permits of the semaphore that counts them stand for so many bytes each.
const ROOM_UNIT: usize = 1 << 10;
/// Appends that may wait for the writer; their bytes are bounded besides.
const QUEUE: usize = 4096;

/// One record of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Partition key, at most 256 characters: records that share it stay in order.
    pub key: String,
    /// Decides the shard instead of the key, if it is there.
    pub hash: Option<u128>,
    /// What was sent; for a table, one line of JSON with its newline.
    pub data: Bytes,
}

/// Where a record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Number of the shard.
    pub shard: u32,
    /// Offset in it.
    pub offset: u64,
}

/// Between a stream's name and the generation of its log. No stream's name holds it.
const GENERATION: char = '@';

/// Which log: of two streams that had the same name one after the other, each has a log of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogName {
    /// Name of the stream.
    pub stream: String,
    /// Which of the streams that have had this name; empty for one that comes from the configuration, and is never
    /// removed.
    pub generation: String,
}

impl LogName {
    /// The log of a stream that comes from the configuration.
    #[must_use]
    pub fn configured(stream: &str) -> Self {
        Self { stream: stream.to_owned(), generation: String::new() }
    }

    fn space(&self) -> String {
        if self.generation.is_empty() {
            return self.stream.clone();
        }
        format!("{}{GENERATION}{}", self.stream, self.generation)
    }
}

/// How a stream is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Open shards.
    pub shards: u32,
    /// How long a record is kept after it was delivered.
    pub retention: Duration,
    /// Bytes that a stream may hold on disk, over its shards.
    pub most_bytes: u64,
    /// Whether somebody delivers it: what has not been delivered is kept whatever its age.
    pub is_delivered: bool,
}

/// Why the log did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The storage engine said no.
    #[error("the stream's storage answered: {0}")]
    Storage(#[from] fjall::Error),
    /// Its files cannot be read or written.
    #[error("the stream's files cannot be used: {0}")]
    Files(#[from] std::io::Error),
    /// A write failed, and the storage has not been opened again yet.
    #[error("the stream's storage is being opened again after a write that failed")]
    Recovering,
    /// A chunk or a mark does not read as it was written.
    #[error("the stream's log is damaged at {at}: {problem}")]
    Damaged {
        /// Which key.
        at: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The commit failed; nothing of this append was acknowledged.
    #[error("the stream could not be written: {0}")]
    NotWritten(String),
    /// More waits to be written than memory should hold.
    #[error("more arrives than can be written; slow down and send it again")]
    Busy,
    /// More waits to be delivered than the disk should hold.
    #[error("the stream holds all that it may until delivery catches up; send it again later")]
    Full,
    /// The log was removed with its stream.
    #[error("the stream has been deleted")]
    Removed,
    /// The server is stopping.
    #[error("the stream is shutting down")]
    Stopped,
}

/// The folder that holds every stream's log. Cheap to clone.
#[derive(Clone)]
pub struct Logs(Arc<Engine>);

impl Logs {
    /// Opens, or creates, the folder.
    ///
    /// # Errors
    /// If it cannot be opened, is locked by another process or is damaged.
    pub fn open(folder: &Path) -> Result<Self, StreamError> {
        Ok(Self(Arc::new(Engine::open(folder)?)))
    }

    /// One stream's log. `landed` says for each shard which offset delivery has reached already: none below it is ever
    /// given out, or new records would look as if they had been delivered after a log was lost.
    ///
    /// # Errors
    /// If the log cannot be opened.
    pub fn log(
        &self,
        name: &LogName,
        spec: Spec,
        landed: &BTreeMap<String, u64>,
        clock: Clock,
    ) -> Result<Log, StreamError> {
        let space = name.space();
        self.0.create(&space)?;
        let ranges = self.lay_out(&space, spec.shards)?;
        let open = |range| Shard::open(&self.0, &space, range, spec, landed);
        let shards = ranges.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let given_back = shards.iter().map(|shard| shard.removed_bytes.load(Ordering::Acquire)).sum();
        let (appends, queue) = mpsc::channel(QUEUE);
        let inner = Arc::new(Inner {
            name: name.stream.clone(),
            space: space.clone(),
            engine: Arc::clone(&self.0),
            shards,
            spec,
            room: Arc::new(Semaphore::new(IN_FLIGHT_BYTES / ROOM_UNIT)),
            trimming: Mutex::default(),
            given_back: AtomicU64::new(given_back),
            is_giving_back: AtomicBool::new(false),
            pace: Pace::default(),
            clock: clock.clone(),
        });
        writer::spawn(Arc::clone(&inner), queue, clock)?;
        Ok(Log { inner, appends })
    }

    /// How often the storage was opened since the start of the process: more than once if a write has failed.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.generation()
    }

    /// Whether appends can succeed.
    ///
    /// # Errors
    /// [`StreamError::Recovering`] between a write that failed and the append after which the storage is open again.
    pub fn check(&self) -> Result<(), StreamError> {
        if self.0.is_failed() { Err(StreamError::Recovering) } else { Ok(()) }
    }

    /// Removes a log with all that it holds. Handles that are left fail from then on.
    ///
    /// # Errors
    /// If the storage says no.
    pub fn remove(&self, name: &LogName) -> Result<(), StreamError> {
        self.0.remove(&name.space())
    }

    /// Removes the logs of streams that are not there any more: a crash may have come between the end of a stream and
    /// the removal of its log. Logs without a generation are left alone.
    ///
    /// # Errors
    /// If the storage says no.
    pub fn sweep(&self, keep: &[LogName]) -> Result<(), StreamError> {
        let keep: Vec<String> = keep.iter().map(LogName::space).collect();
        for space in self.0.spaces()?.iter().filter(|space| space.contains(GENERATION) && !keep.contains(space)) {
            tracing::warn!(space, "a log without a stream is removed");
            self.0.remove(space)?;
        }
        Ok(())
    }

    fn lay_out(&self, space: &str, count: u32) -> Result<Vec<ShardRange>, StreamError> {
        let before = self.0.read(space, |space| {
            let Some(value) = space.get(keys::SHARDS)? else { return Ok(Vec::new()) };
            serde_json::from_slice(&value).map_err(|e| damaged("the list of shards", e.to_string()))
        })?;
        let after = shard::lay_out(before.clone(), count);
        if after != before {
            let value = serde_json::to_vec(&after).map_err(|e| damaged("the list of shards", e.to_string()))?;
            self.0.write(space, true, |batch, space| {
                batch.insert(space, keys::SHARDS, value);
                Ok(())
            })?;
        }
        Ok(after)
    }
}

fn damaged(at: impl Into<String>, problem: impl Into<String>) -> StreamError {
    StreamError::Damaged { at: at.into(), problem: problem.into() }
}

/// What all handles on one log share.
struct Inner {
    /// Of the stream.
    name: String,
    /// Where in the engine it lies.
    space: String,
    engine: Arc<Engine>,
    shards: Vec<Shard>,
    spec: Spec,
    room: Arc<Semaphore>,
    /// One trim at a time.
    trimming: Mutex<()>,
    /// Bytes that had been removed when the disk was given back last.
    given_back: AtomicU64,
    /// Whether it is being given back now.
    is_giving_back: AtomicBool,
    pace: Pace,
    clock: Clock,
}

/// What is remembered of one shard; the engine has the rest.
struct Shard {
    range: ShardRange,
    end: watch::Sender<u64>,
    appended_bytes: AtomicU64,
    floor: AtomicU64,
    removed_bytes: AtomicU64,
    /// Everything below has been delivered and may go.
    released: AtomicU64,
}

impl Shard {
    fn open(
        engine: &Engine,
        space: &str,
        range: ShardRange,
        spec: Spec,
        landed: &BTreeMap<String, u64>,
    ) -> Result<Self, StreamError> {
        let (mut end, floor) = engine.read(space, |space| {
            let end = End::decode(space.get(keys::end(range.number))?.as_deref())?;
            Ok((end, Floor::decode(space.get(keys::floor(range.number))?.as_deref())?))
        })?;
        let landed = landed.get(&range.id()).copied().unwrap_or(0);
        if end.offset < landed {
            tracing::warn!(
                space,
                shard = range.id(),
                end.offset,
                landed,
                "the log is behind the warehouse; skipping ahead"
            );
            end.offset = landed;
        }
        Ok(Self {
            range,
            end: watch::Sender::new(end.offset),
            appended_bytes: AtomicU64::new(end.appended_bytes),
            floor: AtomicU64::new(floor.offset),
            removed_bytes: AtomicU64::new(floor.removed_bytes),
            released: AtomicU64::new(if spec.is_delivered { landed } else { u64::MAX }),
        })
    }

    fn end_mark(&self) -> End {
        End { offset: *self.end.borrow(), appended_bytes: self.appended_bytes.load(Ordering::Acquire) }
    }

    fn advance(&self, to: End) {
        self.appended_bytes.store(to.appended_bytes, Ordering::Release);
        self.end.send_if_modified(|end| std::mem::replace(end, to.offset) != to.offset);
    }

    fn floor(&self) -> Floor {
        let removed_bytes = self.removed_bytes.load(Ordering::Acquire);
        Floor { offset: self.floor.load(Ordering::Acquire), removed_bytes }
    }

    fn held_bytes(&self) -> u64 {
        self.appended_bytes.load(Ordering::Acquire).saturating_sub(self.removed_bytes.load(Ordering::Acquire))
    }
}

impl Inner {
    fn held_bytes(&self) -> u64 {
        self.shards.iter().map(Shard::held_bytes).sum()
    }

    /// What is on disk decides where each shard ends; never lower than what was said already.
    fn read_ends_again(&self) -> Result<(), StreamError> {
        for shard in &self.shards {
            let stored = self
                .engine
                .read(&self.space, |space| End::decode(space.get(keys::end(shard.range.number))?.as_deref()))?;
            if stored.offset > shard.end_mark().offset {
                shard.advance(stored);
            }
        }
        Ok(())
    }

    /// Index of the open shard that a record belongs to.
    fn shard_of(&self, record: &Record) -> usize {
        let open = |shard: &&Shard| shard.range.is_open;
        let first = self.shards.iter().position(|shard| open(&shard)).unwrap_or(0);
        if first + 1 == self.shards.len() {
            return first;
        }
        let hash = record.hash.unwrap_or_else(|| shard::hash(&record.key));
        first + self.shards[first..].iter().position(|s| hash <= s.range.high).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
