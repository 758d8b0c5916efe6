//! Brings batches in again that lie in the lake: parked ones, a range, or everything into an empty warehouse.
//!
//! Owns how a manifest becomes a load. A range that the load history knows is left alone, so that doing it again, or going
//! on after an interruption, is harmless. Does not own which streams there are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::MANIFESTS;
use super::names::{HEARTBEATS, MANIFEST_OF_HEARTBEATS, is_of_heartbeats};
use crate::clock::Clock;
use crate::lake::{Lake, LakeError};
use crate::records::columns::Table;
use crate::records::manifest::{Manifest, Meta};
use crate::records::source::Parked;
use crate::warehouse::{Load, Loaded, Warehouse, WarehouseError};

/// Why a batch was not brought in.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The lake could not be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// COPY failed.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// The manifest is none that a delivery has written.
    #[error("{key}: {problem}")]
    Manifest {
        /// Its key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Of a stream that is not configured any more, or has no table.
    #[error("the stream {stream} is not configured, or has no table")]
    NoTable {
        /// Which.
        stream: String,
    },
    /// The task was stopped.
    #[error("stopped")]
    Stopped,
}

/// Which batches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// Of this stream; of all if absent.
    pub stream: Option<String>,
    /// Of this shard; of all if absent.
    pub shard: Option<String>,
    /// Those with an offset at or after this.
    pub from: Option<u64>,
    /// Those with an offset before this.
    pub to: Option<u64>,
}

/// A range of offsets of one shard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    /// Delivery stream.
    pub stream: String,
    /// Shard of it.
    pub shard: String,
    /// First record.
    pub start: u64,
    /// One past the last.
    pub end: u64,
}

/// How bringing in many batches goes on.
#[derive(Debug)]
pub enum Progress<'a> {
    /// So many manifests are to be looked at.
    LookingAt(usize),
    /// One was not brought in.
    Failed {
        /// Its key.
        manifest: &'a str,
        /// Why.
        error: &'a ReplayError,
    },
    /// One more was looked at. So many rows are new until now.
    Rows(u64),
}

/// What bringing in many batches did.
#[derive(Debug, Default)]
pub struct Brought {
    /// Manifests that were looked at.
    pub batches: usize,
    /// Rows that are new.
    pub rows: u64,
    /// Batches that were not brought in.
    pub failed: usize,
    /// Batches of streams that are not configured any more, by stream. They stay in the lake.
    pub without_table: BTreeMap<String, usize>,
    /// Ranges between batches of which the lake holds nothing, in streams with heartbeats. They are taken for heartbeats,
    /// which are kept for none but the last, and are in the load history now.
    pub filled: Vec<Range>,
}

/// What lies in the lake, ready to be brought in.
#[derive(Clone)]
pub struct Replayer {
    /// From where.
    pub lake: Lake,
    /// To where.
    pub warehouse: Warehouse,
    /// What time it is.
    pub clock: Clock,
}

impl Replayer {
    /// The manifests that deliveries have left, oldest first within a stream; those of the last heartbeats come after all
    /// others.
    ///
    /// # Errors
    /// If the lake cannot be listed.
    async fn manifests(&self, which: &Which) -> Result<Vec<String>, LakeError> {
        let of_stream = which.stream.as_ref().map_or_else(String::new, |stream| format!("/{stream}"));
        let mut keys = Vec::new();
        for folder in [MANIFESTS, HEARTBEATS] {
            let listed = self.lake.list(&format!("{folder}{of_stream}")).await?.into_iter();
            let is_manifest = |key: &String| !is_of_heartbeats(key) || key.ends_with(MANIFEST_OF_HEARTBEATS);
            keys.extend(listed.map(|listed| listed.key).filter(is_manifest));
        }
        Ok(keys)
    }

