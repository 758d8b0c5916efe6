use std::collections::{BTreeMap, VecDeque};

use super::chunk::Draft;
use super::*;
use crate::records::source::{Cut, Form, Gathered, Parked, Source, Until};

const SPEC: Spec = Spec { shards: 1, retention: Duration::ZERO, most_bytes: 1 << 30, is_delivered: true };
const SHARD: &str = "shardId-000000000000";

fn open_with(folder: &Path, spec: Spec, landed: &[(&str, u64)], clock: Clock) -> Log {
    let landed = landed.iter().map(|(shard, end)| ((*shard).to_owned(), *end)).collect();
    // The writer of a log that was dropped lets go of the folder a moment later.
    let logs = loop {
        match Logs::open(folder) {
            Err(StreamError::Storage(fjall::Error::Locked)) => std::thread::yield_now(),
            logs => break logs.expect("logs"),
        }
    };
    logs.log(&LogName::configured("s"), spec, &landed, clock).expect("log")
}

fn open(folder: &Path) -> Log {
    open_with(folder, SPEC, &[], Clock::manual(1_000).0)
}

fn record(n: u64) -> Record {
    Record { key: (n % 3).to_string(), hash: None, data: Bytes::from(format!("{{\"n\":{n}}}\n")) }
}

async fn append(log: &Log, records: impl IntoIterator<Item = Record>) -> Vec<Place> {
    log.append(&records.into_iter().collect::<Vec<_>>(), Form::Raw).await.expect("append")
}

fn first_shard(log: &Log) -> ShardLog {
    log.shards().remove(0)
}

fn read(log: &Log, from: u64, until: Until) -> Gathered {
    let mut gathered = Gathered::starting_at(from);
    first_shard(log).read(&mut gathered, until).expect("read");
    gathered
}

fn lines(gathered: &Gathered) -> Vec<String> {
    std::str::from_utf8(gathered.data()).expect("text").lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_reopening() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path());
    let places = append(&log, [record(0), record(1)]).await;
    assert_eq!(places, [Place { shard: 0, offset: 0 }, Place { shard: 0, offset: 1 }]);
    assert_eq!(append(&log, [record(2)]).await[0].offset, 2);
    drop(log);
    let log = open(folder.path());
    let all = read(&log, 0, Until::Bytes(1 << 20));
    assert_eq!(lines(&all), [r#"{"n":0}"#, r#"{"n":1}"#, r#"{"n":2}"#]);
    assert_eq!((all.cut(), all.first_arrived()), (Cut { start: 0, end: 3 }, 1_000));
}

#[tokio::test]
async fn offsets_are_given_out_once_even_when_everything_was_forgotten() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path());
    append(&log, [record(0), record(1)]).await;
    first_shard(&log).forget_before(2).expect("forget");
    assert_eq!((log.held_bytes(), first_shard(&log).arrival_of(0).expect("read")), (0, None));
    drop(log);
    let log = open(folder.path());
    assert_eq!(append(&log, [record(2)]).await[0].offset, 2);
    drop(log);
    let log = open_with(folder.path(), SPEC, &[(SHARD, 10)], Clock::manual(0).0);
    assert_eq!(append(&log, [record(3)]).await[0].offset, 10, "the warehouse knows of 10");
}

#[tokio::test]
async fn a_cut_is_kept_and_a_read_stops_where_it_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path());
    for n in 0..4 {
        append(&log, [record(n)]).await;
    }
    let shard = first_shard(&log);
    assert_eq!(shard.pending_cut().expect("read"), None);
    let cut = Cut { start: 1, end: 3 };
    shard.record_cut(cut).expect("record");
    drop((log, shard));
    let log = open(folder.path());
    assert_eq!(first_shard(&log).pending_cut().expect("read"), Some(cut));
    assert_eq!(read(&log, cut.start, Until::Offset(cut.end)).cut(), cut);
    assert_eq!(read(&log, 0, Until::Bytes(1)).cut(), Cut { start: 0, end: 1 }, "never less than one append");
}

