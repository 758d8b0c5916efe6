//! Streams as configuration, keys to them, and what the warehouse says of itself.

use app::api::pipeline::Pipeline;
use reqwest::Response;
use serde_json::{Value, json};

use crate::server::{CLOSED, OPEN, Server, Staff, Student, client, config, freshmark};

/// The one line switches the stream; the student, the teacher and the warehouse notice nothing.
#[tokio::test]
async fn an_integration_is_switched_by_one_line_and_nobody_notices() {
    let folder = tempfile::tempdir().expect("a folder");
    let firehose = Server::on(&folder.path().join("firehose"), &[]);
    let text = "[streams.quiz-answers]\nintegration = \"kinesis-data-streams\"\nshards = 4\n";
    let config = config(folder.path(), text);
    let kinesis = Server::on(&folder.path().join("kinesis"), &["--config", &config]);
    let mut seen = Vec::new();
    for server in [&firehose, &kinesis] {
        let teacher = Staff::teacher(server).await;
        for (place, name) in ["Ada Lovelace", "Ben Whitlock", "Chiara Bianchi"].iter().enumerate() {
            Student::hand_in(server, name, place).await;
        }
        let results = teacher.results_when(server, OPEN, |r| r.freshness.landed == 30).await;
        let closed = teacher.results_when(server, CLOSED, |r| r.freshness.landed == 168).await;
        seen.push((results.questions, closed.questions, results.counted));
    }
    assert_eq!(seen[0], seen[1]);
}

fn key(server: &Server, flags: &[&str]) -> (String, String) {
    let made = freshmark()
        .args(["key", "create", "--json", "--name", "sensors", "--data"])
        .arg(server.data())
        .args(flags)
        .output()
        .expect("a key");
    let made: Value = serde_json::from_slice(&made.stdout).expect("json");
    let field = |name: &str| made[name].as_str().expect(name).to_owned();
    (field("id"), field("api_key"))
}

fn reading() -> Value {
    json!({ "device": "d1", "at": "2026-01-31 10:41:07.123", "value": 21.5 })
}

async fn put(server: &Server, stream: &str, key: &str, body: &Value) -> Response {
    let request = client().post(server.url(&format!("/gateway/{stream}"))).header("x-api-key", key);
    request.json(body).send().await.expect("an answer")
}

const READINGS: &str = r#"
[streams.sensor-readings]
quota = { records_per_second = 3 }
columns = [
  { name = "device", type = "varchar(64)" }, { name = "at", type = "timestamp" },
  { name = "value", type = "double precision", nullable = true },
]
"#;

#[tokio::test]
async fn a_key_opens_what_it_is_for_as_often_as_it_may_until_it_is_revoked() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(folder.path(), READINGS);
    let server = Server::on(&folder.path().join("data"), &["--config", &config]);
    let (id, secret) = key(&server, &["--stream", "sensor-readings", "--rate", "1", "--burst", "2"]);
    assert_eq!(put(&server, "sensor-readings", &secret, &reading()).await.status(), 200);
    assert_eq!(put(&server, "quiz-answers", &secret, &reading()).await.status(), 404, "not its stream");
    let over = put(&server, "sensor-readings", &secret, &reading()).await;
    assert_eq!(over.status(), 429);
    let wait: u64 = over.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=2).contains(&wait), "{wait}");

    let list = freshmark().args(["key", "list", "--data"]).arg(server.data()).output().expect("a list");
    let list = String::from_utf8(list.stdout).expect("text");
    assert!(list.contains(&id) && list.contains("sensor-readings") && !list.contains(&secret), "{list}");
    let revoke = || freshmark().args(["key", "revoke", &id, "--data"]).arg(server.data()).output().expect("revoked");
    assert!(revoke().status.success());
    let again = revoke();
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains(&id), "{again:?}");
    let (_, other) = key(&server, &["--stream", "sensor-readings"]);
    // The server asks for a key again after a second at the most; each try is one request.
    let mut refused = false;
    for _ in 0..10_000 {
        refused = put(&server, "sensor-readings", &secret, &json!({})).await.status() == 403;
        if refused {
            break;
        }
    }
    assert!(refused);
    assert_eq!(put(&server, "sensor-readings", &other, &json!({})).await.status(), 400, "another key works");
}

/// Asks the pipeline at each event until a stream has brought in all that it was given.
pub async fn nothing_waits(server: &Server, stream: &str) {
    let is_done = |pipeline: &Pipeline| {
        let found = pipeline.streams.iter().find(|found| found.name == stream).expect("the stream is shown");
        found.freshness.waiting == 0
    };
    Staff::admin(server).await.pipeline_when(server, is_done).await;
}