    /// Brings in what the lake holds of these batches. Of the whole lake, gaps are filled (see [`Brought::filled`]) unless a
    /// batch failed. `tell` hears how it goes on.
    ///
    /// # Errors
    /// If the lake cannot be listed, or the warehouse fails as a whole.
    pub async fn bring_in_all(
        &self,
        which: &Which,
        table_of: impl Fn(&str) -> Option<Arc<Table>>,
        mut tell: impl FnMut(Progress<'_>),
    ) -> Result<Brought, ReplayError> {
        let manifests = self.manifests(which).await?;
        tell(Progress::LookingAt(manifests.len()));
        let (mut brought, mut ranges) = (Brought { batches: manifests.len(), ..Brought::default() }, Vec::new());
        for manifest in &manifests {
            match self.bring_in(manifest, which, &table_of).await {
                Ok(None) => {}
                Ok(Some((loaded, range))) => {
                    ranges.push(range);
                    if let Loaded::Rows(new) = loaded {
                        brought.rows += new;
                    }
                }
                Err(ReplayError::NoTable { stream }) => *brought.without_table.entry(stream).or_default() += 1,
                Err(error) => {
                    brought.failed += 1;
                    tell(Progress::Failed { manifest, error: &error });
                }
            }
            tell(Progress::Rows(brought.rows));
        }
        if brought.failed == 0 && *which == Which::default() {
            let has_heartbeats = |stream: &str| table_of(stream).is_some_and(|table| table.heartbeat.is_some());
            brought.filled = self.fill_gaps(ranges, has_heartbeats).await?;
        }
        Ok(brought)
    }

    /// Brings in what one manifest names, unless it is none of those or the load history knows it. `table_of` says which
    /// table a stream has.
    ///
    /// # Errors
    /// If the lake cannot be read, the manifest is not right, or COPY fails.
    async fn bring_in(
        &self,
        key: &str,
        which: &Which,
        table_of: impl Fn(&str) -> Option<Arc<Table>>,
    ) -> Result<Option<(Loaded, Range)>, ReplayError> {
        let wrong = |problem: String| ReplayError::Manifest { key: key.to_owned(), problem };
        let manifest: Manifest =
            serde_json::from_slice(&self.lake.get(key).await?).map_err(|e| wrong(format!("is no manifest: {e}")))?;
        let covers = |meta: &Meta| which.covers(&meta.stream, &meta.shard, meta.start, meta.end);
        if manifest.meta.as_ref().is_some_and(|meta| !covers(meta)) {
            return Ok(None);
        }
        let (meta, object, size) = manifest.only_batch().map_err(|problem| wrong(problem.to_owned()))?;
        let table = table_of(&meta.stream).ok_or_else(|| ReplayError::NoTable { stream: meta.stream.clone() })?;
        let range = Range { stream: meta.stream.clone(), shard: meta.shard.clone(), start: meta.start, end: meta.end };
        let loaded = self.load(Load {
            table: Some(table),
            stream: meta.stream.clone(),
            shard: meta.shard.clone(),
            start: meta.start,
            end: meta.end,
            is_heartbeats: is_of_heartbeats(key),
            manifest: self.lake.url(key),
            rows: size.record_count,
            object: self.lake.key_of(object),
            object_bytes: size.content_length,
            body: None,
            checkpoint: meta.checkpoint.clone(),
            now: self.clock.now(),
        });
        Ok(Some((loaded.await?, range)))
    }

    /// Writes into the load history what lay between batches of the whole lake where a stream has heartbeats, which are kept
    /// for none but the last. Without that, each would look like a batch that is missing. Returns what it has written.
    ///
    /// # Errors
    /// If the warehouse says no.
    async fn fill_gaps(
        &self,
        mut ranges: Vec<Range>,
        has_heartbeats: impl Fn(&str) -> bool,
    ) -> Result<Vec<Range>, ReplayError> {
        // What the history has by itself, heartbeats among it, is no gap.
        let streams: BTreeSet<String> = ranges.iter().map(|range| range.stream.clone()).collect();
        for stream in streams {
            let known = self.warehouse.history(stream.clone()).await?.into_iter();
            ranges.extend(known.map(|batch| Range {
                stream: stream.clone(),
                shard: batch.shard,
                start: batch.start,
                end: batch.end,
            }));
        }
        let mut filled = gaps(ranges);
        filled.retain(|gap| has_heartbeats(&gap.stream));
        for Range { stream, shard, start, end } in filled.clone() {
            let object = format!("{HEARTBEATS}/{stream}/{shard}.gz");
            self.load(Load {
                table: None,
                start,
                end,
                is_heartbeats: false,
                manifest: self.lake.url(&object),
                rows: 0,
                object,
                object_bytes: 0,
                body: None,
                checkpoint: None,
                now: self.clock.now(),
                stream,
                shard,
            })
            .await?;
        }
        Ok(filled)
    }

    /// Brings in a batch that was parked.
    ///
    /// # Errors
    /// If COPY still fails.
    pub async fn bring_in_parked(
        &self,
        stream: &str,
        shard: &str,
        table: Option<Arc<Table>>,
        parked: &Parked,
    ) -> Result<Loaded, ReplayError> {
        self.load(Load {
            table,
            stream: stream.to_owned(),
            shard: shard.to_owned(),
            start: parked.cut.start,
            end: parked.cut.end,
            is_heartbeats: is_of_heartbeats(&parked.object),
            manifest: self.lake.url(&parked.manifest),
            rows: parked.records,
            object: parked.object.clone(),
            object_bytes: parked.object_bytes,
            body: None,
            checkpoint: parked.checkpoint.clone(),
            now: self.clock.now(),
        })
        .await
    }

    async fn load(&self, load: Load) -> Result<Loaded, ReplayError> {
        Ok(self.warehouse.load(load, Arc::new(self.lake.clone())).await?)
    }
}

impl Which {
    fn covers(&self, stream: &str, shard: &str, start: u64, end: u64) -> bool {
        self.stream.as_deref().is_none_or(|wanted| wanted == stream)
            && self.shard.as_deref().is_none_or(|wanted| wanted == shard)
            && self.from.is_none_or(|from| end > from)
            && self.to.is_none_or(|to| start < to)
    }
}

/// What no range covers between the first and the last of each shard.
fn gaps(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort();
    let mut gaps = Vec::new();
    let mut reached: Option<Range> = None;
    for range in ranges {
        let before = reached.filter(|before| (&before.stream, &before.shard) == (&range.stream, &range.shard));
        if let Some(before) = before.as_ref().filter(|before| before.end < range.start) {
            gaps.push(Range { start: before.end, end: range.start, ..range.clone() });
        }
        // A row of the load history may stand for many batches, and reach further than those behind it.
        let end = before.map_or(range.end, |before| before.end.max(range.end));
        reached = Some(Range { end, ..range });
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_what_no_range_of_the_shard_covers() {
        let range = |shard: &str, start, end| Range { stream: "s".into(), shard: shard.into(), start, end };
        let ranges = [range("y", 40, 50), range("x", 20, 30), range("x", 0, 60), range("x", 0, 10), range("x", 70, 80)];
        assert_eq!(gaps(ranges.to_vec()), [range("x", 60, 70)]);
        assert_eq!(gaps([range("x", 20, 30), range("x", 0, 10)].to_vec()), [range("x", 10, 20)]);
    }

    #[test]
    fn a_range_covers_the_batches_that_it_touches() {
        let which = Which { stream: Some("s".into()), from: Some(10), to: Some(20), ..Which::default() };
        let covered =
            [(0, 10), (5, 11), (12, 13), (19, 30), (20, 30)].map(|(start, end)| which.covers("s", "x", start, end));
        assert_eq!(covered, [false, true, true, true, false]);
        assert!(!which.covers("other", "x", 12, 13));
        assert!(Which::default().covers("any", "x", 0, 1));
    }
}
