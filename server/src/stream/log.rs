//! One stream's log as those see it who put records into it, and who ask what it holds.
//!
//! Owns appending: room, shards, and the acknowledgement of what is on disk. Does not own writing, which `writer` does, nor
//! reading, which each shard's handle does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use app::api::Millis;
use tokio::sync::{mpsc, oneshot};

use super::chunk::Draft;
use super::{Entry, Inner, Ledger, Place, ROOM_UNIT, Record, ShardLog, Spec, StreamError, keys, ledger, writer};
use crate::pace::Pace;
use crate::records::source::{Form, Parked};

/// A handle on one stream's log. Cheap to clone; all clones are one. The log's writer ends with the last of them.
#[derive(Clone)]
pub struct Log {
    pub(super) inner: Arc<Inner>,
    pub(super) appends: mpsc::Sender<writer::Append>,
}

impl Log {
    /// Name of the stream.
    #[must_use]
    pub fn stream(&self) -> &str {
        &self.inner.name
    }

    /// Every shard that was ever opened, oldest first.
    #[must_use]
    pub fn shards(&self) -> Vec<ShardLog> {
        (0..self.inner.shards.len()).map(|index| ShardLog::new(Arc::clone(&self.inner), index)).collect()
    }

    /// One shard by its number.
    #[must_use]
    pub fn shard(&self, number: u32) -> Option<ShardLog> {
        let index = self.inner.shards.iter().position(|shard| shard.range.number == number)?;
        Some(ShardLog::new(Arc::clone(&self.inner), index))
    }

    /// Appends records, all or none, and returns the place of each once they are on disk. `form` says whether they have
    /// been checked against the stream's table.
    ///
    /// # Errors
    /// If there is one, none of the records was acknowledged. [`StreamError::Busy`] and [`StreamError::Full`] pass.
    pub async fn append(&self, records: &[Record], form: Form) -> Result<Vec<Place>, StreamError> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let began = Instant::now();
        let bytes: usize = records.iter().map(|r| r.key.len() + r.data.len()).sum();
        let room = Arc::clone(&self.inner.room);
        let units = u32::try_from(bytes.div_ceil(ROOM_UNIT)).map_err(|_| StreamError::Busy)?;
        let room = room.try_acquire_many_owned(units).map_err(|_| StreamError::Busy)?;
        self.room_for(bytes as u64).await?;

        let owners: Vec<usize> = records.iter().map(|r| self.inner.shard_of(r)).collect();
        let parts = drafts(records, &owners, form);
        let order: Vec<usize> = parts.iter().map(|(shard, ..)| *shard).collect();
        let (done, acknowledged) = oneshot::channel();
        self.appends.send(writer::Append { parts, done, room }).await.map_err(|_| StreamError::Stopped)?;
        let failed = |_| StreamError::NotWritten("the log's writer failed".to_owned());
        let firsts = acknowledged.await.map_err(failed)??;
        self.inner.pace.note(records.len(), began);
        Ok(self.places(&owners, &order, &firsts))
    }

    /// Whether one more small record has room. Lets go of what may go, as an append does.
    ///
    /// # Errors
    /// [`StreamError::Full`] until delivery has caught up.
    pub async fn check_room(&self) -> Result<(), StreamError> {
        self.room_for(ROOM_UNIT as u64).await
    }

    /// Refuses what the disk should not hold, after letting go of what may go.
    async fn room_for(&self, bytes: u64) -> Result<(), StreamError> {
        if self.inner.held_bytes() + bytes <= self.inner.spec.most_bytes {
            return Ok(());
        }
        // Letting go reads and writes.
        let log = self.clone();
        let making = tokio::task::spawn_blocking(move || log.make_room(bytes));
        making.await.unwrap_or(Err(StreamError::Stopped))
    }

    fn make_room(&self, bytes: u64) -> Result<(), StreamError> {
        let most = self.inner.spec.most_bytes;
        for shard in self.shards() {
            shard.trim(most.saturating_sub(bytes))?;
        }
        if self.inner.held_bytes() + bytes <= most { Ok(()) } else { Err(StreamError::Full) }
    }

    fn places(&self, owners: &[usize], order: &[usize], firsts: &[u64]) -> Vec<Place> {
        let mut next = vec![0; self.inner.shards.len()];
        for (shard, first) in order.iter().zip(firsts) {
            next[*shard] = *first;
        }
        let place = |shard: &usize| {
            let offset = next[*shard];
            next[*shard] += 1;
            Place { shard: self.inner.shards[*shard].range.number, offset }
        };
        owners.iter().map(place).collect()
    }

    /// The books of a shard of this stream whose records lie elsewhere.
    #[must_use]
    pub fn ledger(&self, shard: &str) -> Ledger {
        Ledger::new(Arc::clone(&self.inner), shard)
    }

    /// The books of all such shards, by the shard's name.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn entries(&self) -> Result<Vec<(String, Entry)>, StreamError> {
        ledger::entries(&self.inner)
    }

    /// The batches of such shards that were parked, oldest first within a shard.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn parked_elsewhere(&self) -> Result<Vec<(String, Parked)>, StreamError> {
        ledger::parked(&self.inner, keys::PARKED_ELSEWHERE)
    }

    /// How it is kept.
    #[must_use]
    pub fn spec(&self) -> Spec {
        self.inner.spec
    }

    /// Bytes that the stream holds.
    #[must_use]
    pub fn held_bytes(&self) -> u64 {
        self.inner.held_bytes()
    }

    /// How fast appends go.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        &self.inner.pace
    }

    /// Records at or after `landed`, each shard's own offset, and when the oldest of them arrived.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn waiting(&self, landed: &BTreeMap<String, u64>) -> Result<(u64, Option<Millis>), StreamError> {
        let (mut records, mut oldest) = (0, None::<Millis>);
        for shard in self.shards() {
            let from = landed.get(&shard.range().id()).copied().unwrap_or(0);
            records += shard.end_offset().saturating_sub(from.max(shard.floor_offset()));
            oldest = oldest.into_iter().chain(shard.arrival_of(from)?).min();
        }
        Ok((records, oldest))
    }
}

/// One chunk for each shard that the records touch, with its number of records.
fn drafts(records: &[Record], owners: &[usize], form: Form) -> Vec<(usize, u32, Draft)> {
    let mut touched: Vec<usize> = owners.to_vec();
    touched.sort_unstable();
    touched.dedup();
    let draft = |shard: usize| {
        let of_shard = records.iter().zip(owners).filter(move |(_, owner)| **owner == shard).map(|(record, _)| record);
        (shard, of_shard.clone().count() as u32, Draft::of(of_shard, form))
    };
    touched.into_iter().map(draft).collect()
}
