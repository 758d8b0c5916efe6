//! Real log, real files, real DuckDB. A crash is what is left on disk when the next step was not taken.

use app::api::results::View;

use super::test_bench::{HINTS, TestBench, answer, config, files, plant};
use super::*;
use crate::records::source::Form;
use crate::registry::terms::{Misfits, StreamConfig};
use crate::registry::{Incoming, Plant, Registry};
use crate::warehouse::Counting;

/// A crash after each step, then a fresh start: the batch lands once, under one name.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_any_step_is_repaired_by_doing_the_step_again() {
    for steps in 0..=4 {
        let folder = tempfile::tempdir().expect("a folder");
        {
            let bench = TestBench::idle(folder.path()).await;
            bench.put(0..20).await;
            let (delivery, mut prepared) = (bench.delivery(), bench.prepared());
            let runtime = Handle::current();
            tokio::task::spawn_blocking(move || {
                if steps >= 1 {
                    delivery.source.record_cut(prepared.cut).expect("cut");
                }
                if steps == 2 {
                    let (key, object) = prepared.to_put.remove(0);
                    runtime.block_on(delivery.lake.put(&key, object)).expect("object");
                }
                if steps >= 3 {
                    delivery.put(&runtime, &mut prepared, &Counts::default()).expect("object and manifest");
                }
                if steps >= 4 {
                    runtime.block_on(delivery.copy(&prepared)).expect("copy");
                }
            })
            .await
            .expect("no panic");
            // More arrives before the crash; it must not grow the batch that was cut.
            bench.put(20..30).await;
            bench.end().await;
        }
        let bench = TestBench::running(folder.path()).await;
        bench.settle().await;
        assert_eq!(bench.answers().await, 30, "after {steps} steps");
        let sizes: Vec<i64> = bench.history().await.iter().map(|load| load.records).collect();
        let expected: &[i64] = if steps == 0 { &[30] } else { &[20, 10] };
        assert_eq!(sizes, expected, "after {steps} steps");
        assert_eq!(files(&folder.path().join("lake")).len(), expected.len() * 2, "no object was written twice");
        let shard = bench.shard();
        bench.end().await;
        assert_eq!(shard.arrival_of(0).expect("read"), None, "the log has let go");
    }
}

