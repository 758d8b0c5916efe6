//! Streams elsewhere: records are put to and read from another server's AWS wire, and from ferrokinesis, a Kinesis that
//! nobody here wrote and that can split and merge shards.

use std::path::Path;

use aws_sdk_kinesis::Client;
use duckdb::Connection;
use serde_json::{Value, json};

use crate::server::{CLOSED, Door, OPEN, Server, Staff, Student, client, freshmark};
use crate::transform::fill;
use crate::wire::{
    Keys, count, ferrokinesis, is_whole, kinesis, note, open_shards, put, server, split, until, verify, warehouse,
};

const COLUMNS: &str = r#"columns = [{ name = "who", type = "varchar(36)" }, { name = "n", type = "bigint" }]"#;

fn tick(key: &str, n: u64) -> (String, Value) {
    (key.to_owned(), json!({ "who": key, "n": n }))
}

/// Every tick from 0 to `ticks` of each key is there once, later ones behind earlier ones, and the load history has
/// neither gap nor overlap.
fn assert_whole(server: &Server, keys: &[&str], ticks: u64) {
    let warehouse = warehouse(server);
    for key in keys {
        let sql = "SELECT n FROM ticks WHERE who = ? ORDER BY rowid";
        let mut rows = warehouse.prepare(sql).expect(sql);
        let found: Vec<u64> = rows.query_map([key], |row| row.get(0)).expect(sql).map(|n| n.expect("n")).collect();
        assert_eq!(found, (0..ticks).collect::<Vec<_>>(), "of {key}");
    }
    let gaps = "SELECT COUNT(*) FROM (SELECT start_offset, LAG(end_offset, 1, 0) OVER (PARTITION BY shard ORDER BY \
                start_offset) AS before FROM load_history WHERE stream = 'ticks') AS pairs WHERE start_offset <> before";
    assert_eq!(count(&warehouse, gaps), 0);
    let unnamed = "SELECT COUNT(*) FROM load_history WHERE stream = 'ticks' AND checkpoint IS NULL";
    assert_eq!(count(&warehouse, unnamed), 0);
    drop(warehouse);
    let (agrees, said) = verify(server);
    assert!(agrees, "{said}");
}

/// Another server, with a data stream on its AWS wire.
async fn other_with(folder: &Path, stream: &str, shards: i32) -> (Server, Keys, Client) {
    let other = Server::on(&folder.join("other"), &[]);
    let keys = Keys::of(&other);
    let wire = kinesis(&other.aws, &keys);
    wire.create_stream().stream_name(stream).shard_count(shards).send().await.expect("made");
    (other, keys, wire)
}

/// The complete AWS shape: gateway → Kinesis → delivery → warehouse, with another server's wire as Kinesis.
#[tokio::test]
async fn answers_that_go_by_a_kinesis_elsewhere_are_on_the_teacher_s_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let (other, keys, _) = other_with(folder.path(), "answers", 3).await;
    let at = format!("kinesis = \"answers\", endpoint = \"{}\"", other.aws);
    let config = format!("[streams.quiz-answers]\nput_to = {{ {at} }}\nsource = {{ {at}, poll_ms = 20 }}\n");
    let server = server(&folder.path().join("server"), &config, &keys);
    let teacher = Staff::teacher(&server).await;
    Student::hand_in(&server, "Ada Lovelace", 1).await;
    teacher.results_when(&server, OPEN, |r| r.freshness.landed == 10).await;
    teacher.results_when(&server, CLOSED, |r| r.freshness.landed == 168).await;

    let shown = until(&server, "quiz-answers", |s| is_whole(s) && !s["heartbeat"].is_null()).await;
    let notes: Vec<&str> =
        shown["stages"].as_array().expect("stages").iter().filter_map(|s| s["note"].as_str()).collect();
    assert!(notes.iter().any(|note| note.starts_with("kinesis answers: 3 shards, ")), "{notes:?}");
    assert_eq!(client().get(server.url("/readyz")).send().await.expect("an answer").status(), 200);
    let metrics = client().get(server.url("/metrics")).send().await.expect("an answer").text().await.expect("text");
    assert!(metrics.contains("freshmark_source_lag_seconds{stream=\"quiz-answers\"}"), "{metrics}");
    server.stop();
    let rows = "SELECT COUNT(*) FROM answers";
    assert_eq!(count(&warehouse(&server), rows), 178);
    let there = "SELECT COUNT(*) FROM load_history WHERE shard LIKE 'answers/shardId-%'";
    assert!(count(&warehouse(&server), there) > 0);
    let here = "SELECT COUNT(*) FROM load_history WHERE stream = 'quiz-answers' AND checkpoint IS NULL";
    assert_eq!(count(&warehouse(&server), here), 0, "nothing went by the log");
    let (agrees, said) = verify(&server);
    assert!(agrees, "{said}");
}

