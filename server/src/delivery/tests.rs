//! Real log, real files, real DuckDB. A crash is what is left on disk when the next step was not taken.

use std::path::Path;

use tokio::sync::watch;

use super::*;
use crate::gateway::{Entrance, Gateway};
use crate::stream::{Log, Logs};
use crate::warehouse::columns::QUIZ_ANSWERS;
use crate::warehouse::{Limits, LoadedRow};

const KEY: &str = "key";

/// Everything below the gateway, on one folder.
struct Plant {
    log: Log,
    gateway: Gateway,
    lake: Lake,
    warehouse: Warehouse,
    live: Live,
}

impl Plant {
    async fn on(folder: &Path) -> Self {
        let clock = Clock::manual(1_769_856_067_123).0;
        let limits = Limits { memory_mib: 128, threads: 1 };
        let warehouse = Warehouse::open(&folder.join("w.duckdb"), limits).expect("warehouse");
        let landed = warehouse.stream_end("s".into()).await.expect("end").end;
        let log = Logs::open(&folder.join("stream")).expect("logs").log("s", landed, clock).expect("log");
        let entrance = Entrance { log: log.clone(), table: &QUIZ_ANSWERS, pace: Arc::default() };
        Self {
            gateway: Gateway::new([("s".to_owned(), entrance)].into(), KEY),
            log,
            lake: Lake::local(&folder.join("lake")).expect("lake"),
            warehouse,
            live: Live::default(),
        }
    }

    fn delivery(&self) -> Delivery<Log> {
        Delivery {
            source: self.log.clone(),
            table: &QUIZ_ANSWERS,
            lake: self.lake.clone(),
            warehouse: self.warehouse.clone(),
            live: self.live.clone(),
            hints: BufferingHints { size_bytes: 1 << 20, interval: Duration::ZERO },
            clock: Clock::manual(1_769_856_068_000).0,
        }
    }

    /// Puts answers of students `range` to question 1 of assignment 7, as one request.
    async fn put(&self, range: std::ops::Range<u64>) {
        let record = |n: u64| {
            serde_json::json!({
                "record_id": format!("r{n}"), "accepted_seq": n, "accepted_at": "2026-01-31 10:41:07.123",
                "assignment_id": 7, "class_id": 1, "quiz_id": 1, "attempt_id": format!("a{n}"), "attempt_no": 1,
                "student_key": format!("s{n}"), "question_id": 1, "choice_id": 11, "elapsed_ms": 5,
            })
        };
        let body = serde_json::json!({ "records": range.map(record).collect::<Vec<_>>() }).to_string();
        self.gateway.put("s", Some(KEY), body.as_bytes()).await.expect("taken");
    }

    fn read(&self) -> Gathered {
        self.log.read(0, Until::Bytes(1 << 20)).expect("read")
    }

    /// Delivers until everything in the log has landed.
    async fn deliver_all(&self) {
        let mut landings = self.live.listen();
        let stop = watch::Sender::new(false);
        let (health, thread) = self.delivery().spawn(stop.subscribe()).expect("spawn");
        let landed = || async { self.warehouse.stream_end("s".into()).await.expect("end").end };
        while landed().await < Log::end(&self.log) {
            assert!(landings.changed(7).await, "{:?}", health.problem());
        }
        stop.send_replace(true);
        tokio::task::spawn_blocking(|| thread.join()).await.expect("joined").expect("no panic");
    }

    async fn answers(&self) -> i64 {
        self.warehouse.landed(7, i64::MAX).await.expect("landed")
    }

    async fn history(&self) -> Vec<LoadedRow> {
        self.warehouse.loads(100).await.expect("loads")
    }
}