/// A step that fails is tried again with the same batch: what has come meanwhile makes the next one.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_failed_is_brought_in_as_it_was_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = TestBench::idle(folder.path()).await;
    bench.put(0..5).await;
    let prepared = bench.prepared();
    // A folder where the manifest belongs: the lake cannot put it.
    let in_the_way = folder.path().join("lake").join(&prepared.names.manifest);
    std::fs::create_dir_all(in_the_way.join("x")).expect("in the way");
    let hints = bench.stream.settings().expect("delivered");
    bench.stream.change(Settings { hints: HINTS, ..hints });
    while bench.stream.failing().is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.stream.failing().map(|failing| failing.stage), Some("lake"), "the stage that an admin looks at");
    bench.put(5..9).await;
    std::fs::remove_dir_all(in_the_way).expect("out of the way");
    bench.settle().await;
    let sizes: Vec<i64> = bench.history().await.iter().map(|load| load.records).collect();
    assert_eq!((sizes, bench.answers().await), (vec![5, 4], 9));
    assert_eq!(files(&folder.path().join("lake")).len(), 4, "no object was abandoned");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_record_lands_twice_and_is_read_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = TestBench::running(folder.path()).await;
    bench.put(0..5).await;
    bench.put(0..5).await;
    bench.settle().await;
    let landed: i64 = bench.history().await.iter().map(|load| load.records).sum();
    assert_eq!((landed, bench.answers().await), (10, 5));
    let counting = Counting { view: View::of(7), keys: vec![11] };
    let totals = bench.plant.warehouse.totals(&counting, i64::MAX).await.expect("totals");
    assert_eq!((&totals.scores[..], totals.choices[0].answers), (&[(1, 5)][..], 5));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_fails_brings_nothing_and_lands_whole_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = TestBench::idle(folder.path()).await;
    bench.put(0..5).await;
    let (delivery, prepared) = (bench.delivery(), bench.prepared());
    let lake = bench.plant.lake.clone();
    let missing = delivery.copy(&prepared).await.expect_err("no manifest").to_string();
    assert!(missing.contains(&prepared.names.manifest), "{missing}");
    let (_, manifest) = prepared.to_put[1].clone();
    lake.put(&prepared.names.manifest, manifest).await.expect("manifest");
    assert!(delivery.copy(&prepared).await.expect_err("no object").to_string().contains("mandatory and missing"));
    let bad = b"{\"record_id\":\"x\",\"accepted_seq\":\"not a number\"}\n";
    let half_good = [bench.read().data(), bad].concat();
    let cut_short = &prepared.to_put[0].1[..prepared.to_put[0].1.len() - 12];
    for object in [object::gzip(&half_good).expect("gzip"), object::gzip(b"").expect("gzip"), cut_short.to_vec().into()]
    {
        lake.put(&prepared.names.object, object).await.expect("object");
        assert!(delivery.copy(&prepared).await.is_err());
        assert_eq!((bench.answers().await, bench.history().await.len()), (0, 0), "all or nothing");
    }
    drop(delivery);
    bench.end().await;
    let bench = TestBench::running(folder.path()).await;
    bench.settle().await;
    assert_eq!((bench.answers().await, bench.history().await.len()), (5, 1));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_at_the_same_time_happen_one_after_the_other_and_each_range_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = TestBench::idle(folder.path()).await;
    bench.put(0..8).await;
    let delivery = Arc::new(bench.delivery());
    let loads = (0..8).map(|_| {
        let (delivery, mut prepared, runtime) = (Arc::clone(&delivery), bench.prepared(), Handle::current());
        tokio::task::spawn_blocking(move || {
            delivery.put(&runtime, &mut prepared, &Counts::default()).expect("put");
            runtime.block_on(delivery.copy(&prepared)).expect("loaded, or known already");
        })
    });
    for load in futures::future::join_all(loads).await {
        load.expect("no panic");
    }
    assert_eq!((bench.answers().await, bench.history().await.len()), (8, 1));
    let other = PreparedBatch { cut: Cut { start: 0, end: 9 }, ..bench.prepared() };
    let overlap = delivery.copy(&other).await.expect_err("a range that is known in part").to_string();
    assert!(overlap.contains("0..9") && overlap.contains("0..8"), "{overlap}");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_lost_does_not_make_new_records_look_delivered() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = TestBench::running(folder.path()).await;
    bench.put(0..20).await;
    bench.settle().await;
    bench.end().await;
    std::fs::remove_dir_all(folder.path().join("stream")).expect("removed");
    let bench = TestBench::running(folder.path()).await;
    bench.put(20..25).await;
    bench.settle().await;
    bench.put(25..30).await;
    bench.settle().await;
    assert_eq!(bench.answers().await, 30);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_cut_by_size_before_its_interval_has_passed() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = TestBench::idle(folder.path()).await;
    let record = || Incoming { key: None, hash: None, data: bytes::Bytes::from(answer(1).to_string()) };
    let bytes = 400 * answer(1).to_string().len();
    for _ in 0..=(1 << 20) / bytes {
        let outcomes = bench.stream.take(bench.stream.check((0..400).map(|_| record()), None)).await;
        assert!(outcomes.iter().all(Result::is_ok));
    }
    let mut landings = bench.plant.live.listen(7);
    while bench.history().await.is_empty() {
        assert!(landings.changed().await);
    }
    let first = bench.history().await.remove(0);
    assert!(first.records > 0 && (first.records as u64) < bench.shard().end_offset(), "{first:?}: the rest waits");
    assert_eq!(first.records % 400, 0, "appends are never divided");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_cut_when_its_first_record_has_waited_for_the_interval() {
    let folder = tempfile::tempdir().expect("a folder");
    let plant = Plant { clock: Clock::system(), ..plant(folder.path()) };
    let registry = Registry::new(plant.clone());
    let mut config = config();
    if let Some(destination) = &mut config.destination {
        destination.settings.hints.interval = Duration::from_millis(400);
    }
    let stream = registry.start(config).await.expect("started");
    let bench = TestBench { plant, registry, stream };
    bench.put(0..3).await;
    let arrived = bench.shard().arrival_of(0).expect("read").expect("arrived");
    bench.put(3..5).await;
    bench.settle().await;
    let loads = bench.history().await;
    assert!(loads[0].loaded_at - arrived >= 400, "cut {} ms after its first record", loads[0].loaded_at - arrived);
    assert_eq!((loads.len(), bench.answers().await), (1, 5), "what came meanwhile is in the same batch");
    bench.end().await;
}

