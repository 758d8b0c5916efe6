//! One shard as its readers see it: delivery, and whoever asks by sequence number or by time.
//!
//! Owns finding, gathering and letting go. Does not own where a reader stands.

use std::ops::{ControlFlow, Range};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use app::api::Millis;
use bytes::Bytes;
use fjall::Keyspace;
use tokio::sync::watch;

use super::chunk::Chunk;
use super::{Inner, Shard, ShardRange, StreamError, damaged, keys};
use crate::crash;
use crate::records::source::{Cut, Gathered, Parked, Source, SourceError, Until};

/// Records, and bytes of them, that are read at once by whoever goes through all.
const AT_ONCE: usize = 10_000;
const AT_ONCE_BYTES: usize = 16 << 20;
/// Chunks that one commit removes, at the most.
const REMOVED_AT_ONCE: usize = 4096;
/// Bytes that are removed, at the least, before the disk of them is given back.
const GIVE_BACK_BYTES: u64 = 256 << 20;

/// One record as it lies in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its offset.
    pub offset: u64,
    /// When it arrived at the stream.
    pub arrived: Millis,
    /// Its partition key.
    pub key: String,
    /// What was sent.
    pub data: Bytes,
}

/// A handle on one shard. Cheap to clone.
#[derive(Clone)]
pub struct ShardLog {
    log: Arc<Inner>,
    index: usize,
}

impl ShardLog {
    pub(super) fn new(log: Arc<Inner>, index: usize) -> Self {
        Self { log, index }
    }

    fn state(&self) -> &Shard {
        &self.log.shards[self.index]
    }

    /// Its place among its siblings.
    #[must_use]
    pub fn range(&self) -> ShardRange {
        self.state().range
    }

    /// One past the last offset.
    #[must_use]
    pub fn end_offset(&self) -> u64 {
        *self.state().end.borrow()
    }

    /// The oldest offset that is kept.
    #[must_use]
    pub fn floor_offset(&self) -> u64 {
        self.state().floor().offset
    }

