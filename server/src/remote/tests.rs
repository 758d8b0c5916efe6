//! Against ferrokinesis, a Kinesis that nobody here wrote, by AWS's own SDK over HTTP.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_kinesis::primitives::Blob;
use ferrokinesis::store::{Store, StoreOptions};
use tokio::sync::{Notify, watch};

use super::*;
use crate::clock::Clock;
use crate::records::source::{Gathered, Source, Until};
use crate::stream::{Entry, Ledger, Logs, Record, Spec};

const NOW: i64 = 1_769_856_067_123;
const HOUR: i64 = 3_600_000;

/// A Kinesis with a stream `s` of one shard.
struct Kinesis {
    store: Store,
    client: Client,
}

impl Kinesis {
    async fn start(options: StoreOptions) -> Self {
        let quick = StoreOptions { create_stream_ms: 0, delete_stream_ms: 0, update_stream_ms: 0, ..options };
        let (app, store) = ferrokinesis::create_app(quick);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, app).await });
        let config = aws_sdk_kinesis::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .endpoint_url(format!("http://{address}"));
        let kinesis = Self { store, client: Client::from_conf(config.build()) };
        kinesis.create().await;
        kinesis
    }

    async fn create(&self) {
        self.client.create_stream().stream_name("s").shard_count(1).send().await.expect("made");
        while self.client.list_shards().stream_name("s").send().await.is_ok_and(|page| page.shards().is_empty()) {
            tokio::task::yield_now().await;
        }
    }

    async fn delete(&self) {
        self.client.delete_stream().stream_name("s").send().await.expect("deleted");
        while self.store.contains_stream("s").await {
            tokio::task::yield_now().await;
        }
    }

    /// The shard's first sequence number.
    async fn first_number(&self) -> String {
        let page = self.client.list_shards().stream_name("s").send().await.expect("shards");
        let range = page.shards()[0].sequence_number_range().expect("a range");
        range.starting_sequence_number().to_owned()
    }

    async fn put(&self, numbers: std::ops::Range<u64>) {
        for n in numbers {
            let put = self.client.put_record().stream_name("s").partition_key("k").data(Blob::new(format!("{n}\n")));
            put.send().await.expect("put");
        }
    }

    /// As the retention does it.
    async fn trim(&self, records: usize) {
        let keys: Vec<String> = self.store.get_record_store("s").await.into_keys().take(records).collect();
        self.store.delete_record_keys("s", &keys).await;
    }

    fn reader(&self) -> Reader {
        let config = SourceConfig { kinesis: "s".to_owned(), at: At::default(), poll: Duration::from_millis(10) };
        Reader::by(self.client.clone(), config)
    }
}

fn ledger(folder: &Path) -> Ledger {
    let spec = Spec { shards: 1, retention: Duration::ZERO, most_bytes: 1 << 20, is_delivered: true };
    let logs = Logs::open(folder).expect("logs");
    logs.log(&crate::stream::LogName::configured("d"), spec, &BTreeMap::new(), Clock::system())
        .expect("a log")
        .ledger("s/shardId-000000000000")
}

/// The shard, read until it is dropped.
struct Opened {
    shard: RemoteShard,
    stop: watch::Sender<bool>,
}

impl Opened {
    fn new(kinesis: &Kinesis, ledger: &Ledger) -> Self {
        let stop = watch::Sender::new(false);
        let (clock, changed) = (Clock::manual(NOW).0, Arc::new(Notify::new()));
        let (reader, id) = (kinesis.reader(), "shardId-000000000000");
        let shard = RemoteShard::open(&reader, id, ledger.clone(), clock, stop.subscribe(), changed);
        Self { shard: shard.expect("open"), stop }
    }

    /// One that goes on where a record has landed.
    fn resumed(kinesis: &Kinesis, ledger: &Ledger, offset: u64, landed: Option<&str>) -> Self {
        let opened = Self::new(kinesis, ledger);
        opened.shard.resume(offset, landed).expect("resumed");
        opened
    }

    /// The records from `from` to `to`, once they are there.
    async fn read(&self, from: u64, to: u64) -> Gathered {
        let shard = self.shard.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let mut batch = Gathered::starting_at(from);
            shard.read(&mut batch, Until::Offset(to)).map(|()| batch)
        });
        reading.await.expect("no panic").expect("read")
    }
}

