//! The delivery state of a shard that is read from a stream elsewhere.
//!
//! Owns the recorded cut, the parked batches, and two marks by which a restart detects lost records. Does not own records, nor
//! the position at which reading goes on: the load history has that.

use std::sync::Arc;

use app::api::Millis;
use serde::{Deserialize, Serialize};

use super::{Inner, StreamError, damaged, keys};
use crate::records::source::{Cut, Parked};

/// What is written down about one shard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// The batch that delivery has worked on last.
    pub cut: Option<RecordedCut>,
    /// At this instant every record that had arrived had landed or was parked. Kept with minutes between two writes.
    pub nothing_waited_at: Option<Millis>,
    /// Whether the shard is closed, and every record of it has landed or was parked.
    pub is_drained: bool,
}

/// A batch's range, as it was when it was cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedCut {
    /// Its range.
    pub cut: Cut,
    /// What the source calls its last record.
    pub last: String,
    /// When its first record arrived.
    pub first_arrived: Millis,
}

/// The books of one shard. Cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    log: Arc<Inner>,
    shard: String,
}

impl Ledger {
    pub(super) fn new(log: Arc<Inner>, shard: &str) -> Self {
        Self { log, shard: shard.to_owned() }
    }

    /// Name of the delivery stream.
    #[must_use]
    pub fn stream(&self) -> &str {
        &self.log.name
    }

    /// Name of the shard, with the name of the stream that it is of.
    #[must_use]
    pub fn shard(&self) -> &str {
        &self.shard
    }

    /// What was written down last.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn entry(&self) -> Result<Entry, StreamError> {
        self.log.engine.read(&self.log.space, |space| {
            let Some(value) = space.get(keys::entry(&self.shard))? else { return Ok(Entry::default()) };
            serde_json::from_slice(&value).map_err(|e| damaged(format!("the books of {}", self.shard), e.to_string()))
        })
    }

    /// Writes down, durably.
    ///
    /// # Errors
    /// If that fails.
    pub fn write(&self, entry: &Entry) -> Result<(), StreamError> {
        self.put(keys::entry(&self.shard), entry)
    }

    /// The batches that were parked, oldest first.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn parked(&self) -> Result<Vec<Parked>, StreamError> {
        let parked = parked(&self.log, &keys::parked_elsewhere(&self.shard))?;
        Ok(parked.into_iter().map(|(_, parked)| parked).collect())
    }

    /// Writes down that a batch is parked, durably. Again is the same.
    ///
    /// # Errors
    /// If that fails.
    pub fn park(&self, parked: &Parked) -> Result<(), StreamError> {
        self.put(keys::parked_elsewhere_at(&self.shard, parked.cut.start), &(&self.shard, parked))
    }

    /// Strikes a parked batch off, durably, by its first offset.
    ///
    /// # Errors
    /// If that cannot be written down.
    pub fn strike_off(&self, start: u64) -> Result<(), StreamError> {
        self.log.engine.recover()?;
        self.log.engine.write(&self.log.space, true, |batch, space| {
            batch.remove(space, keys::parked_elsewhere_at(&self.shard, start));
            Ok(())
        })
    }

    fn put(&self, key: Vec<u8>, value: &impl Serialize) -> Result<(), StreamError> {
        let books = || format!("the books of {}", self.shard);
        let value = serde_json::to_vec(value).map_err(|e| damaged(books(), e.to_string()))?;
        self.log.engine.recover()?;
        self.log.engine.write(&self.log.space, true, |batch, space| {
            batch.insert(space, key, value);
            Ok(())
        })
    }
}

/// The entries of all shards, by the shard's name.
pub(super) fn entries(log: &Inner) -> Result<Vec<(String, Entry)>, StreamError> {
    log.engine.read(&log.space, |space| {
        let mut entries = Vec::new();
        for guard in space.prefix(keys::ENTRIES) {
            let (key, value) = guard.into_inner()?;
            let shard = String::from_utf8_lossy(&key[keys::ENTRIES.len()..]).into_owned();
            let entry =
                serde_json::from_slice(&value).map_err(|e| damaged(format!("the books of {shard}"), e.to_string()))?;
            entries.push((shard, entry));
        }
        Ok(entries)
    })
}

/// The parked batches below a key, each with its shard.
pub(super) fn parked(log: &Inner, below: &[u8]) -> Result<Vec<(String, Parked)>, StreamError> {
    log.engine.read(&log.space, |space| {
        let mut parked = Vec::new();
        for guard in space.prefix(below) {
            let value = guard.value()?;
            parked.push(serde_json::from_slice(&value).map_err(|e| damaged("a parked batch", e.to_string()))?);
        }
        Ok(parked)
    })
}
