//! What delivery needs of a stream: contiguous ranges, and a place to write down the cut.

use std::collections::BTreeSet;

use app::api::Millis;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// A batch's range of offsets, recorded before its object is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// First record.
    pub start: u64,
    /// One past the last.
    pub end: u64,
}

/// Where a read stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Before so many bytes would be exceeded, but never before the first append.
    Bytes(usize),
    /// At this offset.
    Offset(u64),
}

impl Until {
    /// Whether an append of `bytes` is one too many.
    #[must_use]
    pub fn is_reached(self, gathered: &Gathered, bytes: usize) -> bool {
        match self {
            Self::Bytes(most) => gathered.records > 0 && gathered.data.len() + bytes > most,
            Self::Offset(end) => gathered.end() >= end,
        }
    }
}

/// A stream could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SourceError(pub Box<dyn std::error::Error + Send + Sync>);

/// Records of a contiguous range, as they go into an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    start: u64,
    first_arrived: Option<Millis>,
    keys: BTreeSet<i64>,
    /// How many records.
    pub records: u64,
    /// Their lines, one after the other.
    pub data: Vec<u8>,
}

impl Gathered {
    /// An empty range.
    #[must_use]
    pub fn starting_at(start: u64) -> Self {
        Self { start, ..Self::default() }
    }

    /// Puts the records of the next append (partition key and line) at the end.
    pub fn add<'a>(&mut self, arrived: Millis, records: impl Iterator<Item = (&'a str, &'a [u8])>) {
        self.first_arrived.get_or_insert(arrived);
        for (key, line) in records {
            self.keys.extend(key.parse::<i64>().ok());
            self.data.extend_from_slice(line);
            self.records += 1;
        }
    }

    /// One past the last offset.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.start + self.records
    }

    /// The range.
    #[must_use]
    pub fn cut(&self) -> Cut {
        Cut { start: self.start, end: self.end() }
    }

    /// When the first record arrived at the stream; 0 for an empty range.
    #[must_use]
    pub fn first_arrived(&self) -> Millis {
        self.first_arrived.unwrap_or_default()
    }

    /// The assignments that the range touches: its partition keys.
    #[must_use]
    pub fn assignments(&self) -> Vec<i64> {
        self.keys.iter().copied().collect()
    }
}

/// A durable, ordered stream that delivery reads. Blocking.
pub trait Source: Send + 'static {
    /// Name of the delivery stream.
    fn stream(&self) -> &str;
    /// Name of the shard.
    fn shard(&self) -> &str;
    /// Follows the end of the stream without polling.
    fn end(&self) -> watch::Receiver<u64>;
    /// Records from `from`, which begins an append, on.
    ///
    /// # Errors
    /// If they cannot be read.
    fn read(&self, from: u64, until: Until) -> Result<Gathered, SourceError>;
    /// The cut that was recorded last.
    ///
    /// # Errors
    /// If it cannot be read.
    fn pending_cut(&self) -> Result<Option<Cut>, SourceError>;
    /// Records a cut, durably.
    ///
    /// # Errors
    /// If it cannot be written down.
    fn record_cut(&self, cut: Cut) -> Result<(), SourceError>;
    /// Lets go of what lies before `offset`.
    ///
    /// # Errors
    /// If that cannot be written down; nothing is lost by that.
    fn forget_before(&self, offset: u64) -> Result<(), SourceError>;
}
