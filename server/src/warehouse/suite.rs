//! The tests that every engine of the warehouse passes.
//!
//! Owns what loads, the load history and the questions promise (see [`Engine`](super::Engine)). Does not own what an engine
//! promises besides: that stands beside the engine.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use app::api::results::{Attempts, View};
use flate2::Compression;
use flate2::write::GzEncoder;
use url::Url;

use super::{Advice, Counting, Load, Loaded, ShardEnd, Tally, Totals, Warehouse, WarehouseError};
use crate::lake::{LocalFile, Objects};
use crate::records::QUIZ_ANSWERS;
use crate::records::columns::{Kind, Table, quiz_answers};
use crate::records::manifest::{Manifest, Meta, Size};
use crate::records::source::Cut;

/// Makes one test of each, for the engine that `$open` opens anew and empty.
macro_rules! warehouse_suite {
    ($open:expr, $($name:ident),* $(,)?) => {
        $(#[tokio::test]
        async fn $name() {
            let (warehouse, _folder) = $open();
            crate::warehouse::suite::$name(warehouse).await;
        })*
    };
    ($open:expr) => {
        crate::warehouse::suite::warehouse_suite!(
            $open,
            a_batch_lands_whole_and_the_same_range_again_is_known,
            a_batch_with_other_rows_than_it_says_changes_nothing,
            a_range_that_is_known_in_part_is_refused_for_good,
            a_record_in_two_batches_counts_once,
            the_rule_decides_which_attempt_counts,
            a_record_of_another_producer_never_stands_for_an_answer,
            heartbeats_take_the_place_of_those_before,
            a_table_that_is_there_with_other_columns_is_refused_for_good,
            batches_of_several_streams_at_the_same_time_all_land,
        );
    };
}
pub(crate) use warehouse_suite;

const SHARD: &str = "shardId-000000000000";
const ASSIGNMENT: i64 = 7;
/// The choice that is right.
const KEY: i64 = 11;

/// What lies in a lake, by address.
struct Lying(BTreeMap<String, Vec<u8>>);

impl Objects for Lying {
    fn open(&self, url: &Url) -> Result<Option<LocalFile>, String> {
        let found = self.0.get(url.as_str()).map(|bytes| LocalFile::copy_of(bytes));
        found.transpose().map_err(|error| error.to_string())
    }

    fn is_remote(&self) -> bool {
        true
    }
}

/// The same on this machine, where nothing is downloaded.
struct Near(Arc<dyn Objects>);

impl Objects for Near {
    fn open(&self, url: &Url) -> Result<Option<LocalFile>, String> {
        self.0.open(url)
    }

    fn is_remote(&self) -> bool {
        false
    }
}

/// One answer; its record's id is its number, unless another is given.
#[derive(Clone, Copy)]
struct Answer {
    record: i64,
    number: i64,
    attempt: &'static str,
    attempt_no: i64,
    student: &'static str,
    choice: i64,
    producer: Option<&'static str>,
}

impl Answer {
    fn new(number: i64, attempt: &'static str, attempt_no: i64, choice: i64) -> Self {
        Self { record: number, number, attempt, attempt_no, student: "s", choice, producer: None }
    }

    fn line(&self) -> String {
        let producer = self.producer.map_or("null".to_owned(), |name| format!("\"{name}\""));
        format!(
            "{{\"record_id\":\"r{}\",\"accepted_seq\":{},\"accepted_at\":\"2026-01-31 10:00:00.000\",\"assignment_id\":{ASSIGNMENT},\
             \"class_id\":1,\"quiz_id\":1,\"attempt_id\":\"{}\",\"attempt_no\":{},\"student_key\":\"{}\",\"question_id\":1,\
             \"choice_id\":{},\"elapsed_ms\":5,\"producer\":{producer}}}\n",
            self.record, self.number, self.attempt, self.attempt_no, self.student, self.choice
        )
    }
}

/// A batch of a stream from an offset on, and the lake that it lies in.
fn batch(stream: &str, start: u64, answers: &[Answer]) -> (Load, Arc<dyn Objects>) {
    let end = start + answers.len() as u64;
    let lines: String = answers.iter().map(Answer::line).collect();
    let mut object = GzEncoder::new(Vec::new(), Compression::fast());
    object.write_all(lines.as_bytes()).expect("in memory");
    let object = object.finish().expect("in memory");
    let at = |name: &str| Url::parse(&format!("s3://lake/{name}/{stream}/{start}")).expect("an address");
    let size = Size { content_length: object.len() as u64, record_count: end - start };
    let manifest = Manifest::of(Meta::of(stream, SHARD, Cut { start, end }, None), at("objects"), size);
    let manifest = manifest.bytes().expect("json").to_vec();
    let lying = Lying([(at("objects").to_string(), object), (at("manifests").to_string(), manifest)].into());
    let load = Load {
        table: Some(Arc::new(quiz_answers())),
        stream: stream.to_owned(),
        shard: SHARD.to_owned(),
        start,
        end,
        is_heartbeats: false,
        manifest: at("manifests"),
        rows: end - start,
        object: format!("{stream}/{start}"),
        object_bytes: size.content_length,
        body: None,
        checkpoint: Some(format!("record {}", end - 1)),
        now: 1_769_853_600_000,
    };
    (load, Arc::new(lying))
}

