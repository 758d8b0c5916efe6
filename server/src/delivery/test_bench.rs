//! What tests of delivery and of the registry work with: real log, real files, real DuckDB, below the gateway.
//!
//! Owns putting these parts together for a test. Does not own any check.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use app::api::pipeline::LoadRow;
use tokio::sync::watch;

use super::prepared::{PreparedBatch, Route};
use super::{BufferingHints, Delivery, Layout};
use crate::clock::Clock;
use crate::lake::Lake;
use crate::live::Live;
use crate::records::columns::quiz_answers;
use crate::records::source::{Gathered, Source, Until};
use crate::registry::terms::StreamConfig;
use crate::registry::{DeliveryStream, Incoming, Plant, Registry};
use crate::stream::{Logs, ShardLog};
use crate::warehouse::duckdb::{self, Limits};

pub(crate) const HINTS: BufferingHints = BufferingHints { size_bytes: 1 << 20, interval: Duration::ZERO };
const NOW: i64 = 1_769_856_067_123;

pub(crate) fn plant(folder: &Path) -> Plant {
    let limits = Limits { memory_mib: 128, threads: 1 };
    Plant {
        logs: logs(folder),
        lake: Lake::local(&folder.join("lake")).expect("lake"),
        warehouse: duckdb::open(&folder.join("w.duckdb"), limits).expect("warehouse"),
        live: Live::default(),
        clock: Clock::manual(NOW).0,
    }
}

/// The writer of a log that was dropped lets go of the folder a moment later.
fn logs(folder: &Path) -> Logs {
    loop {
        match Logs::open(&folder.join("stream")) {
            Err(crate::stream::StreamError::Storage(fjall::Error::Locked)) => std::thread::yield_now(),
            logs => return logs.expect("logs"),
        }
    }
}

pub(crate) fn config() -> StreamConfig {
    StreamConfig::to_table("s", quiz_answers(), HINTS)
}

/// Everything below the gateway, on one folder.
pub(crate) struct TestBench {
    pub plant: Plant,
    pub(super) registry: Registry,
    pub stream: Arc<DeliveryStream>,
}

impl TestBench {
    /// A stream that is taken in but not delivered, so that the test takes the steps.
    pub(super) async fn idle(folder: &Path) -> Self {
        let mut config = config();
        // Never reached: the interval is what holds delivery back.
        if let Some(destination) = &mut config.destination {
            destination.settings.hints.interval = Duration::from_secs(900);
        }
        Self::with(folder, config).await
    }

    pub(super) async fn running(folder: &Path) -> Self {
        Self::with(folder, config()).await
    }

    pub async fn with(folder: &Path, config: StreamConfig) -> Self {
        let plant = plant(folder);
        let registry = Registry::new(plant.clone());
        let stream = registry.start(config).await.expect("started");
        Self { plant, registry, stream }
    }

    /// The stream takes records, and nobody but the test delivers them: a delivery that is slow to start would take up a
    /// cut that the test has recorded.
    pub async fn without_deliveries(self) -> Self {
        let registry = self.registry.clone();
        tokio::task::spawn_blocking(move || registry.end()).await.expect("ended");
        self
    }

    pub fn shard(&self) -> ShardLog {
        self.stream.log().shards().remove(0)
    }

    pub fn delivery(&self) -> Delivery<ShardLog> {
        let Plant { lake, warehouse, live, clock, .. } = self.plant.clone();
        let (table, settings) = (self.stream.table().cloned(), self.stream.settings().expect("delivered"));
        let settings = watch::Sender::new(settings).subscribe();
        let (source, layout) = (self.shard(), Layout::default());
        Delivery { source, transform: None, table, layout, lake, warehouse, live, settings, clock }
    }

    /// Puts answers of students `range` to question 1 of assignment 7, as one request.
    pub async fn put(&self, range: std::ops::Range<u64>) {
        self.put_data(range.map(|n| answer(n).to_string().into_bytes())).await;
    }

    pub async fn put_data(&self, data: impl IntoIterator<Item = Vec<u8>>) {
        let incoming = data.into_iter().map(|data| Incoming { key: None, hash: None, data: data.into() });
        for outcome in self.stream.take(self.stream.check(incoming, None)).await {
            outcome.expect("taken");
        }
    }

    pub fn read(&self) -> Gathered {
        let mut batch = Gathered::starting_at(0);
        self.shard().read(&mut batch, Until::Bytes(1 << 20)).expect("read");
        batch
    }

    pub(super) fn prepared(&self) -> PreparedBatch {
        let table = self.stream.table().cloned();
        let (shard, layout) = (self.shard().shard(), Layout::default());
        let route = Route { stream: "s", shard: &shard, layout: &layout, table: table.as_deref() };
        PreparedBatch::take(&route, &self.read(), None, |key| self.plant.lake.url(key), NOW).expect("in prepared")
    }

    pub(super) async fn reached(&self) -> u64 {
        let ends = self.plant.warehouse.stream_ends("s".into()).await.expect("ends");
        let parked = self.shard().parked_batches().expect("parked").last().map_or(0, |parked| parked.cut.end);
        ends.by_shard.values().copied().max().unwrap_or(0).max(parked)
    }

    /// Waits until everything in the log has landed or was parked.
    pub async fn settle(&self) {
        let mut landings = self.plant.live.listen(7);
        while self.reached().await < self.shard().end_offset() {
            let heard = tokio::time::timeout(Duration::from_millis(50), landings.changed()).await;
            assert!(heard.unwrap_or(true), "{:?}", self.stream.failing());
        }
    }

    pub async fn end(self) {
        let registry = self.registry.clone();
        tokio::task::spawn_blocking(move || registry.end()).await.expect("ended");
    }

    pub async fn answers(&self) -> i64 {
        self.plant.warehouse.landed(7, i64::MAX).await.expect("landed").records()
    }

    /// Ranges that were loaded, oldest first.
    pub async fn history(&self) -> Vec<LoadRow> {
        let mut loads = self.plant.warehouse.loads(100).await.expect("loads");
        loads.reverse();
        loads
    }
}

pub(super) fn answer(n: u64) -> serde_json::Value {
    serde_json::json!({
        "record_id": format!("r{n}"), "accepted_seq": n, "accepted_at": "2026-01-31 10:41:07.123",
        "assignment_id": 7, "class_id": 1, "quiz_id": 1, "attempt_id": format!("a{n}"), "attempt_no": 1,
        "student_key": format!("s{n}"), "question_id": 1, "choice_id": 11, "elapsed_ms": 5,
    })
}

pub(crate) fn files(folder: &Path) -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                walk(&entry.path(), found);
            } else {
                found.push(entry.path().to_string_lossy().into_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, &mut found);
    found.sort();
    found
}
