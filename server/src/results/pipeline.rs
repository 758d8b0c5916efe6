//! The state of every delivery stream, as an admin reads it.
//!
//! Owns how the parts' figures become one picture. What waits is counted where it waits: in the outbox, and in the
//! stream behind the last offset that the load history knows.

use std::sync::Arc;

use app::api::freshness::StreamFreshness;
use app::api::pipeline::{LoadRow, Pipeline, StageStatus, StreamStatus};

use super::{Results, ResultsError};
use crate::delivery::{Health, Source};
use crate::lake::Lake;
use crate::pace::Pace;
use crate::quiz::{Heartbeats, Quiz, RelayHealth};
use crate::stream::Log;

/// Loads that the page lists.
const LOADS: u32 = 20;

/// The running parts that are asked how they are.
pub struct Parts {
    /// Accepts answers.
    pub quiz: Quiz,
    /// Keeps objects.
    pub lake: Lake,
    /// In the order of configuration.
    pub streams: Vec<Stream>,
    /// How often a heartbeat is sent when no one answers, in milliseconds.
    pub heartbeat_every_ms: i64,
}

/// One delivery stream's running parts.
pub struct Stream {
    /// Its log.
    pub log: Log,
    /// Its entrance at the gateway.
    pub gateway: Arc<Pace>,
    /// Its delivery.
    pub delivery: Arc<Health>,
    /// Its relay.
    pub relay: Arc<RelayHealth>,
    /// Its heartbeats.
    pub heartbeats: Heartbeats,
}

impl Results {
    pub(super) async fn pipeline(&self) -> Result<Pipeline, ResultsError> {
        let mut streams = Vec::with_capacity(self.parts.streams.len());
        for stream in &self.parts.streams {
            streams.push(StreamStatus {
                name: stream.log.stream().to_owned(),
                freshness: self.stream_freshness(stream).await,
                stages: self.stages(stream),
                heartbeat: stream.heartbeats.last(),
            });
        }
        let loads = self.warehouse.loads(LOADS).await.map(|rows| rows.into_iter().map(load_row).collect());
        if let Err(error) = &loads {
            tracing::error!(%error, "the load history could not be read");
        }
        Ok(Pipeline { now: self.measure.now(), streams, loads: loads.unwrap_or_default() })
    }

    /// A part that does not answer makes the verdict worse; it never leaves the last good one standing.
    async fn stream_freshness(&self, stream: &Stream) -> StreamFreshness {
        let now = self.measure.now();
        let name = stream.log.stream().to_owned();
        let mut freshness = StreamFreshness {
            measured_at: Some(now),
            waiting: 0,
            oldest_waiting: None,
            last_landed: None,
            heartbeat_every_ms: self.parts.heartbeat_every_ms,
            problem: stream.relay.problem().or_else(|| stream.delivery.problem()),
        };
        let waiting = match self.parts.quiz.outbox().waiting(&name).await {
            Ok(waiting) => waiting,
            Err(error) => return unmeasured(freshness, &error),
        };
        let landed = match self.warehouse.stream_end(name).await {
            Ok(landed) => landed,
            Err(error) => return unmeasured(freshness, &error),
        };
        let in_log = Log::end(&stream.log).saturating_sub(landed.end);
        let oldest_in_log = match stream.log.oldest_after(landed.end) {
            Ok(oldest) => oldest,
            Err(error) => return unmeasured(freshness, &error),
        };
        freshness.waiting = (waiting.records + in_log) as i64;
        freshness.oldest_waiting = waiting.oldest.into_iter().chain(oldest_in_log).min();
        freshness.last_landed = landed.loaded_at;
        freshness
    }

    fn stages(&self, stream: &Stream) -> Vec<StageStatus> {
        let Parts { quiz, lake, .. } = self.parts.as_ref();
        let in_log = Log::end(&stream.log).saturating_sub(stream.delivery.delivered());
        vec![
            stage("quiz", quiz.pace(), "answers", "accepted and saved"),
            stage("gateway", &stream.gateway, "records", "PutRecordBatch"),
            stage("stream", stream.log.pace(), "records", &format!("{in_log} buffered")),
            stage("delivery", stream.delivery.pace(), "batches", "cut by offset"),
            stage("lake", lake.pace(), "objects", "gzip and manifest"),
            stage("warehouse", self.warehouse.pace(), "loads", "COPY"),
        ]
    }
}

fn unmeasured(mut freshness: StreamFreshness, problem: &dyn std::fmt::Display) -> StreamFreshness {
    tracing::error!(%problem, "a stream's freshness could not be measured");
    freshness.measured_at = None;
    freshness.problem = Some(problem.to_string());
    freshness
}

fn stage(stage: &str, pace: &Pace, unit: &str, note: &str) -> StageStatus {
    let reading = pace.read();
    StageStatus {
        stage: stage.to_owned(),
        per_second: reading.per_second,
        unit: unit.to_owned(),
        p50_ms: reading.p50_ms,
        note: note.to_owned(),
    }
}

fn load_row(row: crate::warehouse::LoadedRow) -> LoadRow {
    LoadRow {
        loaded_at: row.loaded_at,
        stream: row.stream,
        records: row.records,
        object_bytes: row.object_bytes,
        copy_ms: row.copy_ms,
        object: row.object,
    }
}