/// The stream takes fewer records a second than a student hands in: what was taken is not sent again, the rest is.
#[tokio::test]
async fn the_relay_sends_again_only_what_the_stream_did_not_take() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(folder.path(), "[streams.quiz-answers]\nquota = { records_per_second = 40 }\n");
    let data = folder.path().join("data");
    let server = Server::on(&data, &["--config", &config]);
    let teacher = Staff::teacher(&server).await;
    Student::hand_in(&server, "Ada Lovelace", 1).await;
    teacher.results_when(&server, OPEN, |r| r.freshness.landed == 10).await;
    teacher.results_when(&server, CLOSED, |r| r.freshness.landed == 168).await;
    server.stop();
    let warehouse = duckdb::Connection::open(data.join("warehouse.duckdb")).expect("the warehouse");
    let rows: (i64, i64, bool) = warehouse
        .query_row(
            "SELECT COUNT(*), COUNT(DISTINCT record_id), (SELECT COUNT(*) > 1 FROM load_history WHERE stream = 'quiz-answers') \
             FROM quiz_answers WHERE assignment_id <> 0",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .expect("rows");
    assert_eq!(rows, (178, 178, true), "each once on the wire too, over several requests");
}

#[tokio::test]
async fn a_stream_of_one_s_own_has_its_table_and_its_quota_answers_as_firehose_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(folder.path(), READINGS);
    let server = Server::on(&folder.path().join("data"), &["--config", &config]);
    let key = std::fs::read_to_string(server.data().join("gateway.key")).expect("the key");
    let records = vec![reading(); 5];
    let answer = put(&server, "sensor-readings", key.trim(), &json!({ "records": records })).await;
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.expect("json");
    let entries = answer["RequestResponses"].as_array().expect("entries");
    let failed: Vec<bool> = entries.iter().map(|entry| entry["ErrorCode"].is_string()).collect();
    assert_eq!((failed, &answer["FailedPutCount"]), (vec![false, false, false, true, true], &json!(2)));
    assert_eq!(entries[3]["ErrorCode"], "ServiceUnavailableException");
    let wrong =
        put(&server, "sensor-readings", key.trim(), &json!({ "device": "d", "at": "2026-01-31 10:41:60" })).await;
    assert_eq!(
        (wrong.status().as_u16(), &wrong.json::<Value>().await.expect("json")["field"]),
        (400, &json!("record.at"))
    );

    nothing_waits(&server, "sensor-readings").await;
    server.stop();
    let warehouse = duckdb::Connection::open(server.data().join("warehouse.duckdb")).expect("the warehouse");
    let rows: (i64, f64) = warehouse
        .query_row("SELECT COUNT(*), MAX(value) FROM sensor_readings", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("rows");
    assert_eq!(rows, (3, 21.5));
}

#[tokio::test]
async fn the_warehouse_explains_itself_and_grades_as_the_teacher_s_page_does() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    let shown = teacher.results_when(&server, CLOSED, |r| r.freshness.landed == 168).await;
    assert_eq!(teacher.post(&server, &format!("/api/assignments/{OPEN}/close")).await.status(), 204);
    nothing_waits(&server, "quiz-catalog").await;
    server.stop();
    let warehouse = duckdb::Connection::open(server.data().join("warehouse.duckdb")).expect("the warehouse");
    let count = |sql: &str| warehouse.query_row(sql, [], |row| row.get::<_, i64>(0)).expect(sql);
    assert_eq!(count("SELECT COUNT(*) FROM quizzes"), 3);
    assert_eq!(count("SELECT COUNT(*) FROM classes"), 2);
    assert_eq!(count("SELECT COUNT(*) FROM assignments"), 3);
    assert_eq!(count("SELECT COUNT(*) FROM assignments WHERE closed_at IS NOT NULL"), 2);
    for question in &shown.questions {
        let sql = format!(
            "SELECT COUNT(*) FROM graded_answers WHERE assignment_id = {CLOSED} AND question_id = {} AND is_correct",
            question.id
        );
        assert_eq!(count(&sql), question.correct, "{}", question.text);
        let text = format!(
            "SELECT COUNT(*) FROM questions WHERE question_id = {} AND question = '{}'",
            question.id,
            question.text.replace('\'', "''")
        );
        assert_eq!(count(&text), 1, "{}", question.text);
    }
    assert_eq!(count("SELECT COUNT(*) FROM quiz_catalog WHERE label LIKE '%Whitlock%'"), 0, "no student is in it");
}