/// Reads three records in a life of its own, and says what the stream calls the last of them.
async fn land_three(kinesis: &Kinesis, ledger: &Ledger) -> Option<String> {
    let opened = Opened::resumed(kinesis, ledger, 0, None);
    opened.read(0, 3).await.checkpoint().map(str::to_owned)
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_was_cut_is_read_again_as_it_was_although_more_has_come() {
    let (kinesis, folder) = (Kinesis::start(StoreOptions::default()).await, tempfile::tempdir().expect("a folder"));
    let ledger = ledger(folder.path());
    kinesis.put(0..5).await;
    let cut = {
        let first = Opened::resumed(&kinesis, &ledger, 0, None);
        let batch = first.read(0, 2).await;
        first.shard.forget_before(2).expect("landed");
        let landed = batch.checkpoint().map(str::to_owned);
        let cut = first.read(2, 5).await;
        first.shard.record_cut(cut.cut()).expect("cut");
        assert_eq!(cut.data(), b"2\n3\n4\n");
        (landed, cut)
    };
    kinesis.put(5..9).await;
    let again = Opened::new(&kinesis, &ledger);
    let (landed, cut) = cut;
    assert_eq!(again.shard.pending_cut().expect("a cut"), Some(cut.cut()));
    again.shard.resume(2, landed.as_deref()).expect("resumed");
    assert_eq!(again.read(2, 5).await, cut);
    again.shard.forget_before(5).expect("landed");
    assert_eq!(again.read(5, 9).await.data(), b"5\n6\n7\n8\n");
    let recorded = ledger.entry().expect("books").cut.expect("a cut");
    assert_eq!((recorded.first_arrived, Some(recorded.last.as_str())), (cut.first_arrived(), cut.checkpoint()));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_were_trimmed_before_they_were_read_are_said_to_be_lost() {
    for (nothing_waited_at, is_said) in [(None, true), (Some(NOW - HOUR), false), (Some(NOW - 25 * HOUR), true)] {
        let (kinesis, folder) = (Kinesis::start(StoreOptions::default()).await, tempfile::tempdir().expect("a folder"));
        let ledger = ledger(folder.path());
        kinesis.put(0..6).await;
        let landed = land_three(&kinesis, &ledger).await;
        ledger.write(&Entry { nothing_waited_at, ..Entry::default() }).expect("written");
        kinesis.trim(5).await;
        let again = Opened::resumed(&kinesis, &ledger, 3, landed.as_deref());
        assert_eq!(again.read(3, 4).await.data(), b"5\n", "what is left is read on");
        let problem = again.shard.problem();
        assert_eq!(problem.is_some(), is_said, "{nothing_waited_at:?}: {problem:?}");
        let landed = landed.expect("a checkpoint");
        assert!(problem.is_none_or(|problem| problem.contains(&landed) && problem.contains("are lost")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_still_there_is_no_loss_however_long_ago_it_was() {
    let (kinesis, folder) = (Kinesis::start(StoreOptions::default()).await, tempfile::tempdir().expect("a folder"));
    let ledger = ledger(folder.path());
    kinesis.put(0..4).await;
    let landed = land_three(&kinesis, &ledger).await;
    kinesis.trim(2).await;
    let again = Opened::resumed(&kinesis, &ledger, 3, landed.as_deref());
    assert_eq!((again.read(3, 4).await.data(), again.shard.problem()), (&b"3\n"[..], None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_made_anew_is_said_and_read_from_its_oldest_record() {
    let (kinesis, folder) = (Kinesis::start(StoreOptions::default()).await, tempfile::tempdir().expect("a folder"));
    let ledger = ledger(folder.path());
    kinesis.put(0..3).await;
    let landed = land_three(&kinesis, &ledger).await;
    let old = kinesis.first_number().await;
    while kinesis.first_number().await == old {
        // Numbers begin with the second that the stream was made in.
        kinesis.delete().await;
        kinesis.create().await;
    }
    kinesis.put(7..9).await;
    let again = Opened::resumed(&kinesis, &ledger, 3, landed.as_deref());
    assert_eq!(again.read(3, 5).await.data(), b"7\n8\n");
    let problem = again.shard.problem().expect("a problem");
    assert!(problem.contains("is not the shard that was read before"), "{problem}");
}

/// An iterator is too old a moment after it was made, nearly always.
#[tokio::test(flavor = "multi_thread")]
async fn an_iterator_that_has_expired_is_made_anew_and_nothing_is_skipped_or_read_twice() {
    let options = StoreOptions { iterator_ttl_seconds: 0, ..StoreOptions::default() };
    let (kinesis, folder) = (Kinesis::start(options).await, tempfile::tempdir().expect("a folder"));
    let opened = Opened::resumed(&kinesis, &ledger(folder.path()), 0, None);
    let mut offset = 0;
    for round in 0..4 {
        kinesis.put(offset..offset + 3).await;
        let batch = opened.read(offset, offset + 3).await;
        let expected: String = (offset..offset + 3).map(|n| format!("{n}\n")).collect();
        assert_eq!(String::from_utf8_lossy(batch.data()), expected, "round {round}");
        opened.shard.forget_before(offset + 3).expect("landed");
        offset += 3;
    }
    assert_eq!(opened.shard.problem(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_stream_does_not_answer_for_is_said_until_it_does() {
    let (kinesis, folder) = (Kinesis::start(StoreOptions::default()).await, tempfile::tempdir().expect("a folder"));
    kinesis.delete().await;
    let opened = Opened::resumed(&kinesis, &ledger(folder.path()), 0, None);
    let mut end = opened.shard.end();
    while opened.shard.problem().is_none() {
        end.changed().await.expect("news");
    }
    let problem = opened.shard.problem().expect("a problem");
    assert!(problem.contains("ResourceNotFoundException"), "{problem}");
    assert_eq!(opened.shard.lag(0).read_through, None, "never read, and nothing is claimed");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_call_that_is_too_much_each_record_is_taken_or_said_not_to_be() {
    let options = StoreOptions { enforce_limits: true, ..StoreOptions::default() };
    let kinesis = Kinesis::start(options).await;
    let target = Target::by(kinesis.client.clone(), "s");
    let record = |n: usize| Record { key: "k".to_owned(), hash: None, data: vec![b'0' + n as u8; 150_000].into() };
    let outcomes = target.put(&(0..8).map(record).collect::<Vec<_>>()).await;
    let taken = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!((1..8).contains(&taken), "a shard takes a megabyte a second: {outcomes:?}");
    assert!(outcomes.iter().all(|outcome| !matches!(outcome, Err(NotPut::Failed(_)))), "{outcomes:?}");
    assert_eq!(kinesis.store.get_record_store("s").await.len(), taken);
}