#[tokio::test]
async fn after_kill_9_between_loads_every_record_from_a_kinesis_is_there_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (other, keys, wire) = other_with(folder.path(), "ticks", 2).await;
    let config = format!(
        "[streams.ticks]\nsource = {{ kinesis = \"ticks\", endpoint = \"{}\", poll_ms = 10 }}\n{COLUMNS}\n",
        other.aws
    );
    let home = folder.path().join("server");
    let names = ["a", "b", "c", "d"];
    let mut newest = Value::Null;
    for round in 0..6 {
        let server = server(&home, &config, &keys);
        for n in round * 100..(round + 1) * 100 {
            put(&wire, "ticks", names.iter().map(|key| tick(key, n))).await;
        }
        // As soon as something has landed, while the rest is on its way.
        let state = until(&server, "ticks", |state| state["newest"] != newest).await;
        newest = state["newest"].clone();
        server.kill();
    }
    let server = server(&home, &config, &keys);
    until(&server, "ticks", is_whole).await;
    server.stop();
    assert_whole(&server, &names, 600);

    // The lake alone brings the warehouse back, and reading goes on where it stood.
    std::fs::remove_file(server.data().join("warehouse.duckdb")).expect("removed");
    let file = home.join("freshmark.toml");
    let replayed =
        freshmark().args(["replay", "--whole-lake", "--config"]).arg(&file).arg("--data").arg(server.data()).output();
    assert!(replayed.expect("replayed").status.success());
    put(&wire, "ticks", names.iter().map(|key| tick(key, 600))).await;
    let server = self::server(&home, &config, &keys);
    until(&server, "ticks", |state| is_whole(state) && state["newest"] != newest).await;
    server.stop();
    let found = count(&warehouse(&server), "SELECT COUNT(*) FROM ticks");
    assert_eq!((found, count(&warehouse(&server), "SELECT COUNT(DISTINCT (who, n)) FROM ticks")), (2_404, 2_404));
}

#[tokio::test]
async fn reading_goes_on_behind_a_batch_that_was_parked_and_after_a_restart_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let (address, keys) = (ferrokinesis().await, Keys::wrong());
    let wire = kinesis(&address, &keys);
    wire.create_stream().stream_name("ticks").shard_count(1).send().await.expect("made");
    open_shards(&wire, 1).await;
    let (home, data) = (folder.path().join("server"), folder.path().join("server/data"));
    std::fs::create_dir_all(&data).expect("a folder");
    let by_hand = |sql: &str| {
        let warehouse = Connection::open(data.join("warehouse.duckdb")).expect("the warehouse");
        warehouse.execute_batch(sql).expect(sql);
    };
    by_hand("CREATE TABLE ticks (who VARCHAR NOT NULL, n BIGINT NOT NULL CHECK (n < 100))");
    let at = format!("source = {{ kinesis = \"ticks\", endpoint = \"{address}\", poll_ms = 10 }}");
    let config = format!("[streams.ticks]\n{at}\ncopy_retry_seconds = 0\n{COLUMNS}\n");
    let put_one = async |n: u64| put(&wire, "ticks", std::iter::once(tick("a", n))).await;
    let parked = |state: &Value| state["parked"].as_array().map_or(0, Vec::len);

    let server = server(&home, &config, &keys);
    put_one(0).await;
    let landed = until(&server, "ticks", |state| !state["newest"].is_null()).await;
    put_one(1_000).await;
    let before = until(&server, "ticks", |state| parked(state) == 1).await;
    server.stop();
    put_one(1).await;
    let server = self::server(&home, &config, &keys);
    let state = until(&server, "ticks", |state| state["newest"] != landed["newest"]).await;
    assert_eq!(state["parked"], before["parked"], "what is parked is not read again");
    assert_eq!(state["freshness"]["waiting"], 1, "{state}");
    server.stop();

    by_hand(
        "CREATE TABLE mended AS SELECT * FROM ticks; DROP TABLE ticks; CREATE TABLE ticks (who VARCHAR NOT NULL, n BIGINT \
         NOT NULL); INSERT INTO ticks SELECT * FROM mended; DROP TABLE mended",
    );
    let server = self::server(&home, &config, &keys);
    let admin = Staff::admin(&server).await;
    let replayed: Value = admin.post(&server, "/api/streams/ticks/replay").await.json().await.expect("json");
    assert_eq!(replayed["batches"], 1, "{replayed}");
    until(&server, "ticks", is_whole).await;
    server.stop();
    let sum = count(&warehouse(&server), "SELECT CAST(SUM(n) AS BIGINT) FROM ticks");
    assert_eq!((sum, count(&warehouse(&server), "SELECT COUNT(*) FROM ticks")), (1_001, 3));
    let (agrees, said) = verify(&server);
    assert!(agrees, "{said}");
}

