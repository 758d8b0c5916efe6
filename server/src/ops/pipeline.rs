//! The state of every delivery stream, as an admin reads it.
//!
//! Owns how the parts' figures become one picture. What waits is counted where it waits: in the outbox, in the stream
//! behind the last offset that the load history knows, and elsewhere as far as that is known. Does not own the verdict,
//! nor any part's own figures.

use std::collections::BTreeMap;
use std::sync::Arc;

use app::api::Millis;
use app::api::freshness::StreamFreshness;
use app::api::pipeline::{ParkedBatch, Pipeline, StageStatus, StreamStatus};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Heartbeats, Ops};
use crate::attempts::Attempts;
use crate::outbox::{Outbox, RelayHealth};
use crate::pace::Pace;
use crate::records::QUIZ_ANSWERS;
use crate::records::source::Parked;
use crate::records::time::millis_of;
use crate::registry::{DeliveryStream, Registry};
use crate::remote::Target;
use crate::stream::{Log, StreamError};

/// Loads that the page lists.
const LOADS: u32 = 20;

/// The running parts that are asked how they are.
pub struct Parts {
    /// Accepts answers.
    pub attempts: Attempts,
    /// Holds records that the gateway has not acknowledged.
    pub outbox: Outbox,
    /// The streams.
    pub registry: Registry,
    /// What feeds the streams that this server feeds itself, by their names.
    pub feeds: BTreeMap<String, Feed>,
    /// How often a heartbeat is sent when no one answers, in milliseconds.
    pub heartbeat_every_ms: i64,
}

/// What this server itself puts into a stream.
pub struct Feed {
    /// The outbox's relay.
    pub relay: Arc<RelayHealth>,
    /// Its heartbeats.
    pub heartbeats: Heartbeats,
}

/// Where one stream stands.
pub(super) struct Backlog {
    /// Records that were accepted and have not landed, wherever they are.
    pub waiting: u64,
    /// When the oldest of them was accepted.
    pub oldest_waiting: Option<Millis>,
    /// When the oldest record arrived that lies in the stream and not in the lake yet.
    pub oldest_outside_lake: Option<Millis>,
    /// By how much reading from elsewhere lags behind, in milliseconds; `None` for a stream that is not.
    pub source_lag_ms: Option<Millis>,
    /// When a record landed last.
    pub last_landed: Option<Millis>,
    /// Batches whose COPY was given up, each with its shard.
    pub parked: Vec<(String, Parked)>,
}

impl Ops {
    pub(super) async fn pipeline(&self) -> Pipeline {
        let delivered = self.parts.registry.all().into_iter().filter(|stream| stream.settings().is_some());
        let mut streams = Vec::new();
        for stream in delivered {
            let feed = self.parts.feeds.get(stream.name());
            let parked = parked(&stream).await;
            streams.push(StreamStatus {
                name: stream.name().to_owned(),
                freshness: self.stream_freshness(&stream, feed).await,
                stages: self.stages(&stream, feed, &parked),
                heartbeat: feed.and_then(|feed| feed.heartbeats.last()),
                parked,
            });
        }
        let loads = self.warehouse.loads(LOADS).await;
        if let Err(error) = &loads {
            tracing::error!(%error, "the load history could not be read");
        }
        Pipeline { now: self.measure.now(), streams, loads: loads.unwrap_or_default() }
    }

    /// A part that does not answer makes the verdict worse; it never leaves the last good one standing.
    pub(super) async fn stream_freshness(&self, stream: &DeliveryStream, feed: Option<&Feed>) -> StreamFreshness {
        let mut freshness = StreamFreshness {
            measured_at: Some(self.measure.now()),
            waiting: 0,
            oldest_waiting: None,
            last_landed: None,
            heartbeat_every_ms: feed.map(|_| self.parts.heartbeat_every_ms),
            thresholds: self.measure.thresholds(stream.settings()),
            problem: feed
                .and_then(|feed| feed.relay.problem())
                .or_else(|| stream.failing().map(|failing| failing.says)),
        };
        if let Some(fault) = self.store.health().fault().filter(|_| feed.is_some()) {
            freshness.measured_at = Some(self.measure.last_sure());
            freshness.problem = Some(format!("nothing can be saved, and nobody can submit: {}", fault.reason));
        }
        if let Err(problem) = self.measure_stream(stream, &mut freshness).await {
            tracing::error!(%problem, stream = stream.name(), "a stream's freshness could not be measured");
            freshness.measured_at = None;
            freshness.problem = Some(problem);
        }
        if stream.is_delivered_elsewhere() {
            // Whatever waits here, when a record lands there nobody tells.
            freshness.measured_at = None;
            let target = stream.target().map_or_else(|| "elsewhere".to_owned(), Target::describe);
            freshness
                .problem
                .get_or_insert(format!("it goes to {target}, and when that brings it in is not known here"));
        }
        freshness
    }