    /// When the oldest record at or after `offset` arrived.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn arrival_of(&self, offset: u64) -> Result<Option<Millis>, StreamError> {
        let mut arrived = None;
        self.visit(offset, |chunk| {
            arrived = Some(chunk.arrived());
            Ok(ControlFlow::Break(()))
        })?;
        Ok(arrived)
    }

    /// The offset of the first record that arrived at or after an instant; the end if there is none.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn first_since(&self, instant: Millis) -> Result<u64, StreamError> {
        let (mut low, mut high) = (self.floor_offset(), self.end_offset());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.arrival_of(middle)? {
                Some(arrived) if arrived < instant => low = middle + 1,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    /// Records from `from` on: at most so many, and no more bytes than that unless the first alone has more.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn records(&self, from: u64, most: usize, most_bytes: usize) -> Result<Vec<Kept>, StreamError> {
        let (mut kept, mut bytes) = (Vec::new(), 0);
        self.visit(from, |chunk| {
            let first = chunk.first().max(from);
            for (offset, record) in (first..).zip(chunk.records(from)) {
                let (key, data) = record?;
                bytes += data.len() + key.len();
                if kept.len() == most || (bytes > most_bytes && !kept.is_empty()) {
                    return Ok(ControlFlow::Break(()));
                }
                let (key, data) = (key.to_owned(), Bytes::copy_from_slice(data));
                kept.push(Kept { offset, arrived: chunk.arrived(), key, data });
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(kept)
    }

    /// Goes through the records of a range of offsets, some at a time.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn read_through(&self, range: Range<u64>, mut take: impl FnMut(&[Kept])) -> Result<(), StreamError> {
        let mut from = range.start;
        while from < range.end {
            let most = usize::try_from(range.end - from).map_or(AT_ONCE, |left| left.min(AT_ONCE));
            let mut records = self.records(from, most, AT_ONCE_BYTES)?;
            // Where offsets were left out, as many records reach further.
            records.retain(|record| record.offset < range.end);
            let Some(last) = records.last() else { return Ok(()) };
            from = last.offset + 1;
            take(&records);
        }
        Ok(())
    }

    /// The batches whose COPY was given up, oldest first.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn parked_batches(&self) -> Result<Vec<Parked>, StreamError> {
        self.log.engine.read(&self.log.space, |space| {
            let mut parked = Vec::new();
            for guard in space.prefix(keys::parked(self.range().number)) {
                let value = guard.value()?;
                parked.push(serde_json::from_slice(&value).map_err(|e| damaged("a parked batch", e.to_string()))?);
            }
            Ok(parked)
        })
    }

    /// The batch that delivery has worked on last.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn recorded_cut(&self) -> Result<Option<Cut>, StreamError> {
        self.log.engine.read(&self.log.space, |space| {
            let Some(value) = space.get(keys::cut(self.range().number))? else { return Ok(None) };
            serde_json::from_slice(&value).map(Some).map_err(|e| damaged("the recorded cut", e.to_string()))
        })
    }

    /// Strikes a parked batch off, durably, by its first offset.
    ///
    /// # Errors
    /// If that cannot be written down.
    pub fn strike_off(&self, start: u64) -> Result<(), StreamError> {
        self.log.engine.recover()?;
        self.log.engine.write(&self.log.space, true, |batch, space| {
            batch.remove(space, keys::parked_at(self.range().number, start));
            Ok(())
        })
    }

    /// Shows every chunk that holds records at or after `from`, in order, until told to stop.
    fn visit(
        &self,
        from: u64,
        mut look: impl FnMut(Chunk<'_>) -> Result<ControlFlow<()>, StreamError>,
    ) -> Result<(), StreamError> {
        let shard = self.range().number;
        self.log.engine.read(&self.log.space, |space| {
            let begin = chunk_with(space, shard, from)?;
            for guard in space.range(keys::chunk(shard, begin)..=keys::chunk(shard, u64::MAX)) {
                let (key, value) = guard.into_inner()?;
                let chunk = Chunk::read(keys::offset_of(&key)?, &value)?;
                if chunk.end() > from && look(chunk)?.is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    fn gather(&self, gathered: &mut Gathered, until: Until) -> Result<(), StreamError> {
        gathered.skip_to(gathered.end().max(self.floor_offset()));
        self.visit(gathered.end(), |chunk| {
            let from = gathered.end();
            if chunk.first() > from {
                return Err(damaged(format!("offset {from}"), format!("records up to {} are missing", chunk.first())));
            }
            if until.is_reached(gathered, chunk.bytes()) {
                return Ok(ControlFlow::Break(()));
            }
            gathered.begin(chunk.arrived(), chunk.form());
            for record in chunk.records(from) {
                gathered.push(record?.1);
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Lets go of chunks that have been delivered: those older than the retention, and the oldest of the others while
    /// the stream holds more than `most_bytes`. Not synced: a chunk that comes back after a crash is below what the load
    /// history knows, and is not delivered again.
    pub(super) fn trim(&self, most_bytes: u64) -> Result<(), StreamError> {
        let _one_at_a_time = self.log.trimming.lock().unwrap_or_else(PoisonError::into_inner);
        while self.trim_once(most_bytes)? == REMOVED_AT_ONCE {}
        self.give_back();
        Ok(())
    }

    /// Gives the disk back once far more was removed than is left: a backlog has been delivered.
    fn give_back(&self) {
        let removed: u64 = self.log.shards.iter().map(|shard| shard.removed_bytes.load(Ordering::Acquire)).sum();
        let before = self.log.given_back.load(Ordering::Acquire);
        let is_due = removed.saturating_sub(before) > GIVE_BACK_BYTES.max(4 * self.log.held_bytes());
        // One at a time.
        if !is_due || self.log.is_giving_back.swap(true, Ordering::AcqRel) {
            return;
        }
        // Whatever becomes of it: one that failed is not tried again before as much more has been removed.
        self.log.given_back.store(removed, Ordering::Release);
        let log = Arc::clone(&self.log);
        let compact = move || {
            let compacting = AssertUnwindSafe(|| log.engine.compact(&log.space));
            let done = catch_unwind(compacting).unwrap_or(Err(StreamError::Stopped));
            if let Err(error) = done {
                tracing::warn!(stream = %log.name, %error, "the disk of what was delivered was not given back");
            }
            log.is_giving_back.store(false, Ordering::Release);
        };
        if let Err(error) = std::thread::Builder::new().name(format!("compact {}", self.log.name)).spawn(compact) {
            tracing::warn!(%error, "the disk of what was delivered was not given back");
            self.log.is_giving_back.store(false, Ordering::Release);
        }
    }

    /// Removes what may go, up to [`REMOVED_AT_ONCE`] chunks, and says how many that were.
    fn trim_once(&self, most_bytes: u64) -> Result<usize, StreamError> {
        let state = self.state();
        let released = state.released.load(Ordering::Acquire);
        let too_old = self.log.clock.now().saturating_sub(self.log.spec.retention.as_millis() as i64);
        let mut held = self.log.held_bytes();
        let (mut gone, mut after) = (Vec::new(), state.floor());
        self.visit(after.offset, |chunk| {
            let may_go = chunk.end() <= released && (chunk.arrived() <= too_old || held > most_bytes);
            if !may_go || gone.len() == REMOVED_AT_ONCE {
                return Ok(ControlFlow::Break(()));
            }
            gone.push(keys::chunk(state.range.number, chunk.first()));
            held = held.saturating_sub(chunk.size());
            after.offset = chunk.end();
            after.removed_bytes += chunk.size();
            Ok(ControlFlow::Continue(()))
        })?;
        if gone.is_empty() {
            return Ok(0);
        }
        crash::point("stream: before trim");
        self.log.engine.write(&self.log.space, false, |batch, space| {
            gone.iter().for_each(|key| batch.remove(space, *key));
            batch.insert(space, keys::floor(state.range.number), after.encode());
            Ok(())
        })?;
        crash::point("stream: after trim");
        state.floor.store(after.offset, Ordering::Release);
        state.removed_bytes.store(after.removed_bytes, Ordering::Release);
        Ok(gone.len())
    }
}

/// The first offset of the chunk that holds `offset`, or `offset` itself.
fn chunk_with(space: &Keyspace, shard: u32, offset: u64) -> Result<u64, StreamError> {
    match space.range(keys::chunk(shard, 0)..=keys::chunk(shard, offset)).next_back() {
        Some(guard) => keys::offset_of(&guard.key()?),
        None => Ok(offset),
    }
}

impl Source for ShardLog {
    fn stream(&self) -> &str {
        &self.log.name
    }

    fn shard(&self) -> String {
        self.range().id()
    }

    fn end(&self) -> watch::Receiver<u64> {
        self.state().end.subscribe()
    }

    /// Offsets are all that a log needs.
    fn resume(&self, _offset: u64, _checkpoint: Option<&str>) -> Result<(), SourceError> {
        Ok(())
    }

    /// A closed shard may be opened again by the configuration, and delivery costs nothing while nothing comes.
    fn is_drained(&self, _offset: u64) -> bool {
        false
    }

    fn arrival_of(&self, offset: u64) -> Result<Option<Millis>, SourceError> {
        Ok(ShardLog::arrival_of(self, offset)?)
    }

    fn read(&self, gathered: &mut Gathered, until: Until) -> Result<(), SourceError> {
        Ok(self.gather(gathered, until)?)
    }

    fn pending_cut(&self) -> Result<Option<Cut>, SourceError> {
        Ok(self.recorded_cut()?)
    }

    fn record_cut(&self, cut: Cut) -> Result<(), SourceError> {
        let value = serde_json::to_vec(&cut).map_err(|e| damaged("the recorded cut", e.to_string()))?;
        self.log.engine.recover()?;
        self.log.engine.write(&self.log.space, true, |batch, space| {
            batch.insert(space, keys::cut(self.range().number), value);
            Ok(())
        })?;
        Ok(())
    }

    fn parked(&self) -> Result<Vec<Parked>, SourceError> {
        Ok(self.parked_batches()?)
    }

    fn park(&self, parked: &Parked) -> Result<(), SourceError> {
        let value = serde_json::to_vec(parked).map_err(|e| damaged("a parked batch", e.to_string()))?;
        self.log.engine.recover()?;
        self.log.engine.write(&self.log.space, true, |batch, space| {
            batch.insert(space, keys::parked_at(self.range().number, parked.cut.start), value);
            Ok(())
        })?;
        Ok(())
    }

    fn forget_before(&self, offset: u64) -> Result<(), SourceError> {
        self.state().released.fetch_max(offset, Ordering::AcqRel);
        Ok(self.trim(self.log.spec.most_bytes)?)
    }
}

impl From<StreamError> for SourceError {
    fn from(error: StreamError) -> Self {
        Self(Box::new(error))
    }
}
