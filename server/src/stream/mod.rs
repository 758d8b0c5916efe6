//! The durable log between the gateway and delivery.
//!
//! | key space | key | value |
//! |---|---|---|
//! | `<stream>.chunks` | first offset, big-endian | the records of one append (`chunk.rs`) |
//! | `<stream>.marks` | `end` | one past the last offset ever given out |
//! | `<stream>.marks` | `cut` | the batch that delivery works on ([`Cut`]) |
//!
//! Owns offsets, durability and order. Does not own what a record means, nor when it is delivered. An append is one
//! chunk; appends that arrive together are committed together (group commit) and each is acknowledged after the sync.
//! Offsets are given out once: `end` is kept even when every chunk has been delivered and forgotten.

mod chunk;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use app::api::Millis;
use bytes::Bytes;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::Clock;
use crate::delivery::{Cut, Gathered, Source, SourceError, Until};
use crate::pace::Pace;

/// Appends that may wait for the writer; more make the producer wait, so that memory stays bounded.
const QUEUE: usize = 256;

const END: &str = "end";
const CUT: &str = "cut";

/// One record of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Partition key: records that share it stay in order.
    pub key: String,
    /// What was sent, one line of JSON with its newline.
    pub data: Bytes,
}

/// Why the log did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The storage engine said no.
    #[error("the stream's storage answered: {0}")]
    Storage(#[from] fjall::Error),
    /// A chunk or a mark does not read as it was written.
    #[error("the stream's log is damaged at {at}: {problem}")]
    Damaged {
        /// Which key.
        at: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The commit failed; nothing of this append was taken.
    #[error("the stream could not be written: {0}")]
    NotWritten(String),
    /// The server is stopping.
    #[error("the stream is shutting down")]
    Stopped,
}

/// The folder that holds every stream's log.
pub struct Logs(Database);

impl Logs {
    /// Opens, or creates, the folder.
    ///
    /// # Errors
    /// If it cannot be opened, is locked by another process or is damaged.
    pub fn open(folder: &Path) -> Result<Self, StreamError> {
        Ok(Self(Database::builder(folder).worker_threads(1).open()?))
    }

    /// One delivery stream's log. No offset below `landed`, which the load history knows already, is ever given out:
    /// after a log was lost, new records would look as if they had been delivered.
    ///
    /// # Errors
    /// If the log cannot be opened.
    pub fn log(&self, stream: &str, landed: u64, clock: Clock) -> Result<Log, StreamError> {
        let chunks = self.0.keyspace(&format!("{stream}.chunks"), KeyspaceCreateOptions::default)?;
        let marks = self.0.keyspace(&format!("{stream}.marks"), KeyspaceCreateOptions::default)?;
        let store = Store { db: self.0.clone(), chunks, marks };
        let end = store.end()?;
        if end < landed {
            tracing::warn!(stream, end, landed, "the log is behind the warehouse; skipping ahead");
        }
        let end = watch::Sender::new(end.max(landed));
        let (appends, queue) = mpsc::channel(QUEUE);
        let pace = Arc::new(Pace::default());
        writer::spawn(store.clone(), queue, end.clone(), clock);
        Ok(Log { name: stream.into(), store, appends, end, pace, floor: Arc::default() })
    }
}

/// The key spaces of one stream.
#[derive(Clone)]
struct Store {
    db: Database,
    chunks: Keyspace,
    marks: Keyspace,
}

impl Store {
    fn end(&self) -> Result<u64, StreamError> {
        let Some(value) = self.marks.get(END)? else { return Ok(0) };
        let bytes = value.as_ref().try_into().map_err(|_| damaged(END, "not 8 bytes"))?;
        Ok(u64::from_be_bytes(bytes))
    }
}

fn damaged(at: impl Into<String>, problem: impl Into<String>) -> StreamError {
    StreamError::Damaged { at: at.into(), problem: problem.into() }
}

/// A handle on one stream's log. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Log {
    name: Arc<str>,
    store: Store,
    appends: mpsc::Sender<writer::Append>,
    end: watch::Sender<u64>,
    pace: Arc<Pace>,
    /// Everything below has been forgotten, so that forgetting more need not step over what is gone.
    floor: Arc<AtomicU64>,
}