async fn bring_in(warehouse: &Warehouse, start: u64, answers: &[Answer]) -> Result<Loaded, WarehouseError> {
    let (load, lake) = batch(QUIZ_ANSWERS, start, answers);
    warehouse.load(load, lake).await
}

async fn totals(warehouse: &Warehouse, attempts: Attempts) -> Totals {
    let view = View { attempts, ..View::of(ASSIGNMENT) };
    warehouse.totals(&Counting { view, keys: vec![KEY] }, i64::MAX).await.expect("totals")
}

/// How many attempts reached 0, and how many 1.
async fn scores(warehouse: &Warehouse, attempts: Attempts) -> (i64, i64) {
    let totals = totals(warehouse, attempts).await;
    let of = |score| totals.scores.iter().find(|(reached, _)| *reached == score).map_or(0, |(_, count)| *count);
    (of(0), of(1))
}

/// The choices of the answers that count, lowest first.
async fn choices(warehouse: &Warehouse, attempts: Attempts) -> Vec<i64> {
    let mut choices: Vec<i64> = totals(warehouse, attempts).await.choices.iter().filter_map(|row| row.choice).collect();
    choices.sort_unstable();
    choices
}

async fn rows_and_loads(warehouse: &Warehouse) -> (i64, usize) {
    let landed = warehouse.landed(ASSIGNMENT, i64::MAX).await.expect("landed");
    (landed.records(), warehouse.history(QUIZ_ANSWERS.to_owned()).await.expect("the history").len())
}

pub(crate) async fn a_batch_lands_whole_and_the_same_range_again_is_known(warehouse: Warehouse) {
    let answers = [Answer::new(1, "a", 1, KEY), Answer::new(2, "b", 1, 12)];
    assert_eq!(bring_in(&warehouse, 0, &answers).await.expect("loaded"), Loaded::Rows(2));
    assert_eq!(bring_in(&warehouse, 0, &answers).await.expect("known"), Loaded::Already);
    let (load, lake) = batch(QUIZ_ANSWERS, 0, &answers);
    assert_eq!(warehouse.load(load, Arc::new(Near(lake))).await.expect("known"), Loaded::Already);
    assert_eq!(rows_and_loads(&warehouse).await, (2, 1));
    let end = warehouse.shard_end(QUIZ_ANSWERS.to_owned(), SHARD.to_owned()).await.expect("its end");
    assert_eq!(end, ShardEnd { offset: 2, checkpoint: Some("record 1".to_owned()) });
    let ends = warehouse.stream_ends(QUIZ_ANSWERS.to_owned()).await.expect("the ends");
    assert_eq!(ends.by_shard.get(SHARD), Some(&2));
    assert_eq!(warehouse.loads(10).await.expect("loads").iter().map(|load| load.records).collect::<Vec<_>>(), [2]);
}

pub(crate) async fn a_batch_with_other_rows_than_it_says_changes_nothing(warehouse: Warehouse) {
    let (load, lake) = batch(QUIZ_ANSWERS, 0, &[Answer::new(1, "a", 1, KEY)]);
    let more = Load { rows: 2, end: 2, ..load };
    let refused = warehouse.load(more, lake).await.expect_err("one row instead of two");
    assert!(matches!(refused, WarehouseError::Manifest { .. }), "{refused}");
    assert_eq!(rows_and_loads(&warehouse).await, (0, 0));
    bring_in(&warehouse, 0, &[Answer::new(1, "a", 1, KEY)]).await.expect("the next one lands");
}

pub(crate) async fn a_range_that_is_known_in_part_is_refused_for_good(warehouse: Warehouse) {
    let answers = [Answer::new(1, "a", 1, KEY), Answer::new(2, "b", 1, KEY), Answer::new(3, "c", 1, KEY)];
    bring_in(&warehouse, 0, &answers[..2]).await.expect("loaded");
    let refused = bring_in(&warehouse, 1, &answers[1..]).await.expect_err("1 is known, 2 is not");
    assert!(matches!(refused, WarehouseError::Overlap { start: 1, end: 3, known_start: 0, known_end: 2, .. }));
    assert_eq!(refused.advice(), Advice::GiveUp);
    assert_eq!(rows_and_loads(&warehouse).await, (2, 1));
}

pub(crate) async fn a_record_in_two_batches_counts_once(warehouse: Warehouse) {
    let answer = Answer::new(1, "a", 1, KEY);
    bring_in(&warehouse, 0, &[answer]).await.expect("loaded");
    bring_in(&warehouse, 1, &[answer]).await.expect("loaded");
    assert_eq!(rows_and_loads(&warehouse).await, (1, 2));
    assert_eq!(scores(&warehouse, Attempts::All).await, (0, 1));
    assert_eq!(warehouse.books().await.expect("books")[&ASSIGNMENT].answers, 1);
    let records = warehouse.landed_records(ASSIGNMENT, 0).await.expect("records");
    assert_eq!(records.into_iter().collect::<Vec<_>>(), ["r1"]);
}