/// A record that was fitted to a table which has changed since: COPY refuses it whatever is tried.
const UNFIT: &[u8] = b"{\"record_id\":\"x\",\"accepted_seq\":\"not a number\"}\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_fails_for_too_long_is_parked_and_the_stream_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = config();
    if let Some(destination) = &mut config.destination {
        destination.settings.copy_retry = Duration::from_millis(150);
    }
    let bench = TestBench::with(folder.path(), config.clone()).await;
    bench.put(0..5).await;
    bench.settle().await;
    let unfit = crate::stream::Record { key: "7".into(), hash: None, data: UNFIT.into() };
    bench.stream.log().append(&[unfit], Form::Fitted).await.expect("taken");
    bench.put(5..8).await;
    bench.settle().await;
    assert_eq!(bench.answers().await, if bench.history().await.len() == 2 { 8 } else { 5 });
    let parked = bench.shard().parked_batches().expect("read").remove(0);
    assert!(parked.cut.start == 5 && parked.reason.contains("not a number"), "{parked:?}");
    let [left] = &files(&folder.path().join("lake/errors/manifests"))[..] else { panic!("one manifest is left") };
    let manifest: Manifest = serde_json::from_slice(&std::fs::read(left).expect("readable")).expect("a manifest");
    assert_eq!(manifest.meta.map(|meta| (meta.start, meta.end)), Some((parked.cut.start, parked.cut.end)));
    bench.end().await;

    let bench = TestBench::with(folder.path(), config).await;
    bench.put(8..9).await;
    bench.settle().await;
    assert_eq!(bench.shard().parked_batches().expect("read"), [parked], "a parked batch is not tried again by itself");
    bench.end().await;
}

/// Another process has brought in a part of the range: however often COPY is tried, it is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_refused_for_good_is_parked_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = config();
    if let Some(destination) = &mut config.destination {
        destination.settings.copy_retry = Duration::from_secs(3_600);
    }
    let bench = TestBench::with(folder.path(), config).await;
    bench.put(0..5).await;
    bench.settle().await;
    let lake = bench.plant.lake.clone();
    let elsewhere = Load {
        table: None,
        stream: "s".to_owned(),
        shard: bench.shard().shard(),
        start: 6,
        end: 7,
        is_heartbeats: false,
        manifest: lake.url("m"),
        rows: 1,
        object: "o".to_owned(),
        object_bytes: 1,
        body: None,
        checkpoint: None,
        now: bench.plant.clock.now(),
    };
    bench.plant.warehouse.load(elsewhere, Arc::new(lake)).await.expect("loaded");
    bench.put(5..8).await;
    bench.settle().await;
    let [parked] = &bench.shard().parked_batches().expect("read")[..] else { panic!("one batch is parked") };
    assert!(parked.cut == Cut { start: 5, end: 8 } && parked.reason.contains("overlaps 6..7"), "{parked:?}");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_taken_by_policy_and_stands_in_the_error_output() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = config();
    if let Some(destination) = &mut config.destination {
        destination.misfits = Misfits::ErrorOutput;
    }
    let bench = TestBench::with(folder.path(), config).await;
    bench.put_data([answer(1).to_string().into_bytes(), vec![0xff, 0xfe], answer(2).to_string().into_bytes()]).await;
    bench.put_data([b"{}".to_vec()]).await;
    bench.settle().await;
    assert_eq!(bench.answers().await, 2);
    let failed: String = files(&folder.path().join("lake/processing-failed"))
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("readable"))
        .collect();
    assert_eq!(failed.lines().count(), 2, "{failed}");
    assert!(failed.contains("\"rawData\":\"//4=\"") && failed.contains("record_id: is missing"), "{failed}");
    let ends = bench.plant.warehouse.stream_ends("s".into()).await.expect("ends").by_shard;
    assert_eq!(ends.values().copied().collect::<Vec<_>>(), [4], "the load history has no gap");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_without_a_table_ends_in_the_lake() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = TestBench::with(folder.path(), StreamConfig::to_lake("s", HINTS)).await;
    bench.put_data([vec![0, 255], b"text".to_vec()]).await;
    bench.settle().await;
    let [object] = &files(&folder.path().join("lake"))[..] else { panic!("one object, and no manifest") };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(object).expect("readable");
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(file), &mut bytes).expect("gzip");
    assert_eq!(bytes, b"\0\xfftext", "records are not separated, as Firehose does not");
    assert_eq!(bench.history().await[0].records, 2);
    bench.end().await;
}

#[test]
fn an_object_is_the_same_bytes_each_time() {
    let lines = b"{\"a\":1}\n".repeat(100);
    assert_eq!(object::gzip(&lines).expect("gzip"), object::gzip(&lines).expect("gzip"));
}

/// Its stream was dropped before anybody told it to stop.
#[tokio::test]
async fn a_delivery_that_nobody_can_stop_any_more_stops() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = TestBench::idle(folder.path()).await;
    let stop = watch::Sender::new(false);
    let (_, thread) = bench.delivery().spawn(stop.subscribe()).expect("started");
    drop(stop);
    tokio::task::spawn_blocking(move || thread.join().expect("no panic")).await.expect("ended");
    bench.end().await;
}