#[tokio::test]
async fn a_read_goes_on_where_the_last_one_ended_and_begins_anywhere_in_an_append() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path());
    append(&log, (0..5).map(record)).await;
    append(&log, (5..8).map(record)).await;
    let mut gathered = read(&log, 3, Until::Offset(5));
    assert_eq!(lines(&gathered), [r#"{"n":3}"#, r#"{"n":4}"#]);
    first_shard(&log).read(&mut gathered, Until::Offset(8)).expect("read");
    assert_eq!((gathered.cut(), gathered.items().count()), (Cut { start: 3, end: 8 }, 5));
    assert_eq!(gathered.items().nth(4).map(|item| item.data), Some(&b"{\"n\":7}\n"[..]));
    let kept = first_shard(&log).records(4, 3, 1 << 20).expect("read");
    assert_eq!(
        kept.iter().map(|kept| (kept.offset, kept.key.as_str())).collect::<Vec<_>>(),
        [(4, "1"), (5, "2"), (6, "0")]
    );
    assert_eq!(first_shard(&log).records(0, 100, 1).expect("read").len(), 1, "never less than one record");
}

#[tokio::test]
async fn appends_that_wait_together_are_all_acknowledged_with_offsets_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path());
    let appends = (0..300).map(|n| append(&log, [record(n), record(n)]));
    let mut firsts: Vec<u64> = futures::future::join_all(appends).await.iter().map(|places| places[0].offset).collect();
    firsts.sort_unstable();
    assert_eq!(firsts, (0..300).map(|n| n * 2).collect::<Vec<u64>>());
    assert_eq!(read(&log, 0, Until::Offset(600)).records(), 600);
    assert!(append(&log, []).await.is_empty());
}

#[tokio::test]
async fn records_that_share_a_key_stay_in_order_in_one_shard_and_every_shard_is_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open_with(folder.path(), Spec { shards: 4, ..SPEC }, &[], Clock::manual(0).0);
    let mut places: BTreeMap<u64, Vec<Place>> = BTreeMap::new();
    for round in 0..20 {
        let records =
            (0..40).map(|key| Record { key: key.to_string(), hash: None, data: Bytes::from(round.to_string()) });
        for (key, place) in (0..).zip(append(&log, records).await) {
            places.entry(key).or_default().push(place);
        }
    }
    for (key, places) in &places {
        assert!(places.iter().all(|place| place.shard == places[0].shard), "key {key} is in two shards");
        assert!(places.is_sorted_by_key(|place| place.offset), "key {key} is out of order");
        let shard = log.shard(places[0].shard).expect("the shard");
        let given: Vec<String> = places
            .iter()
            .map(|place| shard.records(place.offset, 1, 1).expect("read").remove(0))
            .map(|kept| format!("{}:{}", kept.key, String::from_utf8_lossy(&kept.data)))
            .collect();
        assert_eq!(given, (0..20).map(|round| format!("{key}:{round}")).collect::<Vec<_>>(), "what was put is there");
    }
    let ends: Vec<u64> = log.shards().iter().map(ShardLog::end_offset).collect();
    assert!(ends.iter().all(|end| *end > 0) && ends.iter().sum::<u64>() == 800, "{ends:?}");
}

