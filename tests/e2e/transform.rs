//! Streams whose records a function changes: the function `fill`, and one that misbehaves as its records say.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::server::{Door, Server, Staff, client, config, freshmark};
use crate::streams::nothing_waits;
use crate::watched::{ended, noted};

/// What `cargo build --release -p fill` makes, beside the server.
pub fn fill() -> PathBuf {
    let fill = Path::new(env!("CARGO_BIN_EXE_freshmark")).with_file_name("fill");
    assert!(fill.is_file(), "{} is not there; build it with cargo build --release -p fill", fill.display());
    fill
}

fn behaving() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/functions/behaving.py")
}

/// A server with the streams of `text`.
fn with_streams(folder: &Path, text: &str) -> Server {
    Server::on(&folder.join("data"), &["--config", &config(folder, text)])
}

/// Puts records, all of which are taken.
async fn put(server: &Server, stream: &str, records: &[Value]) {
    let door = Door::of(server);
    let body = json!({ "records": records }).to_string();
    let answer = door.put_to(&server.url(&format!("/gateway/{stream}")), Some(door.key()), body).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.json::<Value>().await.expect("json")["FailedPutCount"], 0);
}

/// Lines of a stream's error output, batch by batch.
fn failed(server: &Server, stream: &str) -> Vec<Value> {
    fn walk(folder: &Path, lines: &mut Vec<Value>) {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, lines);
            } else {
                let text = std::fs::read_to_string(path).expect("readable");
                lines.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).expect("json")));
            }
        }
    }
    let mut lines = Vec::new();
    walk(&server.data().join("lake/processing-failed").join(stream), &mut lines);
    lines
}

/// One row of the warehouse, as text.
fn row(server: &Server, sql: &str) -> String {
    let warehouse = duckdb::Connection::open(server.data().join("warehouse.duckdb")).expect("the warehouse");
    warehouse.query_row(sql, [], |row| row.get(0)).expect(sql)
}

async fn metric(server: &Server, name: &str, stream: &str) -> Option<f64> {
    let answer = client().get(server.url("/metrics")).send().await.expect("an answer");
    let text = answer.text().await.expect("text");
    let start = format!("freshmark_{name}{{stream=\"{stream}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&start)).and_then(|value| value.parse().ok())
}

fn readings(shards: u32) -> String {
    format!(
        r#"
[streams.readings]
shards = {shards}
transform = {{ executable = "{}" }}
partition_by = "device"
columns = [
  {{ name = "record_id", type = "varchar(36)" }}, {{ name = "accepted_at", type = "timestamp" }},
  {{ name = "device", type = "varchar(64)" }}, {{ name = "value", type = "double precision", nullable = true }},
]
"#,
        fill().display()
    )
}

#[tokio::test]
async fn what_a_producer_left_out_is_filled_in_by_the_real_function() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = with_streams(folder.path(), &readings(1));
    let own = json!({ "record_id": "mine", "accepted_at": "2026-01-31 10:41:07.123", "device": "d2", "value": 2 });
    let records = [
        json!({ "device": "d1", "value": 1.5 }),
        own,
        json!({}),
        json!(5),
        json!({ "device": 7 }),
        json!({ "device": "d1", "value": 1.5 }),
    ];
    put(&server, "readings", &records).await;
    nothing_waits(&server, "readings").await;
    let counted = |name| metric(&server, name, "readings");
    assert_eq!(
        (counted("dropped_records_total").await, counted("processing_failed_records_total").await),
        (Some(1.0), Some(1.0))
    );
    assert_eq!(
        (counted("misfit_records_total").await, counted("succeed_processing_records_total").await),
        (Some(1.0), Some(4.0))
    );
    assert!(counted("execute_processing_success_total").await >= Some(1.0));
    assert_eq!(metric(&server, "dropped_records_total", "quiz-answers").await, None, "it has no function");
    server.stop();

    let sql = "SELECT string_agg(device || ' ' || value, ', ' ORDER BY device, record_id) FROM readings";
    assert_eq!(row(&server, sql), "d1 1.5, d1 1.5, d2 2.0");
    let sql = "SELECT COUNT(DISTINCT record_id) || ' ' || COUNT(*) FILTER (record_id = 'mine') || ' ' || \
               COUNT(*) FILTER (accepted_at > TIMESTAMP '2026-02-01') FROM readings";
    assert_eq!(row(&server, sql), "2 1 2", "the same record has the same id, and what was said is left alone");
    let failed = failed(&server, "readings");
    let of = |name: &str| failed.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("errorCode"), ["Lambda.ProcessingFailedStatus", "Freshmark.RecordDoesNotFit"]);
    assert_eq!(of("rawData"), ["NQ==", "eyJkZXZpY2UiOjd9"], "as they were sent");
    assert_eq!(of("attemptsMade"), [1, 1]);
    assert_eq!(of("lambdaArn"), ["arn:aws:lambda:us-east-1:000000000000:function:fill:$LATEST"; 2]);
    let verified = freshmark()
        .args(["verify", "--config"])
        .arg(folder.path().join("freshmark.toml"))
        .arg("--data")
        .arg(server.data())
        .output();
    let verified = verified.expect("verify runs");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

