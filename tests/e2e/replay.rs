//! What lies in the lake can be brought in again; what differs between the stores is named.

use std::path::{Path, PathBuf};

use duckdb::Connection;
use serde_json::{Value, json};

use crate::server::{CLOSED, OPEN, Server, Staff, Student, client, freshmark};

/// Runs a command on a data folder: whether it succeeded, and all that it said.
pub fn run(words: &[&str], data: &Path) -> (bool, String) {
    let done = freshmark().args(words).arg("--data").arg(data).output().expect("freshmark runs");
    let said = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8(said).expect("text"))
}

pub fn warehouse(data: &Path) -> Connection {
    Connection::open(data.join("warehouse.duckdb")).expect("the warehouse")
}

pub fn count(data: &Path, sql: &str) -> i64 {
    warehouse(data).query_row(sql, [], |row| row.get(0)).expect(sql)
}

/// The demo school with everything landed, and the server stopped.
pub async fn landed() -> Server {
    let server = Server::start();
    let admin = Staff::admin(&server).await;
    admin.results_when(&server, CLOSED, |r| r.freshness.landed == 168).await;
    server.stop();
    server
}

pub fn objects(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(objects(&path)),
            path => found.push(path),
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn an_empty_warehouse_is_rebuilt_from_the_lake_as_often_as_one_likes() {
    let server = landed().await;
    let data = server.data();
    let (agrees, said) = run(&["verify"], data);
    assert!(agrees && said.contains("the stores agree"), "{said}");
    let rows = "SELECT COUNT(*) FROM quiz_answers";
    let history = "SELECT CAST(SUM(end_offset * 31 + start_offset + records) AS BIGINT) FROM load_history \
                   WHERE object NOT LIKE 'heartbeats/%'";
    let before = (count(data, rows), count(data, history));

    std::fs::remove_file(data.join("warehouse.duckdb")).expect("removed");
    let (agrees, said) = run(&["verify"], data);
    assert!(!agrees && said.contains("assignment 1: 168 answers were accepted, 0 are"), "{said}");
    for _ in 0..2 {
        let (done, said) = run(&["replay", "--whole-lake"], data);
        assert!(done, "{said}");
        assert_eq!((count(data, rows), count(data, history)), before, "{said}");
    }
    let (agrees, said) = run(&["verify"], data);
    assert!(agrees, "{said}");
    let again = Server::on(data, &[]);
    let shown = Staff::admin(&again).await.results(&again, CLOSED).await;
    assert_eq!((shown.freshness.landed, shown.counted), (168, 28));
}

#[tokio::test]
async fn a_damaged_warehouse_is_rebuilt_at_the_start_and_not_by_whoever_only_looks() {
    let server = landed().await;
    let data = server.data();
    std::fs::write(data.join("warehouse.duckdb"), b"no database").expect("damaged");
    let (looked, said) = run(&["verify"], data);
    assert!(!looked && said.contains("cannot open the warehouse"), "{said}");

    // What cannot be brought in stays owed to the next start.
    let object = objects(&data.join("lake/quiz-answers")).remove(0);
    let away = data.with_extension("object");
    std::fs::rename(&object, &away).expect("away");
    let without = Server::on(data, &[]);
    // The transactional store has them still, and sends them again.
    Staff::admin(&without).await.results_when(&without, CLOSED, |r| r.freshness.landed == 168).await;
    without.stop();
    assert!(data.join("warehouse.duckdb.rebuild").exists());
    std::fs::rename(&away, &object).expect("back");

    let again = Server::on(data, &[]);
    let shown = Staff::admin(&again).await.results(&again, CLOSED).await;
    assert_eq!((shown.freshness.landed, shown.counted), (168, 28), "each is counted once");
    assert!(!data.join("warehouse.duckdb.rebuild").exists());
    Student::hand_in(&again, "Ada Lovelace", 0).await;
    Staff::teacher(&again).await.results_when(&again, OPEN, |r| r.freshness.landed == 10).await;
    again.stop();
    let (agrees, said) = run(&["verify"], data);
    assert!(agrees, "no heartbeat after the last answer looks like a batch that is missing: {said}");
}

#[tokio::test]
async fn a_range_brings_in_what_it_touches_and_nothing_else() {
    let server = landed().await;
    let data = server.data();
    std::fs::remove_file(data.join("warehouse.duckdb")).expect("removed");
    let (done, said) = run(&["replay", "--stream", "quiz-catalog", "--from", "0", "--to", "1"], data);
    assert!(done, "{said}");
    assert_eq!(count(data, "SELECT COUNT(*) FROM load_history WHERE start_offset = 0 AND stream = 'quiz-catalog'"), 1);
    assert_eq!(count(data, "SELECT COUNT(*) FROM load_history"), 1);
    let (done, said) = run(&["replay"], data);
    assert!(!done && said.contains("--whole-lake") && said.contains("--parked"), "{said}");
}

#[tokio::test]
async fn every_difference_is_named() {
    let server = landed().await;
    let data = server.data();
    let lake = data.join("lake/quiz-answers");
    let object = objects(&lake).remove(0);
    let name = object.file_name().expect("a name").to_string_lossy().into_owned();
    let whole = std::fs::read(&object).expect("readable");

    std::fs::write(&object, &whole[..whole.len() / 2]).expect("cut");
    let (agrees, said) = run(&["verify"], data);
    assert!(!agrees && said.contains(&name) && said.contains("is damaged"), "{said}");
    std::fs::remove_file(&object).expect("removed");
    let (agrees, said) = run(&["verify"], data);
    assert!(!agrees && said.contains(&name) && said.contains("cannot be read"), "{said}");
    std::fs::write(&object, &whole).expect("back");
    let stray = lake.join("2026/01/01/00/stray.gz");
    std::fs::create_dir_all(stray.parent().expect("a folder")).expect("a folder");
    std::fs::write(&stray, b"").expect("a stray");
    let (agrees, said) = run(&["verify"], data);
    assert!(!agrees && said.contains("stray.gz, which no load knows"), "{said}");
    std::fs::remove_file(&stray).expect("removed");

    let db = warehouse(data);
    db.execute_batch(
        "UPDATE quiz_answers SET choice_id = 1 WHERE accepted_seq = (SELECT MAX(accepted_seq) FROM answers)",
    )
    .expect("changed");
    drop(db);
    let (agrees, said) = run(&["verify"], data);
    assert!(!agrees && said.contains(&format!("assignment {CLOSED}: ")), "{said}");
}

#[tokio::test]
async fn a_data_folder_in_use_is_left_alone() {
    let server = Server::start();
    for words in [&["verify"][..], &["replay", "--whole-lake"]] {
        let (done, said) = run(words, server.data());
        assert!(!done && said.contains("is another freshmark running on this data folder?"), "{said}");
    }
}

const READINGS: &str = r#"
[streams.readings]
copy_retry_seconds = 0
columns = [{ name = "device", type = "varchar(64)" }, { name = "value", type = "bigint" }]
"#;

/// The table refuses what the configuration allows, as after a change by hand.
fn make_table(data: &Path, check: &str) {
    let table = format!("CREATE OR REPLACE TABLE readings (device VARCHAR NOT NULL, value BIGINT NOT NULL {check})");
    warehouse(data).execute_batch(&table).expect("made");
}

#[tokio::test]
async fn a_parked_batch_is_shown_with_its_reason_and_replayed_by_an_admin() {
    let server = landed().await;
    let data = server.data().to_owned();
    let config = data.join("freshmark.toml");
    std::fs::write(&config, READINGS).expect("written");
    make_table(&data, "CHECK (value < 100)");
    let flags = ["--config", &config.to_string_lossy()].map(str::to_owned);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let running = Server::on(&data, &flags);
    let key = std::fs::read_to_string(data.join("gateway.key")).expect("the key");
    let admin = Staff::admin(&running).await;
    for value in [1, 1_000, 2] {
        let put = client().post(running.url("/gateway/readings")).header("x-api-key", key.trim());
        let answer = put.json(&json!({ "device": "d", "value": value })).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
    }
    let parked = loop {
        let pipeline: Value = admin.get(&running, "/api/pipeline").await.json().await.expect("json");
        let stream = pipeline["streams"].as_array().expect("streams").iter().find(|s| s["name"] == "readings").cloned();
        let stream = stream.expect("the stream");
        if let Some(parked) = stream["parked"].as_array().and_then(|parked| parked.first()) {
            assert!(stream["freshness"]["waiting"].as_i64() >= Some(1), "what is parked waits: {stream}");
            break parked.clone();
        }
        admin.events(&running, OPEN).await.next().await;
    };
    assert!(parked["reason"].as_str().is_some_and(|reason| reason.contains("CHECK")), "{parked}");

    let teacher = Staff::teacher(&running).await;
    assert_eq!(teacher.post(&running, "/api/streams/readings/replay").await.status(), 403);
    let refused = admin.post(&running, "/api/streams/readings/replay").await;
    assert_eq!(refused.status(), 409, "the table still refuses it");
    assert!(refused.text().await.expect("text").contains("CHECK"));
    assert_eq!(admin.post(&running, "/api/streams/nothing/replay").await.status(), 404);
    running.stop();
    let mend = format!(
        "CREATE TABLE mended AS SELECT * FROM readings; DROP TABLE readings; {}",
        "CREATE TABLE readings (device VARCHAR NOT NULL, value BIGINT NOT NULL); INSERT INTO readings SELECT * FROM mended; DROP TABLE mended"
    );
    warehouse(&data).execute_batch(&mend).expect("mended");

    let running = Server::on(&data, &flags);
    let admin = Staff::admin(&running).await;
    let replayed: Value = admin.post(&running, "/api/streams/readings/replay").await.json().await.expect("json");
    assert!(replayed["batches"].as_i64() >= Some(1), "{replayed}");
    running.stop();
    assert_eq!(count(&data, "SELECT COUNT(*) FROM readings"), 3);
    let (done, said) = run(&["replay", "--parked", "--config", &config.to_string_lossy()], &data);
    assert!(done && said.starts_with("0 parked batches"), "{said}");
    assert_eq!(count(&data, "SELECT COUNT(*) FROM readings"), 3, "once");
}

#[tokio::test]
async fn a_row_of_the_load_history_that_stands_for_many_is_held_against_their_manifests() {
    let server = landed().await;
    let data = server.data();
    // As `warehouse/fold.rs` writes it.
    let fold = "CREATE TEMPORARY TABLE run AS SELECT stream, shard, MIN(start_offset) AS first, MAX(end_offset) AS last, \
                SUM(CASE WHEN object LIKE 'heartbeats/%' THEN 0 ELSE records END) AS records FROM load_history \
                WHERE stream = 'quiz-answers' GROUP BY stream, shard; \
                DELETE FROM load_history WHERE stream = 'quiz-answers'; \
                INSERT INTO load_history SELECT stream, shard, first, last, records, 1, 'folded/quiz-answers/' || shard, '', 1, \
                CURRENT_TIMESTAMP, NULL FROM run";
    warehouse(data).execute_batch(fold).expect("folded");
    let (agrees, said) = run(&["verify"], data);
    assert!(agrees, "{said}");
    let (done, said) = run(&["replay", "--whole-lake"], data);
    assert!(done && said.contains("0 rows"), "{said}");

    let manifest = objects(&data.join("lake/manifests/quiz-answers")).remove(0);
    std::fs::remove_file(&manifest).expect("removed");
    let (agrees, said) = run(&["verify"], data);
    assert!(!agrees && said.contains("the lake's manifests have"), "{said}");
}