#[tokio::test]
async fn a_stream_that_is_split_and_merged_is_read_in_order_and_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (address, keys) = (ferrokinesis().await, Keys::wrong());
    let wire = kinesis(&address, &keys);
    wire.create_stream().stream_name("ticks").shard_count(1).send().await.expect("made");
    let names = ["a", "b", "c", "d", "e"];
    let mut next = 0;
    let mut more = async || {
        for n in next..next + 20 {
            put(&wire, "ticks", names.iter().map(|key| tick(key, n))).await;
        }
        next += 20;
        next
    };
    // Before anybody reads: a backlog over three generations of shards.
    let whole = open_shards(&wire, 1).await;
    more().await;
    split(&wire, &whole[&0], 1 << 127).await;
    let halves: Vec<String> = open_shards(&wire, 2).await.into_values().collect();
    more().await;
    wire.merge_shards()
        .stream_name("ticks")
        .shard_to_merge(&halves[0])
        .adjacent_shard_to_merge(&halves[1])
        .send()
        .await
        .expect("merged");
    let merged = open_shards(&wire, 1).await;
    more().await;
    let config = format!(
        "[streams.ticks]\nsource = {{ kinesis = \"ticks\", endpoint = \"{address}\", poll_ms = 10 }}\n{COLUMNS}\n"
    );
    let server = server(&folder.path().join("server"), &config, &keys);
    // And again while it is read: the shards are found and read without a restart.
    split(&wire, &merged[&0], 1 << 126).await;
    let parts = open_shards(&wire, 2).await;
    more().await;
    let upper = parts.values().next_back().expect("two");
    split(&wire, upper, 3 << 126).await;
    open_shards(&wire, 3).await;
    let ticks = more().await;
    let all_landed = |state: &Value| is_whole(state) && note(state).contains("3 shards");
    until(&server, "ticks", all_landed).await;
    server.stop();
    assert_whole(&server, &names, ticks);
    let shards = "SELECT COUNT(DISTINCT shard) FROM load_history WHERE stream = 'ticks'";
    assert_eq!(count(&warehouse(&server), shards), 8, "each that there ever was");

    // After a restart closed shards are not read again, and the open ones go on.
    put(&wire, "ticks", names.iter().map(|key| tick(key, ticks))).await;
    let server = self::server(&folder.path().join("server"), &config, &keys);
    until(&server, "ticks", all_landed).await;
    server.stop();
    assert_whole(&server, &names, ticks + 1);
}

#[tokio::test]
async fn records_from_a_kinesis_become_rows_by_the_stream_s_function() {
    let folder = tempfile::tempdir().expect("a folder");
    let (address, keys) = (ferrokinesis().await, Keys::wrong());
    let wire = kinesis(&address, &keys);
    wire.create_stream().stream_name("ticks").shard_count(2).send().await.expect("made");
    open_shards(&wire, 2).await;
    let config = format!(
        "[streams.ticks]\nsource = {{ kinesis = \"ticks\", endpoint = \"{address}\", poll_ms = 10 }}\n\
         transform = {{ executable = \"{}\" }}\ncolumns = [{{ name = \"record_id\", type = \"varchar(36)\" }}, \
         {{ name = \"accepted_at\", type = \"timestamp\" }}, {{ name = \"who\", type = \"varchar(36)\" }}, \
         {{ name = \"n\", type = \"bigint\" }}]\n",
        fill().display()
    );
    // Before anybody reads: a shard that was empty when it was read last looks whole until it is read again.
    let says_nothing = ("a".to_owned(), json!({}));
    put(&wire, "ticks", (0..40).map(|n| tick(["a", "b", "c"][n as usize % 3], n)).chain([says_nothing])).await;
    let server = server(&folder.path().join("server"), &config, &keys);
    until(&server, "ticks", is_whole).await;
    server.stop();
    let warehouse = warehouse(&server);
    assert_eq!(count(&warehouse, "SELECT COUNT(DISTINCT record_id) FROM ticks WHERE accepted_at > '2026-01-01'"), 40);
    assert_eq!(count(&warehouse, "SELECT CAST(SUM(n) AS BIGINT) FROM ticks"), 780);
    let (offsets, dropped) = ("SUM(end_offset - start_offset)", "SUM(end_offset - start_offset - records)");
    let of_history = |sum: &str| format!("SELECT CAST({sum} AS BIGINT) FROM load_history WHERE stream = 'ticks'");
    assert_eq!((count(&warehouse, &of_history(offsets)), count(&warehouse, &of_history(dropped))), (41, 1));
    drop(warehouse);
    let (agrees, said) = verify(&server);
    assert!(agrees, "{said}");
}

