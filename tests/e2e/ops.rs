//! What operators see from outside: metrics, health, readiness and structured logs.

use std::path::Path;
use std::process::{Command, Stdio};

use prometheus_parse::{Scrape, Value as Sampled};
use reqwest::Response;
use serde_json::{Value, json};

use crate::server::{CLOSED, Door, OPEN, Server, Staff, Student, client, config, freshmark};

/// One scrape, as a monitoring system reads it.
#[derive(Debug)]
pub struct Metrics(Scrape);

impl Metrics {
    async fn of(server: &Server) -> Self {
        let answer = client().get(server.url("/metrics")).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        let lines = answer.text().await.expect("text").lines().map(|line| Ok(line.to_owned())).collect::<Vec<_>>();
        let scrape = Scrape::parse(lines.into_iter()).expect("it parses");
        for sample in &scrape.samples {
            assert!(matches!(sample.value, Sampled::Counter(_) | Sampled::Gauge(_)), "{sample:?} has no type");
            let help = scrape.docs.get(sample.metric.as_str());
            assert!(help.is_some_and(|help| !help.is_empty()), "{} is not explained", sample.metric);
        }
        Self(scrape)
    }

    fn find(&self, name: &str, stream: &str) -> Option<f64> {
        let name = format!("freshmark_{name}");
        let of_stream = |labels: &prometheus_parse::Labels| labels.get("stream") == Some(stream);
        let found = self.0.samples.iter().find(|sample| sample.metric == name && of_stream(&sample.labels))?;
        match found.value {
            Sampled::Counter(value) | Sampled::Gauge(value) => Some(value),
            _ => None,
        }
    }

    pub fn get(&self, name: &str, stream: &str) -> f64 {
        self.find(name, stream).unwrap_or_else(|| panic!("{name} of {stream} is not there"))
    }
}

const STREAM: &str = "sensor-readings";
const QUOTA: &str = "quota = { records_per_second = 3 }\n";
const MISFITS: &str = "misfits = \"error-output\"\n";

/// A server with a stream of its own, kept as `settings` say.
fn with_stream(folder: &Path, settings: &str) -> Server {
    let columns = r#"columns = [{ name = "device", type = "varchar(65535)" }, { name = "value", type = "integer" }]"#;
    let config = config(folder, &format!("[streams.{STREAM}]\n{settings}{columns}\n"));
    Server::on(&folder.join("data"), &["--config", &config])
}

async fn put(server: &Server, body: &Value) -> Value {
    let door = Door::of(server);
    let answer = door.put_to(&server.url(&format!("/gateway/{STREAM}")), Some(door.key()), body.to_string()).await;
    answer.json().await.expect("json")
}

/// Asks again at each event, until the metrics are as wanted.
pub async fn metrics_when(server: &Server, wanted: impl Fn(&Metrics) -> bool) -> Metrics {
    Staff::teacher(server).await.until(server, OPEN, async || Metrics::of(server).await, wanted).await
}

#[tokio::test]
async fn counters_move_by_exactly_what_was_put() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = with_stream(folder.path(), QUOTA);
    let before = Metrics::of(&server).await;
    for name in ["incoming_records_total", "throttled_records_total", "delivery_to_s3_records_total", "waiting_records"]
    {
        assert_eq!(before.get(name, STREAM), 0.0, "{name}");
    }
    let record = json!({ "device": "größer", "value": 1 });
    let answer = put(&server, &json!({ "records": vec![record.clone(); 5] })).await;
    assert_eq!(answer["FailedPutCount"], 2, "the quota is three");
    let refused = put(&server, &json!({ "device": 1, "value": 1 })).await;
    assert_eq!(refused["field"], "record.device");

    let after = metrics_when(&server, |m| m.get("delivery_to_redshift_records_total", STREAM) == 3.0).await;
    let (bytes, get) = (record.to_string().len() as f64, |name: &str| after.get(name, STREAM));
    assert_eq!((get("incoming_records_total"), get("incoming_bytes_total")), (3.0, 3.0 * bytes));
    assert_eq!((get("incoming_put_requests_total"), get("throttled_records_total")), (1.0, 2.0));
    assert_eq!((get("delivery_to_s3_records_total"), get("delivery_to_s3_attempts_total")), (3.0, 2.0));
    assert_eq!((get("delivery_to_s3_success_total"), get("delivery_to_redshift_success_total")), (2.0, 1.0));
    assert_eq!(get("delivery_to_s3_bytes_total"), get("delivery_to_redshift_bytes_total"));
    assert!(get("delivery_to_s3_bytes_total") > 0.0 && get("log_held_bytes") >= 0.0);
    assert_eq!((get("misfit_records_total"), get("parked_batches")), (0.0, 0.0));
    assert_eq!(after.find("relay_retries_total", STREAM), None, "nothing here feeds it");
}

