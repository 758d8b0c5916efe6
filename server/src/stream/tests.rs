use std::collections::VecDeque;

use super::*;
use crate::delivery::{Cut, Source, Until};

fn open(folder: &Path) -> Log {
    Logs::open(folder).expect("logs").log("s", 0, Clock::manual(1_000).0).expect("log")
}

fn record(n: u64) -> Record {
    Record { key: (n % 3).to_string(), data: Bytes::from(format!("{{\"n\":{n}}}\n")) }
}

fn lines(gathered: &Gathered) -> Vec<String> {
    String::from_utf8(gathered.data.clone()).expect("text").lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_reopening() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path());
    assert_eq!(log.append(vec![record(0), record(1)]).await.expect("append"), 0);
    assert_eq!(log.append(vec![record(2)]).await.expect("append"), 2);
    drop(log);
    let log = open(folder.path());
    let all = log.read(0, Until::Bytes(1 << 20)).expect("read");
    assert_eq!(lines(&all), [r#"{"n":0}"#, r#"{"n":1}"#, r#"{"n":2}"#]);
    assert_eq!((all.cut(), all.first_arrived(), all.assignments()), (Cut { start: 0, end: 3 }, 1_000, vec![0, 1, 2]));
}

#[tokio::test]
async fn offsets_are_given_out_once_even_when_everything_was_forgotten() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path());
    log.append(vec![record(0), record(1)]).await.expect("append");
    log.forget_before(2).expect("forget");
    drop(log);
    let log = open(folder.path());
    assert_eq!(log.oldest_after(0).expect("read"), None);
    assert_eq!(log.append(vec![record(2)]).await.expect("append"), 2);
    drop(log);
    let log = Logs::open(folder.path()).expect("logs").log("s", 10, Clock::manual(0).0).expect("log");
    assert_eq!(log.append(vec![record(3)]).await.expect("append"), 10, "the warehouse knows of 10");
}

#[tokio::test]
async fn a_cut_is_kept_and_a_read_stops_where_it_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path());
    for n in 0..4 {
        log.append(vec![record(n)]).await.expect("append");
    }
    assert_eq!(log.pending_cut().expect("read"), None);
    let cut = Cut { start: 1, end: 3 };
    log.record_cut(cut).expect("record");
    drop(log);
    let log = open(folder.path());
    assert_eq!(log.pending_cut().expect("read"), Some(cut));
    assert_eq!(log.read(cut.start, Until::Offset(cut.end)).expect("read").cut(), cut);
    assert_eq!(
        log.read(0, Until::Bytes(9)).expect("read").cut(),
        Cut { start: 0, end: 1 },
        "never less than one append"
    );
}

#[tokio::test]
async fn appends_that_wait_together_are_all_acknowledged_with_offsets_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path());
    let appends = (0..300).map(|n| log.append(vec![record(n), record(n)]));
    let mut firsts: Vec<u64> =
        futures::future::join_all(appends).await.into_iter().map(|first| first.expect("append")).collect();
    firsts.sort_unstable();
    assert_eq!(firsts, (0..300).map(|n| n * 2).collect::<Vec<u64>>());
    assert_eq!(log.read(0, Until::Offset(600)).expect("read").records, 600);
    assert_eq!(log.append(vec![]).await.expect("nothing"), 600);
}

/// A log is a queue with a tail that can be read again until it is forgotten: random operations on both, with the log
/// closed and opened in between, always show the same.
#[tokio::test]
async fn the_log_behaves_like_a_plain_queue() {
    for seed in 0..8u64 {
        let folder = tempfile::tempdir().expect("a folder");
        let mut log = open(folder.path());
        let (mut queue, mut floor, mut end) = (VecDeque::new(), 0u64, 0u64);
        let mut chance = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        for _ in 0..120 {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            match chance % 10 {
                0..=5 => {
                    let count = 1 + chance / 10 % 5;
                    let first = log.append((end..end + count).map(record).collect()).await.expect("append");
                    assert_eq!(first, end);
                    queue.push_back((first, count));
                    end += count;
                }
                6..=7 => {
                    if let Some((first, count)) = queue.pop_front() {
                        floor = first + count;
                        log.forget_before(floor).expect("forget");
                    }
                }
                8 => {
                    drop(log);
                    log = open(folder.path());
                }
                _ => {
                    let seen = log.read(floor, Until::Offset(end)).expect("read");
                    let expected: Vec<String> = (floor..end).map(|n| format!("{{\"n\":{n}}}")).collect();
                    assert_eq!(lines(&seen), expected, "seed {seed}");
                }
            }
            assert_eq!(Log::end(&log), end, "seed {seed}");
        }
    }
}

#[test]
fn a_damaged_chunk_is_named_and_never_panics() {
    let whole = chunk::encode(7, &[record(1), record(2)]);
    let key = 5u64.to_be_bytes();
    assert_eq!(chunk::decode(&key, &whole).expect("whole").records.len(), 2);
    assert_eq!(chunk::end(&key, &whole).expect("whole"), 7);
    for length in 0..whole.len() {
        let error = chunk::decode(&key, &whole[..length]).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains("offset 5"), "{length}: {error}");
    }
    assert!(chunk::decode(b"short", &whole).is_err());
    assert!(chunk::decode(&key, &[9; 40]).is_err(), "another version");
}
