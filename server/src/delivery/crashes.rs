//! A crash at every point between two steps of stream and delivery, in a real process that ends there.
//!
//! Each test starts this test binary again as a child that takes records and delivers them, and is told where to end. It
//! writes down what was acknowledged. The parent opens the same folder and looks whether all of it is there, once.
//!
//! Owns the points and the child process. Does not own the checks of one step: each file's own tests do.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use super::test_bench::{TestBench, config};
use crate::crash::{ENVIRONMENT, POINTS};

const FOLDER: &str = "FRESHMARK_CRASH_FOLDER";
/// Requests that a child makes, if it lives so long.
const REQUESTS: u64 = 12;
/// Records of a request.
const RECORDS: u64 = 10;
/// Crashes on one folder.
const CRASHES: u64 = 12;

/// The child: begins where what is on disk ends, so that no record is put twice.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let bench = TestBench::with(folder, config()).await;
    let mut told = std::fs::OpenOptions::new().append(true).create(true).open(told(folder)).expect("a file");
    let first = bench.shard().end_offset();
    for request in 0..REQUESTS {
        let from = first + request * RECORDS;
        bench.put(from..from + RECORDS).await;
        writeln!(told, "{from}").expect("written down");
        if request % 3 == 2 {
            bench.settle().await;
        }
    }
    bench.end().await;
}

fn told(folder: &Path) -> std::path::PathBuf {
    folder.join("acknowledged")
}

/// Runs a child that ends when it passes `point` for the nth time. Whether it got there.
fn crash_at(folder: &Path, point: &str, times: usize) -> bool {
    let child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "delivery::crashes::child"])
        .env(FOLDER, folder)
        .env(ENVIRONMENT, format!("{point}:{times}"))
        .output()
        .expect("a child");
    !child.status.success()
}

/// Everything that was acknowledged is there once, and the load history has no gap and no overlap. Each of the `crashes` so
/// far may have cut one acknowledgement off.
async fn check(folder: &Path, crashes: u64, what: &str) {
    let bench = TestBench::with(folder, config()).await;
    bench.settle().await;
    let acknowledged = std::fs::read_to_string(told(folder)).unwrap_or_default();
    let acknowledged: BTreeSet<u64> = acknowledged.lines().map(|line| line.parse().expect("a number")).collect();
    let least = acknowledged.len() as u64 * RECORDS;
    let end = bench.shard().end_offset();
    assert!((least..=least + crashes * RECORDS).contains(&end), "{what}: {least} acknowledged, {end} in the log");
    assert_eq!(bench.answers().await, end as i64, "{what}: each is read once");
    let mut batches = bench.plant.warehouse.history("s".into()).await.expect("history");
    batches.sort_by_key(|batch| batch.start);
    let ends = (batches.first().map_or(0, |batch| batch.start), batches.last().map_or(0, |batch| batch.end));
    assert_eq!(ends, (0, end), "{what}");
    assert!(batches.windows(2).all(|pair| pair[0].end == pair[1].start), "{what}: {batches:?}");
    // A file that was not renamed yet when the process ended is no object, and is listed as none.
    let objects = bench.plant.lake.list("s").await.expect("listed").len();
    assert_eq!(objects, batches.len(), "{what}: an object for each batch, none abandoned");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_point_loses_nothing_and_repeats_nothing() {
    for point in POINTS {
        let folder = tempfile::tempdir().expect("a folder");
        for (crashes, times) in (1..).zip([1, 3]) {
            assert!(crash_at(folder.path(), point, times), "{point} is never passed {times} times");
            check(folder.path(), crashes, &format!("{point}, {times}")).await;
        }
    }
}

/// One crash after the other on the same folder, at points left to chance; the seed is printed.
#[tokio::test(flavor = "multi_thread")]
async fn crashes_left_to_chance_on_one_folder_lose_nothing_and_repeat_nothing() {
    use rand::{Rng, SeedableRng};
    let given = std::env::var("FRESHMARK_CRASH_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(|| rand::rng().random());
    println!("FRESHMARK_CRASH_SEED={seed}");
    let mut chance = rand::rngs::StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().expect("a folder");
    for _ in 0..CRASHES {
        let (point, times) = (POINTS[chance.random_range(0..POINTS.len())], chance.random_range(1..=6));
        crash_at(folder.path(), point, times);
    }
    check(folder.path(), CRASHES, &format!("seed {seed}")).await;
}