#[tokio::test]
async fn misfits_that_are_taken_are_counted_where_they_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = with_stream(folder.path(), MISFITS);
    let records =
        [json!({ "device": "d", "value": 1 }), json!({ "device": "d", "value": "x" }), json!({ "device": 5 })];
    assert_eq!(put(&server, &json!({ "records": records })).await["FailedPutCount"], 0);
    let counted = |m: &Metrics| m.get("misfit_records_total", STREAM) == 2.0 && m.get("waiting_records", STREAM) == 0.0;
    let after = metrics_when(&server, counted).await;
    assert_eq!(
        (after.get("incoming_records_total", STREAM), after.get("delivery_to_s3_records_total", STREAM)),
        (3.0, 1.0)
    );
    assert_eq!(after.get("delivery_to_redshift_records_total", STREAM), 1.0);
}

#[tokio::test]
async fn freshness_at_the_warehouse_rises_while_the_gateway_is_away_and_is_0_afterwards() {
    const ANSWERS: &str = "quiz-answers";
    const FRESHNESS: &str = "delivery_to_redshift_data_freshness_seconds";
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let away = Server::on(&data, &["--heartbeat-seconds", "1", "--gateway-url", "http://127.0.0.1:9/gateway/"]);
    let (_, receipt) = Student::hand_in(&away, "Ada Lovelace", 0).await;
    let answers = receipt.questions as usize;
    let first = metrics_when(&away, |m| m.get(FRESHNESS, ANSWERS) > 0.0).await.get(FRESHNESS, ANSWERS);
    let later = metrics_when(&away, |m| m.get(FRESHNESS, ANSWERS) > first + 1.0).await;
    assert!(later.get("relay_retries_total", ANSWERS) > 0.0);
    assert!(later.get("waiting_records", ANSWERS) >= (168 + answers) as f64, "the demo school's, and these");
    assert_eq!(later.get("incoming_records_total", ANSWERS), 0.0);
    assert_eq!(later.get("delivery_to_s3_data_freshness_seconds", ANSWERS), 0.0, "AWS's own stops at what came in");
    assert_eq!(later.find("heartbeat_round_trip_seconds", ANSWERS), None, "none has arrived");
    away.stop();

    let back = Server::on(&data, &["--heartbeat-seconds", "1"]);
    let recovered = |m: &Metrics| m.get("waiting_records", ANSWERS) == 0.0 && m.get(FRESHNESS, ANSWERS) == 0.0;
    let recovered = metrics_when(&back, |m| recovered(m) && m.find("heartbeat_round_trip_seconds", ANSWERS).is_some());
    assert!(recovered.await.get("incoming_records_total", ANSWERS) >= (168 + answers) as f64);
}

async fn scrape(server: &Server, headers: &[(&str, &str)]) -> Response {
    let request = client().get(server.url("/metrics"));
    headers
        .iter()
        .fold(request, |request, (name, value)| request.header(*name, *value))
        .send()
        .await
        .expect("an answer")
}

#[tokio::test]
async fn metrics_are_not_for_everybody() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = freshmark();
    command.env("FRESHMARK_METRICS_KEY", "right");
    let server = Server::by(command, &folder.path().join("data"), &[]);
    let handed_on = ("x-forwarded-for", "203.0.113.7");
    assert_eq!(scrape(&server, &[]).await.status(), 200, "from this machine");
    assert_eq!(scrape(&server, &[handed_on, ("authorization", "Bearer right")]).await.status(), 200);
    for headers in [&[handed_on][..], &[handed_on, ("authorization", "Bearer wrong")]] {
        let refused = scrape(&server, headers).await;
        assert_eq!(refused.status(), 403);
        let error: Value = refused.json().await.expect("json");
        assert_eq!(error["error"], "forbidden");
    }
}

/// Status, and the parts that are not ready with their problems.
async fn readiness(server: &Server) -> (u16, Vec<(String, String)>) {
    let answer = client().get(server.url("/readyz")).send().await.expect("an answer");
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.expect("json");
    assert_eq!(body["ready"], status == 200, "{body}");
    let parts = body["parts"].as_array().expect("parts");
    let names: Vec<&str> = parts.iter().filter_map(|part| part["part"].as_str()).collect();
    assert_eq!(names, ["store", "gateway", "stream", "warehouse"]);
    let text = |part: &Value, name: &str| part[name].as_str().expect(name).to_owned();
    let unready = parts.iter().filter(|part| part["ready"] == false);
    (status, unready.map(|part| (text(part, "part"), text(part, "problem"))).collect())
}

