//! The contract between a stream and its reader.
//!
//! Owns what a reader asks of a stream: records of a contiguous range, a place to write down the cut of the next batch, and
//! one for batches that were parked. Does not own how a stream keeps them.

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
            Self::Bytes(most) => gathered.records() > 0 && gathered.data.len() + bytes > most,
            Self::Offset(end) => gathered.end() >= end,
        }
    }
}

/// A stream could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SourceError(pub Box<dyn std::error::Error + Send + Sync>);

/// Records of a contiguous range, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    start: u64,
    data: Vec<u8>,
    /// Where each record ends in `data`.
    ends: Vec<usize>,
    /// Appends, in order.
    appends: Vec<Append>,
    /// Names the last record in the source's own way.
    checkpoint: Option<String>,
}

/// What is known of the records of one append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Append {
    /// Place of the first.
    from: usize,
    arrived: Millis,
    form: Form,
}

/// Whether records have been checked already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As the sender wrote them.
    Raw,
    /// Lines that fit the stream's table.
    Fitted,
}

/// One record of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// When it arrived at the stream.
    pub arrived: Millis,
    /// Whether it has been checked.
    pub form: Form,
    /// What was sent, or its line.
    pub data: &'a [u8],
}

impl Gathered {
    /// An empty range.
    #[must_use]
    pub fn starting_at(start: u64) -> Self {
        Self { start, ..Self::default() }
    }

    /// Moves the start of a range that is still empty: what lay before is not kept any more.
    pub fn skip_to(&mut self, start: u64) {
        if self.ends.is_empty() {
            self.start = start;
        }
    }

    /// The records that are pushed from now on came in one append.
    pub fn begin(&mut self, arrived: Millis, form: Form) {
        self.appends.push(Append { from: self.ends.len(), arrived, form });
    }

    /// Puts a record at the end.
    pub fn push(&mut self, data: &[u8]) {
        self.data.extend_from_slice(data);
        self.ends.push(self.data.len());
    }

    /// How many records.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.ends.len() as u64
    }

    /// All records, one after the other.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Whether every record is a line that fits the table.
    #[must_use]
    pub fn is_fitted(&self) -> bool {
        self.appends.iter().all(|append| append.form == Form::Fitted)
    }

    /// What the source calls the last record; absent if it goes by offsets alone.
    #[must_use]
    pub fn checkpoint(&self) -> Option<&str> {
        self.checkpoint.as_deref()
    }

    /// Says what the source calls the last record.
    pub fn set_checkpoint(&mut self, checkpoint: String) {
        self.checkpoint = Some(checkpoint);
    }

    /// Each record by itself.
    pub fn items(&self) -> impl Iterator<Item = Item<'_>> {
        let bounds = self.appends.iter().skip(1).map(|next| next.from).chain([self.ends.len()]);
        self.appends.iter().zip(bounds).flat_map(|(append, until)| {
            (append.from..until).map(|place| {
                let begin = place.checked_sub(1).map_or(0, |before| self.ends[before]);
                Item { arrived: append.arrived, form: append.form, data: &self.data[begin..self.ends[place]] }
            })
        })
    }

    /// One past the last offset.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.start + self.records()
    }

    /// The range.
    #[must_use]
    pub fn cut(&self) -> Cut {
        Cut { start: self.start, end: self.end() }
    }

    /// When the first record arrived at the stream; 0 for an empty range.
    #[must_use]
    pub fn first_arrived(&self) -> Millis {
        self.appends.first().map_or(0, |append| append.arrived)
    }
}

/// A batch whose COPY failed for so long that the stream went on without it. Its object is in the lake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// Its range.
    pub cut: Cut,
    /// Records in it.
    pub records: u64,
    /// Key of the manifest that COPY takes.
    pub manifest: String,
    /// Key of the object.
    pub object: String,
    /// Compressed size of the object.
    pub object_bytes: u64,
    /// When its first record arrived.
    pub first_arrived: Millis,
    /// When it was parked.
    pub parked_at: Millis,
    /// What COPY said last.
    pub reason: String,
    /// What the source calls its last record, if it does not go by offsets alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
}

/// One shard of a durable, ordered stream, as delivery reads it. Blocking.
pub trait Source: Send + Sync + 'static {
    /// Name of the delivery stream.
    fn stream(&self) -> &str;
    /// Name of the shard.
    fn shard(&self) -> String;
    /// Follows the end of the shard without polling. Changes also when the shard turns out to be drained.
    fn end(&self) -> watch::Receiver<u64>;
    /// Says where delivery goes on, before anything is read: every record before `offset` has landed or is parked, and
    /// the last of them is the one that the source calls `checkpoint`.
    ///
    /// # Errors
    /// If it cannot go on there.
    fn resume(&self, offset: u64, checkpoint: Option<&str>) -> Result<(), SourceError>;
    /// Whether nothing will ever come at or after `offset`.
    fn is_drained(&self, offset: u64) -> bool;
    /// When the oldest record at or after `offset` arrived.
    ///
    /// # Errors
    /// If it cannot be read.
    fn arrival_of(&self, offset: u64) -> Result<Option<Millis>, SourceError>;
    /// Adds the records that follow `gathered`. If that is empty and begins before the oldest that is kept, it begins
    /// there.
    ///
    /// # Errors
    /// If they cannot be read.
    fn read(&self, gathered: &mut Gathered, until: Until) -> Result<(), SourceError>;
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
    /// The batches that were parked, oldest first.
    ///
    /// # Errors
    /// If they cannot be read.
    fn parked(&self) -> Result<Vec<Parked>, SourceError>;
    /// Writes down that a batch is parked, durably. Again is the same.
    ///
    /// # Errors
    /// If it cannot be written down.
    fn park(&self, parked: &Parked) -> Result<(), SourceError>;
    /// Lets go of what lies before `offset`, as soon as retention allows.
    ///
    /// # Errors
    /// If that cannot be written down; nothing is lost by that.
    fn forget_before(&self, offset: u64) -> Result<(), SourceError>;
}