#[tokio::test]
async fn another_number_of_shards_keeps_what_is_in_the_old_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    append(&open(folder.path()), [record(0)]).await;
    let log = open_with(folder.path(), Spec { shards: 2, ..SPEC }, &[], Clock::manual(0).0);
    let places = append(&log, (0..30).map(record)).await;
    assert!(places.iter().all(|place| [1, 2].contains(&place.shard)), "{places:?}");
    assert_eq!(lines(&read(&log, 0, Until::Offset(1))), [r#"{"n":0}"#]);
    assert_eq!(log.waiting(&BTreeMap::new()).expect("read").0, 31);
}

#[tokio::test]
async fn what_has_been_delivered_is_kept_for_its_retention_and_found_by_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let (clock, hand) = Clock::manual(1_000);
    let log = open_with(folder.path(), Spec { retention: Duration::from_secs(60), ..SPEC }, &[], clock);
    let shard = first_shard(&log);
    for n in 0..3u64 {
        hand.store(1_000 + n as i64 * 30_000, Ordering::Relaxed);
        append(&log, [record(n)]).await;
    }
    shard.forget_before(3).expect("forget");
    assert_eq!(shard.floor_offset(), 1, "the first one is 60 s old");
    assert_eq!(shard.first_since(31_000).expect("found"), 1);
    assert_eq!(shard.first_since(31_001).expect("found"), 2);
    assert_eq!(shard.first_since(1_000_000).expect("found"), 3);
    hand.store(1_000_000, Ordering::Relaxed);
    shard.forget_before(2).expect("forget");
    assert_eq!(shard.floor_offset(), 3, "what may go never comes back");
}

#[tokio::test]
async fn more_than_the_disk_should_hold_is_refused_until_delivery_has_caught_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = Spec { most_bytes: 10_000, retention: Duration::from_secs(3600), ..SPEC };
    let log = open_with(folder.path(), spec, &[], Clock::manual(0).0);
    let large = || Record { key: "k".into(), hash: None, data: Bytes::from(vec![b'x'; 3_000]) };
    for _ in 0..3 {
        append(&log, [large()]).await;
    }
    assert!(matches!(log.append(&[large()], Form::Raw).await, Err(StreamError::Full)));
    assert_eq!(first_shard(&log).end_offset(), 3, "what was refused was not taken");
    first_shard(&log).forget_before(1).expect("forget");
    assert_eq!(first_shard(&log).floor_offset(), 0, "retention keeps it while there is room");
    append(&log, [large()]).await;
    assert_eq!(first_shard(&log).floor_offset(), 1, "and gives it up for what is new");
}

#[tokio::test]
async fn more_than_memory_should_hold_is_refused_and_what_was_taken_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path());
    let record = Record { key: "k".into(), hash: None, data: Bytes::from(vec![b'x'; 4 << 20]) };
    let records = vec![record];
    let appends = (0..40).map(|_| log.append(&records, Form::Raw));
    let outcomes = futures::future::join_all(appends).await;
    let taken = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(
        outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(StreamError::Busy))),
        "nothing else goes wrong"
    );
    assert!((1..=40).contains(&taken) && taken * (4 << 20) >= IN_FLIGHT_BYTES - (8 << 20), "{taken} were taken");
    assert_eq!(first_shard(&log).end_offset(), taken as u64);
}

#[tokio::test]
async fn a_stream_that_nobody_delivers_lets_go_by_age_and_size_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = Spec { most_bytes: 10_000, is_delivered: false, retention: Duration::from_secs(60), ..SPEC };
    let log = open_with(folder.path(), spec, &[], Clock::manual(0).0);
    for _ in 0..9 {
        append(&log, [Record { key: "k".into(), hash: None, data: Bytes::from(vec![b'x'; 3_000]) }]).await;
    }
    assert_eq!((first_shard(&log).floor_offset(), first_shard(&log).end_offset()), (6, 9));
}