#[tokio::test]
async fn records_are_handed_on_to_a_firehose_and_each_is_answered_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let limited = format!("[streams.ticks]\nquota = {{ records_per_second = 3 }}\n{COLUMNS}\n");
    let other = server(&folder.path().join("other"), &limited, &Keys::wrong());
    let handed_on = |quota: &str| {
        let other = &other.aws;
        format!("[streams.ticks]\nput_to = {{ firehose = \"ticks\", endpoint = \"{other}\" }}\n{quota}{COLUMNS}\n")
    };
    let here = server(&folder.path().join("here"), &handed_on(""), &Keys::of(&other));
    let door = Door::of(&here);
    let put = async |door: &Door, server: &Server, records: Value| {
        let answer = door.put_to(&server.url("/gateway/ticks"), Some(door.key()), records.to_string()).await;
        (answer.status().as_u16(), answer.json::<Value>().await.expect("json"))
    };
    let records = |many: u64| json!({ "records": (0..many).map(|n| tick("a", n).1).collect::<Vec<_>>() });
    let codes = |answer: &Value| -> Vec<String> {
        let entries = answer["RequestResponses"].as_array().expect("entries").iter();
        entries.map(|entry| entry["ErrorCode"].as_str().unwrap_or("taken").to_owned()).collect()
    };

    let (status, wrong) = put(&door, &here, json!({ "who": "a", "n": "x" })).await;
    assert_eq!((status, &wrong["field"]), (400, &json!("record.n")), "the columns are checked here");
    let (status, answer) = put(&door, &here, records(5)).await;
    let busy = "ServiceUnavailableException";
    assert_eq!((status, &answer["FailedPutCount"]), (200, &json!(2)), "{answer}");
    assert_eq!(codes(&answer), ["taken", "taken", "taken", busy, busy]);
    let state = until(&here, "ticks", |_| true).await;
    assert!(state["freshness"]["measured_at"].is_null(), "when it lands there is not known: {state}");
    assert!(note(&state).starts_with("firehose ticks"), "{state}");

    // A key that the other does not know is nobody's fault but the configuration's.
    let stranger = server(&folder.path().join("stranger"), &handed_on(""), &Keys::wrong());
    let (_, answer) = put(&Door::of(&stranger), &stranger, records(2)).await;
    assert_eq!(codes(&answer), ["InternalFailure", "InternalFailure"]);
    // The quota here stands before the other's.
    let quota =
        server(&folder.path().join("quota"), &handed_on("quota = { records_per_second = 1 }\n"), &Keys::wrong());
    let (_, answer) = put(&Door::of(&quota), &quota, records(2)).await;
    assert_eq!(codes(&answer), ["InternalFailure", busy]);

    until(&other, "ticks", |state| is_whole(state) && state["loads"] != 0).await;
    other.stop();
    let (_, answer) = put(&door, &here, records(2)).await;
    assert_eq!(codes(&answer), [busy, busy], "it may come back");
    let ready = client().get(here.url("/readyz")).send().await.expect("an answer");
    assert_eq!(ready.status(), 503);
    assert!(ready.text().await.expect("text").contains("firehose ticks did not take records"));
    assert_eq!(count(&warehouse(&other), "SELECT COUNT(*) FROM ticks WHERE n < 3"), 3);
}

#[tokio::test]
async fn a_stream_that_is_read_from_elsewhere_takes_no_records_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = "[streams.ticks]\nsource = { kinesis = \"ticks\", endpoint = \"http://127.0.0.1:9\" }\n";
    let server = server(&folder.path().join("server"), &format!("{source}{COLUMNS}\n"), &Keys::wrong());
    let door = Door::of(&server);
    let (_, record) = tick("a", 1);
    let answer = door.put_to(&server.url("/gateway/ticks"), Some(door.key()), record.to_string()).await;
    assert_eq!(answer.status(), 409);
    assert!(answer.text().await.expect("text").contains("takes no records here"));
    // Nobody answers there: what is not known is not claimed.
    let state = until(&server, "ticks", |state| !state["freshness"]["problem"].is_null()).await;
    assert!(state["freshness"]["measured_at"].is_null(), "{state}");
    let metrics = client().get(server.url("/metrics")).send().await.expect("an answer").text().await.expect("text");
    let lag = metrics.lines().find_map(|line| line.strip_prefix("freshmark_source_lag_seconds{stream=\"ticks\"} "));
    assert!(lag.is_some_and(|lag| lag.parse() == Ok(f64::INFINITY)), "{lag:?}");
    assert_eq!(client().get(server.url("/readyz")).send().await.expect("an answer").status(), 200);
}