pub(crate) async fn the_rule_decides_which_attempt_counts(warehouse: Warehouse) {
    // The first is wrong, the second right, the third wrong in another way.
    let answers = [Answer::new(1, "a", 1, 12), Answer::new(2, "b", 2, KEY), Answer::new(3, "c", 3, 13)];
    bring_in(&warehouse, 0, &answers).await.expect("loaded");
    assert_eq!(scores(&warehouse, Attempts::First).await, (1, 0));
    assert_eq!(scores(&warehouse, Attempts::Best).await, (0, 1));
    assert_eq!(scores(&warehouse, Attempts::Last).await, (1, 0));
    assert_eq!(scores(&warehouse, Attempts::All).await, (2, 1));
    assert_eq!(choices(&warehouse, Attempts::First).await, [12]);
    assert_eq!(choices(&warehouse, Attempts::Best).await, [KEY]);
    assert_eq!(choices(&warehouse, Attempts::Last).await, [13]);
    assert_eq!(choices(&warehouse, Attempts::All).await, [KEY, 12, 13]);
    let rows = warehouse.answers_of_student(ASSIGNMENT, "s".to_owned()).await.expect("answers");
    assert_eq!(rows.iter().map(|row| row.attempt_no).collect::<Vec<_>>(), [1, 2, 3]);
}

pub(crate) async fn a_record_of_another_producer_never_stands_for_an_answer(warehouse: Warehouse) {
    let own = Answer::new(5, "a", 1, 12);
    let forged = Answer { number: -1, choice: KEY, producer: Some("stranger"), ..own };
    bring_in(&warehouse, 0, &[forged, own]).await.expect("loaded");
    let landed = warehouse.landed(ASSIGNMENT, i64::MAX).await.expect("landed");
    assert_eq!(landed.of("a"), Tally { records: 1, numbers: 5 });
    assert_eq!(scores(&warehouse, Attempts::First).await, (1, 1), "two attempts, and not one for the other");
    assert_eq!(warehouse.answers_of_student(ASSIGNMENT, "s".to_owned()).await.expect("answers").len(), 1);
    assert_eq!(warehouse.highest().await.expect("numbers").accepted_seq, 5);
}

pub(crate) async fn heartbeats_take_the_place_of_those_before(warehouse: Warehouse) {
    let beat = |number: i64| {
        let (load, lake) = batch(QUIZ_ANSWERS, number.unsigned_abs(), &[Answer::new(number, "", 0, 0)]);
        (Load { is_heartbeats: true, object: "heartbeats/x".to_owned(), ..load }, lake)
    };
    for number in 0..3 {
        let (load, lake) = beat(number);
        assert_eq!(warehouse.load(load, lake).await.expect("loaded"), Loaded::Rows(1));
    }
    let has = async |id: &str| warehouse.has_heartbeat(QUIZ_ANSWERS, id.to_owned()).await.expect("an answer");
    assert_eq!((has("r1").await, has("r2").await), (false, true));
    assert_eq!(rows_and_loads(&warehouse).await, (0, 1), "no answer, and one row in the history");
    let end = warehouse.shard_end(QUIZ_ANSWERS.to_owned(), SHARD.to_owned()).await.expect("its end");
    assert_eq!(end.offset, 3);
}

pub(crate) async fn a_table_that_is_there_with_other_columns_is_refused_for_good(warehouse: Warehouse) {
    let table = |kind| {
        let mut table = Table { name: "readings".to_owned(), ..quiz_answers() };
        table.columns.truncate(2);
        table.columns[1].kind = kind;
        Arc::new(table)
    };
    for _ in 0..2 {
        warehouse.ensure_table(table(Kind::BigInt)).await.expect("made, and there");
    }
    let refused = warehouse.ensure_table(table(Kind::Double)).await.expect_err("another type");
    assert!(matches!(&refused, WarehouseError::OtherColumns { table, .. } if table == "readings"), "{refused}");
    assert_eq!(refused.advice(), Advice::GiveUp);
}

pub(crate) async fn batches_of_several_streams_at_the_same_time_all_land(warehouse: Warehouse) {
    let streams: Vec<String> = (0..8).map(|n| format!("stream-{n}")).collect();
    let loads = (1..).zip(&streams).map(|(number, stream)| {
        let (load, lake) = batch(stream, 0, &[Answer { attempt_no: number, ..Answer::new(number, "a", 1, KEY) }]);
        warehouse.load(load, lake)
    });
    for loaded in futures::future::join_all(loads).await {
        assert_eq!(loaded.expect("loaded"), Loaded::Rows(1));
    }
    assert_eq!(rows_and_loads(&warehouse).await.0, 8);
    for stream in streams {
        assert_eq!(warehouse.history(stream).await.expect("the history").len(), 1);
    }
}