fn objects(folder: &Path) -> Vec<String> {
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

/// A crash after each step, then a fresh start: the batch lands once, under one name.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_any_step_is_repaired_by_doing_the_step_again() {
    for steps in 0..=4 {
        let folder = tempfile::tempdir().expect("a folder");
        {
            let plant = Plant::on(folder.path()).await;
            plant.put(0..20).await;
            let (delivery, batch) = (plant.delivery(), plant.read());
            let runtime = Handle::current();
            tokio::task::spawn_blocking(move || {
                let names = names::Names::of("s", delivery.source.shard(), batch.cut(), batch.first_arrived());
                if steps >= 1 {
                    delivery.source.record_cut(batch.cut()).expect("cut");
                }
                if steps >= 2 {
                    let object = object::gzip(&batch.data).expect("gzip");
                    runtime.block_on(delivery.lake.put(&names.object, object)).expect("object");
                }
                if steps >= 3 {
                    let manifest = object::manifest(&delivery.lake.url(&names.object));
                    runtime.block_on(delivery.lake.put(&names.manifest, manifest)).expect("manifest");
                }
                if steps >= 4 {
                    delivery.bring_in(&runtime, &batch).expect("copy");
                }
            })
            .await
            .expect("no panic");
            // More arrives before the crash; it must not grow the batch that was cut.
            plant.put(20..30).await;
        }
        let plant = Plant::on(folder.path()).await;
        plant.deliver_all().await;
        assert_eq!(plant.answers().await, 30, "after {steps} steps");
        let sizes: Vec<i64> = plant.history().await.iter().map(|load| load.records).collect();
        let expected: &[i64] = if steps == 0 { &[30] } else { &[10, 20] };
        assert_eq!(sizes, expected, "after {steps} steps");
        assert_eq!(objects(&folder.path().join("lake")).len(), expected.len() * 2, "no object was written twice");
        assert_eq!(plant.log.oldest_after(0).expect("read"), None, "the log has let go");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_record_lands_twice_and_is_read_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let plant = Plant::on(folder.path()).await;
    plant.put(0..5).await;
    plant.deliver_all().await;
    plant.put(0..5).await;
    plant.deliver_all().await;
    let landed: i64 = plant.history().await.iter().map(|load| load.records).sum();
    assert_eq!((landed, plant.answers().await), (10, 5));
    let totals = plant.warehouse.totals(7, &[11], i64::MAX).await.expect("totals");
    assert_eq!((totals.students, totals.choices[0].answers, totals.median_score), (5, 5, Some(1.0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_fails_brings_nothing_and_lands_whole_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let plant = Plant::on(folder.path()).await;
    plant.put(0..5).await;
    let batch = plant.read();
    let cut = batch.cut();
    let names = names::Names::of("s", plant.log.shard(), cut, batch.first_arrived());
    let half_good = [&batch.data[..], b"{\"record_id\":\"x\",\"accepted_seq\":\"not a number\"}\n"].concat();
    let load = Load {
        table: &QUIZ_ANSWERS,
        stream: "s".into(),
        shard: plant.log.shard().into(),
        start: cut.start,
        end: cut.end,
        manifest: plant.lake.url(&names.manifest),
        object: names.object.clone(),
        object_bytes: 1,
        now: 0,
    };
    let missing = plant.warehouse.load(&load).expect_err("no manifest").to_string();
    assert!(missing.contains(&names.manifest), "{missing}");
    plant.lake.put(&names.manifest, object::manifest(&plant.lake.url(&names.object))).await.expect("manifest");
    assert!(plant.warehouse.load(&load).expect_err("no object").to_string().contains("mandatory and missing"));
    plant.lake.put(&names.object, object::gzip(&half_good).expect("gzip")).await.expect("object");
    assert!(plant.warehouse.load(&load).is_err());
    assert_eq!((plant.answers().await, plant.history().await.len()), (0, 0), "all or nothing");
    plant.deliver_all().await;
    assert_eq!((plant.answers().await, plant.history().await.len()), (5, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_at_the_same_time_happen_one_after_the_other_and_each_range_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let plant = Plant::on(folder.path()).await;
    plant.put(0..8).await;
    let batch = plant.read();
    let delivery = Arc::new(plant.delivery());
    let loads = (0..8).map(|_| {
        let (delivery, batch, runtime) = (Arc::clone(&delivery), batch.clone(), Handle::current());
        tokio::task::spawn_blocking(move || delivery.bring_in(&runtime, &batch))
    });
    for load in futures::future::join_all(loads).await {
        load.expect("no panic").expect("loaded, or known already");
    }
    assert_eq!((plant.answers().await, plant.history().await.len()), (8, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_lost_does_not_make_new_records_look_delivered() {
    let folder = tempfile::tempdir().expect("a folder");
    {
        let plant = Plant::on(folder.path()).await;
        plant.put(0..20).await;
        plant.deliver_all().await;
    }
    std::fs::remove_dir_all(folder.path().join("stream")).expect("removed");
    let plant = Plant::on(folder.path()).await;
    plant.put(20..25).await;
    plant.deliver_all().await;
    plant.put(25..30).await;
    plant.deliver_all().await;
    assert_eq!(plant.answers().await, 30);
}

#[test]
fn an_object_is_the_same_bytes_each_time() {
    let lines = b"{\"a\":1}\n".repeat(100);
    assert_eq!(object::gzip(&lines).expect("gzip"), object::gzip(&lines).expect("gzip"));
}
