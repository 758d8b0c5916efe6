//! Loads: what brings a batch in, and the history of it.
//!
//! Owns the contract of a load and the shapes of the load history. Does not own which range is loaded when: `delivery` does.

use std::collections::BTreeMap;
use std::sync::Arc;

use app::api::Millis;
use app::api::pipeline::LoadRow;
use bytes::Bytes;
use url::Url;

use super::WarehouseError;
use crate::lake::Objects;
use crate::records::columns::Table;

/// What the object of a folded row begins with. No stream may have a folder of this name, and queries of the load history
/// know it, too.
pub const FOLDED: &str = "folded";

/// One batch, ready to be brought in.
#[derive(Debug)]
pub struct Load {
    /// Destination; without one the lake was it, and only the load history is written.
    pub table: Option<Arc<Table>>,
    /// Delivery stream.
    pub stream: String,
    /// Shard of the stream.
    pub shard: String,
    /// First record.
    pub start: u64,
    /// One past the last record.
    pub end: u64,
    /// Whether its records are heartbeats and nothing else: these take the place of the ones before, and of their row in
    /// the load history, so that a quiet school does not grow.
    pub is_heartbeats: bool,
    /// Where the manifest lies.
    pub manifest: Url,
    /// Rows that it has to bring.
    pub rows: u64,
    /// Key of the object that it names.
    pub object: String,
    /// Size of the object, compressed.
    pub object_bytes: u64,
    /// The object itself, from whoever has just written it where reading it back would be a download.
    pub body: Option<Bytes>,
    /// What the source calls the last record; `None` if it goes by offsets alone.
    pub checkpoint: Option<String>,
    /// When the load is said to have happened.
    pub now: Millis,
}

/// What a load did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// So many rows are new.
    Rows(u64),
    /// The load history knew the range; nothing was done.
    Already,
}

/// One batch, as the load history has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Shard of the stream.
    pub shard: String,
    /// First record.
    pub start: u64,
    /// One past the last.
    pub end: u64,
    /// Rows that it brought.
    pub records: u64,
    /// Key of its object.
    pub object: String,
}

/// How far a stream has landed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamEnds {
    /// For each shard, one past the last offset that has landed.
    pub by_shard: BTreeMap<String, u64>,
    /// When something landed last.
    pub loaded_at: Option<Millis>,
}

/// How far one shard has landed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShardEnd {
    /// One past the last offset that has landed.
    pub offset: u64,
    /// What the source calls the record before.
    pub checkpoint: Option<String>,
}

/// Whether a row of the load history stands for many loads.
#[must_use]
pub fn is_folded(object: &str) -> bool {
    object.split('/').next() == Some(FOLDED)
}

/// Brings batches in, and knows which there were.
#[async_trait::async_trait]
pub trait Loads {
    /// Brings one manifest's rows in, together with its row in the load history, in one transaction. A range that the history
    /// already knows is left alone. Loads into one table never overlap in time. What the manifest names is fetched before it
    /// is this load's turn to write, so that a slow download holds up no other stream.
    ///
    /// Returns once the transaction is on disk. Goes on to its end even if the caller stops waiting.
    ///
    /// # Errors
    /// Nothing has changed if there is one.
    async fn load(&self, load: Load, lake: Arc<dyn Objects>) -> Result<Loaded, WarehouseError>;

    /// Makes a stream's table if it is not there.
    ///
    /// # Errors
    /// If it is there with other columns.
    async fn ensure_table(&self, table: Arc<Table>) -> Result<(), WarehouseError>;

    /// How far one shard of `stream` has landed.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn shard_end(&self, stream: String, shard: String) -> Result<ShardEnd, WarehouseError>;

    /// How far `stream` has landed.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn stream_ends(&self, stream: String) -> Result<StreamEnds, WarehouseError>;

    /// The newest loads of all streams, those of heartbeats left out.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn loads(&self, most: u32) -> Result<Vec<LoadRow>, WarehouseError>;

    /// Every batch of a stream that was loaded, by shard and range.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn history(&self, stream: String) -> Result<Vec<Batch>, WarehouseError>;
}