    async fn measure_stream(&self, stream: &DeliveryStream, freshness: &mut StreamFreshness) -> Result<(), String> {
        let backlog = self.backlog(stream).await?;
        freshness.waiting = backlog.waiting as i64;
        freshness.oldest_waiting = backlog.oldest_waiting;
        freshness.last_landed = backlog.last_landed;
        if let Some((shard, last)) = backlog.parked.last() {
            let problem = format!("a batch of {shard} is parked: {}", last.reason);
            freshness.problem.get_or_insert(problem);
        }
        Ok(())
    }

    /// What waits in the outbox, in the log behind what has landed, elsewhere, and in parked batches.
    pub(super) async fn backlog(&self, stream: &DeliveryStream) -> Result<Backlog, String> {
        let name = stream.name();
        let outbox = self.parts.outbox.waiting(name).await.map_err(|e| e.to_string())?;
        let landed = self.warehouse.stream_ends(name.to_owned()).await.map_err(|e| e.to_string())?;
        let parked = stream.parked().await.map_err(|e| e.to_string())?;
        let mut reached = landed.by_shard;
        for (shard, parked) in &parked {
            let end = reached.entry(shard.clone()).or_default();
            *end = parked.cut.end.max(*end);
        }
        let in_parked: u64 = parked.iter().map(|(_, parked)| parked.records).sum();
        let oldest_parked = parked.iter().map(|(_, parked)| parked.first_arrived).min();
        let mut in_lake = reached.clone();
        for (shard, delivery) in stream.log().shards().iter().zip(&stream.deliveries()) {
            let end = in_lake.entry(shard.range().id()).or_default();
            *end = delivery.in_lake_before().max(*end);
        }
        let (log, is_fed_here) = (stream.log().clone(), self.parts.feeds.contains_key(name));
        let looking = tokio::task::spawn_blocking(move || InLog::look(&log, &reached, &in_lake, is_fed_here));
        let in_log = looking.await.unwrap_or(Err(StreamError::Stopped)).map_err(|e| e.to_string())?;
        let elsewhere = stream.upstream().map(|upstream| upstream.behind(self.measure.now())).transpose()?;
        let source_lag_ms = elsewhere.as_ref().map(|behind| behind.lag_ms);
        let elsewhere = elsewhere.unwrap_or_default();
        let oldest_in_stream = in_log.oldest.into_iter().chain(elsewhere.oldest);
        Ok(Backlog {
            waiting: outbox.records + in_log.records + elsewhere.records + in_parked,
            oldest_waiting: outbox.oldest.into_iter().chain(oldest_in_stream).chain(oldest_parked).min(),
            oldest_outside_lake: in_log.oldest_outside_lake.into_iter().chain(elsewhere.oldest_outside_lake).min(),
            source_lag_ms,
            last_landed: landed.loaded_at,
            parked,
        })
    }

    /// The stages, each with what it fails with.
    fn stages(&self, stream: &DeliveryStream, feed: Option<&Feed>, parked: &[ParkedBatch]) -> Vec<StageStatus> {
        let mut stages = self.paces(stream);
        let fault = self.store.health().fault().filter(|_| feed.is_some());
        let said = [
            ("quiz", fault.map(|fault| fault.reason)),
            ("gateway", feed.and_then(|feed| feed.relay.problem())),
            ("stream", stream.target().and_then(Target::problem)),
            ("warehouse", parked.last().map(|batch| batch.reason.clone())),
        ];
        let said = said.into_iter().filter_map(|(stage, problem)| Some((stage, problem?)));
        // What fails now says more than what was parked.
        let failing = stream.failing().map(|failing| (failing.stage, failing.says));
        for (name, problem) in failing.into_iter().chain(said) {
            if let Some(stage) = stages.iter_mut().find(|stage| stage.stage == name) {
                stage.problem.get_or_insert(problem);
            }
        }
        stages
    }

