//! What an admin reads: is the pipeline alive, and where does an answer wait?

use serde::{Deserialize, Serialize};

use super::Millis;
use super::freshness::StreamFreshness;

/// Every delivery stream, and the newest loads of all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Pipeline {
    /// The server's clock when this was put together.
    pub now: Millis,
    /// In the order of configuration.
    pub streams: Vec<StreamStatus>,
    /// Newest first, at most 20.
    pub loads: Vec<LoadRow>,
}

/// One delivery stream from end to end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StreamStatus {
    /// Name of the delivery stream.
    pub name: String,
    /// How current its table is.
    pub freshness: StreamFreshness,
    /// The stages, in the order of the way of an answer.
    pub stages: Vec<StageStatus>,
    /// The last heartbeat that went the whole way.
    pub heartbeat: Option<Heartbeat>,
    /// Batches that the stream went on without, oldest first in each shard.
    pub parked: Vec<ParkedBatch>,
}

/// A batch whose COPY failed for too long. Its records lie in the lake; `POST /api/streams/{name}/replay` tries again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ParkedBatch {
    /// Shard of the stream.
    pub shard: String,
    /// First offset.
    pub start: u64,
    /// Records.
    pub records: u64,
    /// When it was parked.
    pub parked_at: Millis,
    /// What COPY said last.
    pub reason: String,
}

/// Answer to `POST /api/streams/{name}/replay`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Replayed {
    /// Batches that are in the warehouse now.
    pub batches: u64,
}

/// One stage: its pace over the last ten seconds, and what it fails with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StageStatus {
    /// `quiz`, `gateway`, `stream`, `delivery`, `lake` or `warehouse`.
    pub stage: String,
    /// Units a second.
    pub per_second: f64,
    /// What is counted: `answers`, `records`, `batches`, `objects`, `loads`.
    pub unit: String,
    /// Middle time that the stage took for one unit, in milliseconds; absent when nothing went through.
    pub p50_ms: Option<f64>,
    /// Ninety-nine of a hundred took no longer, in milliseconds.
    pub p99_ms: Option<f64>,
    /// What else there is to say: "PutRecordBatch", "12 records buffered".
    pub note: String,
    /// What it failed with last, in its own words; absent while it does its work.
    #[serde(default)]
    pub problem: Option<String>,
}

/// A record of no student, sent through the whole way when no one is answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Heartbeat {
    /// When it was accepted.
    pub sent_at: Millis,
    /// How long it took to become readable, in milliseconds.
    pub took_ms: i64,
}

/// One row of the load history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct LoadRow {
    /// When it was committed.
    pub loaded_at: Millis,
    /// Which delivery stream.
    pub stream: String,
    /// Rows it brought.
    pub records: i64,
    /// Size of the object, compressed, in bytes.
    pub object_bytes: i64,
    /// How long the COPY took, in milliseconds.
    pub copy_ms: f64,
    /// Key of the object in the lake.
    pub object: String,
}