impl Log {
    /// Appends records, all or none, and returns the offset of the first once they are on disk.
    ///
    /// # Errors
    /// If there is one, none of the records was taken.
    pub async fn append(&self, records: Vec<Record>) -> Result<u64, StreamError> {
        let began = Instant::now();
        let count = records.len();
        if count == 0 {
            return Ok(self.end());
        }
        let (done, acknowledged) = oneshot::channel();
        self.appends.send(writer::Append { records, done }).await.map_err(|_| StreamError::Stopped)?;
        let first = acknowledged.await.map_err(|_| StreamError::Stopped)??;
        self.pace.note(count, began);
        Ok(first)
    }

    /// One past the last offset.
    #[must_use]
    pub fn end(&self) -> u64 {
        *self.end.borrow()
    }

    /// How fast appends go.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// When the oldest record at or after `offset` arrived.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn oldest_after(&self, offset: u64) -> Result<Option<Millis>, StreamError> {
        let Some(guard) = self.store.chunks.range(offset.to_be_bytes()..).next() else { return Ok(None) };
        let (key, value) = guard.into_inner()?;
        Ok(Some(chunk::decode(&key, &value)?.arrived))
    }

    /// Removes the chunks that end at or before `offset`. Not synced: a chunk that comes back after a crash is below
    /// what the load history knows, and is never read again.
    fn forget(&self, offset: u64) -> Result<(), StreamError> {
        let mut batch = self.store.db.batch();
        let floor = self.floor.load(Ordering::Relaxed).min(offset);
        for guard in self.store.chunks.range(floor.to_be_bytes()..offset.to_be_bytes()) {
            let (key, value) = guard.into_inner()?;
            if chunk::end(&key, &value)? <= offset {
                batch.remove(&self.store.chunks, key);
            }
        }
        batch.commit()?;
        self.floor.fetch_max(offset, Ordering::Relaxed);
        Ok(())
    }

    fn gather(&self, from: u64, until: Until) -> Result<Gathered, StreamError> {
        let mut gathered = Gathered::starting_at(from);
        for guard in self.store.chunks.range(from.to_be_bytes()..) {
            let (key, value) = guard.into_inner()?;
            let chunk = chunk::decode(&key, &value)?;
            if until.is_reached(&gathered, chunk.bytes()) {
                break;
            }
            gathered.add(chunk.arrived, chunk.records.iter().map(|r| (r.key.as_str(), r.data.as_ref())));
        }
        Ok(gathered)
    }
}

impl Source for Log {
    fn stream(&self) -> &str {
        &self.name
    }

    fn shard(&self) -> &'static str {
        "shardId-000000000000"
    }

    fn end(&self) -> watch::Receiver<u64> {
        self.end.subscribe()
    }

    fn read(&self, from: u64, until: Until) -> Result<Gathered, SourceError> {
        Ok(self.gather(from, until)?)
    }

    fn pending_cut(&self) -> Result<Option<Cut>, SourceError> {
        let Some(value) = self.store.marks.get(CUT).map_err(StreamError::from)? else { return Ok(None) };
        let cut = serde_json::from_slice(&value).map_err(|e| damaged(CUT, e.to_string()))?;
        Ok(Some(cut))
    }

    fn record_cut(&self, cut: Cut) -> Result<(), SourceError> {
        let value = serde_json::to_vec(&cut).map_err(|e| damaged(CUT, e.to_string()))?;
        self.store.marks.insert(CUT, value).map_err(StreamError::from)?;
        self.store.db.persist(PersistMode::SyncAll).map_err(StreamError::from)?;
        Ok(())
    }

    fn forget_before(&self, offset: u64) -> Result<(), SourceError> {
        Ok(self.forget(offset)?)
    }
}

impl From<StreamError> for SourceError {
    fn from(error: StreamError) -> Self {
        Self(Box::new(error))
    }
}

#[cfg(test)]
mod tests;