    fn paces(&self, stream: &DeliveryStream) -> Vec<StageStatus> {
        let deliveries = stream.deliveries();
        let deliveries = || deliveries.iter();
        let mut stages = Vec::with_capacity(6);
        if stream.name() == QUIZ_ANSWERS {
            stages.push(stage("quiz", [self.parts.attempts.pace()], "answers", "accepted and saved"));
        }
        let door = if stream.takes_records() { "PutRecordBatch" } else { "takes no records here" };
        stages.push(stage("gateway", [stream.entrance()], "records", door));
        stages.push(self.stream_stage(stream));
        if stream.is_delivered_elsewhere() {
            return stages;
        }
        stages.push(stage("delivery", deliveries().map(|d| d.pace()), "batches", "cut by offset"));
        stages.push(stage("lake", deliveries().map(|d| &d.counts().lake.pace), "objects", "gzip and manifest"));
        if stream.table().is_some() {
            stages.push(stage("warehouse", deliveries().map(|d| &d.counts().warehouse.pace), "loads", "COPY"));
        }
        stages
    }

    /// Where the records are between door and delivery: in the log, or elsewhere.
    fn stream_stage(&self, stream: &DeliveryStream) -> StageStatus {
        let held = stream.log().held_bytes();
        let also_here = if held > 0 { format!(", {} buffered here", size(held)) } else { String::new() };
        if let Some(upstream) = stream.upstream() {
            let note = format!("{}{also_here}", upstream.describe(self.measure.now()));
            return stage("stream", [upstream.reader().pace()], "records", &note);
        }
        match stream.target() {
            Some(target) => stage("stream", [target.pace()], "records", &format!("{}{also_here}", target.describe())),
            None => stage("stream", [stream.log().pace()], "records", &format!("{} buffered", size(held))),
        }
    }
}

/// What waits in a stream's log.
struct InLog {
    records: u64,
    /// When the oldest of them was accepted.
    oldest: Option<Millis>,
    /// When the oldest arrived that is not in the lake yet.
    oldest_outside_lake: Option<Millis>,
}

impl InLog {
    /// Looks behind what has been reached, and behind what is in the lake, shard by shard. Blocking.
    fn look(
        log: &Log,
        reached: &BTreeMap<String, u64>,
        in_lake: &BTreeMap<String, u64>,
        is_fed_here: bool,
    ) -> Result<Self, StreamError> {
        let (records, oldest) = log.waiting(reached)?;
        let accepted = if is_fed_here { oldest_accepted(log, reached)? } else { None };
        let (_, oldest_outside_lake) = log.waiting(in_lake)?;
        Ok(Self { records, oldest: oldest.into_iter().chain(accepted).min(), oldest_outside_lake })
    }
}

/// When the oldest record of each shard's log was accepted, as it says itself: one that the relay could not bring on for a
/// minute has waited for that minute, although it has only just arrived.
fn oldest_accepted(log: &Log, reached: &BTreeMap<String, u64>) -> Result<Option<Millis>, StreamError> {
    #[derive(Deserialize)]
    struct Stamped {
        accepted_at: String,
        #[serde(default)]
        producer: Option<IgnoredAny>,
    }
    let mut oldest = None;
    for shard in log.shards() {
        let from = reached.get(&shard.range().id()).copied().unwrap_or(0);
        let first = shard.records(from, 1, 1)?;
        let stamped = first.first().and_then(|record| serde_json::from_slice::<Stamped>(&record.data).ok());
        // What a stranger says of the time is not believed.
        let own = stamped.filter(|stamped| stamped.producer.is_none());
        let accepted = own.and_then(|stamped| millis_of(&stamped.accepted_at));
        oldest = oldest.into_iter().chain(accepted).min();
    }
    Ok(oldest)
}

/// What cannot be read is told by the stream's freshness.
async fn parked(stream: &DeliveryStream) -> Vec<ParkedBatch> {
    let parked = stream.parked().await.unwrap_or_default().into_iter();
    let batch = |(shard, batch): (String, Parked)| ParkedBatch {
        shard,
        start: batch.cut.start,
        records: batch.records,
        parked_at: batch.parked_at,
        reason: batch.reason,
    };
    parked.map(batch).collect()
}

/// Bytes as people read them.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

fn stage<'a>(stage: &str, paces: impl IntoIterator<Item = &'a Pace>, unit: &str, note: &str) -> StageStatus {
    let reading = Pace::read(paces);
    StageStatus {
        stage: stage.to_owned(),
        per_second: reading.per_second,
        unit: unit.to_owned(),
        p50_ms: reading.p50_ms,
        p99_ms: reading.p99_ms,
        note: note.to_owned(),
        problem: None,
    }
}