#[tokio::test]
async fn after_a_write_that_failed_the_storage_is_opened_anew_and_appends_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path());
    append(&log, [record(0)]).await;
    log.inner.engine.distrust();
    let places = append(&log, [record(1)]).await;
    assert_eq!((places[0].offset, log.inner.engine.generation()), (1, 2));
    assert_eq!(lines(&read(&log, 0, Until::Offset(2))), [r#"{"n":0}"#, r#"{"n":1}"#]);
}

/// A complete write that is wrong, as a disk leaves it behind that lied. The second time, a crash has interrupted the
/// repair.
#[tokio::test]
async fn a_journal_is_cut_where_it_is_damaged_and_what_lies_before_is_there() {
    let parent = tempfile::tempdir().expect("a folder");
    let folder = parent.path().join("stream");
    let files = |folder: &Path, extension: &str| -> Vec<std::path::PathBuf> {
        let all = std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("an entry").path());
        all.filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
    };
    let log = open(&folder);
    for n in 0..4 {
        append(&log, [record(n)]).await;
    }
    drop(log);
    // Its writer lets go of the folder a moment later.
    drop(open(&folder));
    let journal = files(&folder, "jnl").pop().expect("a journal");
    let mut bytes = std::fs::read(&journal).expect("readable");
    let place = memchr::memmem::rfind(&bytes, br#"{"n":2}"#).expect("it is there");
    bytes[place] ^= 1;
    std::fs::write(&journal, &bytes).expect("writable");
    let kept = [r#"{"n":0}"#, r#"{"n":1}"#];
    assert_eq!(lines(&read(&open(&folder), 0, Until::Bytes(1 << 20))), kept);
    let aside = files(parent.path(), "damaged");
    assert_eq!((aside.len(), std::fs::read(&aside[0]).expect("readable") == bytes), (1, true), "the whole is kept");

    let name = format!("{}.repairing", journal.file_name().expect("a name").to_string_lossy());
    std::fs::write(parent.path().join(name), &bytes).expect("writable");
    std::fs::write(&journal, &bytes[..place / 2]).expect("writable");
    let log = open(&folder);
    assert_eq!(lines(&read(&log, 0, Until::Bytes(1 << 20))), kept);
    assert_eq!(append(&log, [record(9)]).await[0].offset, 2);
    assert_eq!(files(parent.path(), "repairing").len(), 0);
}

#[tokio::test]
async fn a_parked_batch_is_kept_until_it_is_struck_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let parked = Parked {
        cut: Cut { start: 5, end: 9 },
        records: 4,
        manifest: "m".into(),
        object: "o".into(),
        object_bytes: 1,
        first_arrived: 2,
        parked_at: 3,
        reason: "why".into(),
        checkpoint: None,
    };
    first_shard(&open(folder.path())).park(&parked).expect("parked");
    let shard = first_shard(&open(folder.path()));
    assert_eq!(shard.parked_batches().expect("read"), [parked]);
    shard.strike_off(5).expect("struck off");
    assert_eq!(shard.parked_batches().expect("read"), []);
}

/// A shard is a queue with a tail that can be read again until it is forgotten: random operations on both, with the log
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
                    let places = append(&log, (end..end + count).map(record)).await;
                    assert_eq!(places[0].offset, end);
                    queue.push_back((end, count));
                    end += count;
                }
                6..=7 => {
                    if let Some((first, count)) = queue.pop_front() {
                        floor = first + count;
                        first_shard(&log).forget_before(floor).expect("forget");
                    }
                }
                8 => {
                    drop(log);
                    log = open_with(folder.path(), SPEC, &[(SHARD, floor)], Clock::manual(1_000).0);
                }
                _ => {
                    let seen = read(&log, floor, Until::Offset(end));
                    let expected: Vec<String> = (floor..end).map(|n| format!("{{\"n\":{n}}}")).collect();
                    assert_eq!(lines(&seen), expected, "seed {seed}");
                }
            }
            let shard = first_shard(&log);
            assert_eq!((shard.end_offset(), shard.floor_offset()), (end, floor), "seed {seed}");
        }
    }
}

#[test]
fn a_damaged_chunk_is_named_and_never_panics() {
    use super::chunk::Chunk;
    let records = [record(1), record(2)];
    let whole = Draft::of(records.iter(), Form::Raw).finish(7);
    let chunk = Chunk::read(5, &whole).expect("whole");
    assert_eq!((chunk.end(), chunk.arrived(), chunk.records(0).count()), (7, 7, 2));
    for length in 0..whole.len() {
        let cut = &whole[..length];
        let error = Chunk::read(5, cut).and_then(|chunk| chunk.records(0).collect::<Result<Vec<_>, _>>().map(drop));
        let error = error.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains("offset 5"), "{length}: {error}");
    }
    assert!(Chunk::read(5, &[9; 40]).is_err(), "another form");
    assert!(keys::offset_of(b"short").is_err());
}