#[tokio::test]
async fn records_that_are_taken_unchecked_keep_their_place_by_their_partition_column() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = with_streams(folder.path(), &readings(8));
    let records: Vec<Value> = (0..64).map(|n| json!({ "device": format!("d{}", n % 32), "value": n })).collect();
    put(&server, "readings", &records).await;
    nothing_waits(&server, "readings").await;
    server.stop();
    assert_eq!(row(&server, "SELECT COUNT(*)::VARCHAR FROM readings"), "64");
    let shards = row(&server, "SELECT COUNT(DISTINCT shard)::VARCHAR FROM load_history WHERE stream = 'readings'");
    assert!(shards.parse::<u32>().expect("a number") > 2, "{shards}");
}

/// A stream whose function misbehaves as its records say, and one without a function.
fn misbehaving(notes: &Path, timeout: u32) -> String {
    let columns = "columns = [{ name = \"say\", type = \"varchar(64)\" }]\n";
    format!(
        "[streams.bad]\ntransform = {{ executable = \"{}\", environment = {{ NOTES = \"{}\" }}, timeout_seconds = {timeout}, \
         retries = 1 }}\n{columns}[streams.good]\n{columns}",
        behaving().display(),
        notes.display()
    )
}

async fn say(server: &Server, stream: &str, word: &str) {
    put(server, stream, &[json!({ "say": word })]).await;
}

#[tokio::test]
async fn a_function_that_misbehaves_costs_its_own_records_and_no_other_stream() {
    let (folder, notes) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let server = with_streams(folder.path(), &misbehaving(notes.path(), 5));
    say(&server, "bad", "hang").await;
    noted(notes.path(), "hanging").await;
    say(&server, "good", "meanwhile").await;
    nothing_waits(&server, "good").await;
    let pipeline: Value = Staff::admin(&server).await.get(&server, "/api/pipeline").await.json().await.expect("json");
    let streams = pipeline["streams"].as_array().expect("streams");
    let bad = streams.iter().find(|stream| stream["name"] == "bad").expect("the stream is shown");
    assert_eq!(bad["freshness"]["waiting"], 1, "it still hangs while the other stream has landed");
    for word in ["crash", "huge", "error", "fine", "crash-once"] {
        nothing_waits(&server, "bad").await;
        say(&server, "bad", word).await;
    }
    nothing_waits(&server, "bad").await;
    server.stop();
    assert_eq!(row(&server, "SELECT string_agg(say, ' ' ORDER BY say) FROM bad"), "crash-once fine");
    let failed = failed(&server, "bad");
    let mut codes: Vec<(&str, &Value)> =
        failed.iter().map(|line| (line["errorCode"].as_str().expect("a code"), &line["attemptsMade"])).collect();
    codes.sort_by_key(|(code, _)| *code);
    let two = json!(2);
    let expected = ["Lambda.FunctionError", "Lambda.FunctionError", "Lambda.FunctionError", "Lambda.FunctionTimedOut"];
    assert_eq!(codes, expected.map(|code| (code, &two)), "{failed:#?}");
    let history = "SELECT SUM(end_offset - start_offset) || ' ' || SUM(records) FROM load_history WHERE stream = 'bad'";
    assert_eq!(row(&server, history), "6 2", "the load history is whole");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_function_and_leaves_nothing_running() {
    let (folder, notes) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    // Longer than a test may take.
    let server = with_streams(folder.path(), &misbehaving(notes.path(), 300));
    say(&server, "bad", "hang").await;
    let hanging = noted(notes.path(), "hanging").await;
    server.stop();
    for id in hanging.split(' ') {
        ended(id).await;
    }
    // Without the function the record fits as it is: it was kept, and lands once.
    let text = misbehaving(notes.path(), 300);
    let without: Vec<&str> = text.lines().filter(|line| !line.starts_with("transform")).collect();
    let server = with_streams(folder.path(), &without.join("\n"));
    nothing_waits(&server, "bad").await;
    server.stop();
    assert_eq!(row(&server, "SELECT string_agg(say, ' ') FROM bad"), "hang");
}

#[tokio::test]
async fn a_function_ends_by_itself_when_the_server_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = with_streams(folder.path(), &readings(1));
    put(&server, "readings", &[json!({ "device": "d1" })]).await;
    nothing_waits(&server, "readings").await;
    let parent = server.id().to_string();
    let children: Vec<String> = std::fs::read_dir("/proc")
        .expect("processes")
        .flatten()
        .filter_map(|entry| {
            let status = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            let is_child = status.rsplit(") ").next()?.split(' ').nth(1) == Some(parent.as_str());
            is_child.then(|| entry.file_name().to_string_lossy().into_owned())
        })
        .collect();
    assert_eq!(children.len(), 1, "the function is kept for the next invocation");
    server.kill();
    ended(&children[0]).await;
}

#[test]
fn an_executable_that_is_not_there_is_named_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "[streams.s]\ntransform = { executable = \"/nowhere/fill\" }\ncolumns = [{ name = \"a\", type = \"bigint\" }]\n";
    let file = config(folder.path(), text);
    let mut serve = freshmark();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0", "--config"]).arg(file);
    let refused = serve.arg("--data").arg(folder.path().join("data")).output().expect("freshmark runs");
    let said = String::from_utf8(refused.stderr).expect("text");
    assert!(!refused.status.success() && said.lines().count() == 1, "{said}");
    for part in ["stream s", "transform.executable", "/nowhere/fill", "name a Lambda executable"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}