#[tokio::test]
async fn a_server_that_answers_is_healthy_and_one_that_takes_records_is_ready() {
    let server = Server::start();
    let healthy = client().get(server.url("/healthz")).send().await.expect("an answer");
    assert_eq!(healthy.status(), 200);
    assert_eq!(healthy.json::<Value>().await.expect("json")["alive"], true);
    assert_eq!(readiness(&server).await, (200, Vec::new()));
}

#[tokio::test]
async fn a_server_with_a_full_stream_is_healthy_and_not_ready() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = with_stream(folder.path(), "most_mib = 64\nbuffer_mib = 128\nbuffer_seconds = 900\n");
    let records = |count, bytes| json!({ "records": vec![json!({ "device": "d".repeat(bytes), "value": 1 }); count] });
    // In large steps, then in small ones, until not even a small record has room.
    for body in [records(60, 60_000), records(1, 60_000), records(1, 500)] {
        let mut taken = 0;
        while put(&server, &body).await["FailedPutCount"] == 0 {
            taken += 1;
            assert!(taken < 1_000, "it never is full");
        }
    }
    let (status, unready) = readiness(&server).await;
    let [(part, problem)] = unready.as_slice() else { panic!("{unready:?}") };
    assert_eq!((status, part.as_str()), (503, "gateway"));
    assert!(problem.starts_with(&format!("{STREAM}: ")), "{problem}");
    assert_eq!(client().get(server.url("/healthz")).send().await.expect("an answer").status(), 200);
    assert_eq!(Metrics::of(&server).await.get("throttled_records_total", STREAM), 62.0);
}

/// No file of the server may grow beyond so many bytes, as on a disk that is full.
fn limit_files(server: &Server, bytes: &str) {
    let limit = format!("--fsize={bytes}:unlimited");
    let done = Command::new("prlimit").args(["--pid", &server.id().to_string(), &limit]).status().expect("prlimit");
    assert!(done.success());
}

#[tokio::test]
async fn a_server_whose_log_cannot_be_written_is_not_ready_until_it_can() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::that_outlives_full_disks(&folder.path().join("data"));
    Staff::teacher(&server).await.results_when(&server, CLOSED, |r| r.freshness.landed == 168).await;
    metrics_when(&server, |m| m.get("waiting_records", "quiz-catalog") == 0.0).await;
    let record = json!({
        "record_id": "r", "accepted_seq": 1, "accepted_at": "2026-01-31 10:41:07.123", "assignment_id": 900, "class_id": 1,
        "quiz_id": 1, "attempt_id": "a", "attempt_no": 1, "student_key": "s", "question_id": 1, "choice_id": null,
        "elapsed_ms": 1,
    });
    let door = Door::of(&server);
    let failed = || async {
        let answer: Value = door.put(record.to_string()).await.json().await.expect("json");
        answer["FailedPutCount"] == 1
    };
    limit_files(&server, "1");
    assert!(failed().await);
    let (status, unready) = readiness(&server).await;
    // The store's disk is full, too.
    let parts: Vec<&str> = unready.iter().map(|(part, _)| part.as_str()).collect();
    assert_eq!((status, &parts[..]), (503, &["store", "stream"][..]), "{unready:?}");
    limit_files(&server, "unlimited");
    while failed().await {}
    // A check of the store stands for a second.
    while readiness(&server).await != (200, Vec::new()) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn logs_in_json_name_the_stream_and_the_records() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let serve = |format: &str| {
        let mut command = freshmark();
        command.env("FRESHMARK_LOG", "server=debug").env("FRESHMARK_LOG_FORMAT", format);
        command.stderr(Stdio::from(std::fs::File::create(&log).expect("a file")));
        command
    };
    let server = Server::by(serve("json"), &folder.path().join("data"), &[]);
    Staff::teacher(&server).await.results_when(&server, CLOSED, |r| r.freshness.landed == 168).await;
    server.stop();
    let lines: Vec<Value> = std::fs::read_to_string(&log)
        .expect("the log")
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    let line = |message: &str| {
        let found = lines.iter().find(|line| line["message"] == message && line["stream"] == "quiz-answers");
        found.unwrap_or_else(|| panic!("{message:?} is not said: {lines:#?}"))
    };
    let batch = line("a batch is done");
    assert!(batch["shard"].is_string() && batch["start"] == 0 && batch["end"].as_u64() > Some(0), "{batch}");
    assert_eq!((&batch["level"], &batch["target"]), (&json!("DEBUG"), &json!("server::delivery")));
    let sent = line("the gateway has taken records");
    assert!(sent["first"].as_i64() <= sent["last"].as_i64() && sent["records"].as_i64() > Some(0), "{sent}");

    let unknown = serve("xml").args(["serve"]).status().expect("an end");
    assert!(!unknown.success());
    assert!(std::fs::read_to_string(&log).expect("the log").contains("text or json"));
}
