//! Freshness never lies.

use std::path::Path;

use app::api::freshness::{State, Thresholds};
use app::api::health::DeliveryHealth;
use app::api::pipeline::Pipeline;
use chrono::DateTime;
use serde_json::json;

use crate::files::rows;
use crate::server::{Door, OPEN, Server, Staff, Student, config};

/// Nobody listens there.
const NO_GATEWAY: &str = "http://127.0.0.1:9/gateway/";

fn stop_gateway(data: &Path) -> Server {
    Server::on(data, &["--gateway-url", NO_GATEWAY, "--heartbeat-seconds", "1"])
}

#[tokio::test]
async fn a_dead_pipeline_is_told_and_everything_lands_once_it_lives_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = stop_gateway(folder.path());
    let teacher = Staff::teacher(&server).await;
    Student::hand_in(&server, "Gabriel Costa", 0).await;
    let dead = teacher.results(&server, OPEN).await.freshness;
    assert_eq!((dead.accepted, dead.landed), (10, 0));
    let oldest = dead.oldest_waiting.expect("an answer waits");
    assert_eq!(dead.complete_through, oldest, "nothing is claimed past the answer that waits");
    assert_eq!(dead.state(oldest + 2_000), State::CatchingUp);
    let taken = rows(&teacher, &server, OPEN, "summary.csv").await;
    let stamp = |column: &str| DateTime::parse_from_rfc3339(&taken[0][column]).expect("an instant").timestamp_millis();
    assert!(stamp("complete_through") == oldest && stamp("as_of") > oldest, "nor is it in a file");
    assert_eq!(dead.state(oldest + 20_000), State::Delayed);

    let told = |p: &Pipeline| {
        assert!(p.streams[0].freshness.waiting >= 10, "{:?}", p.streams[0]);
        p.streams[0].freshness.problem.is_some()
    };
    let pipeline = Staff::admin(&server).await.pipeline_when(&server, told).await;
    let problem = pipeline.streams[0].freshness.problem.as_deref().unwrap_or_default();
    assert!(problem.contains("gateway was not reached"), "{problem}");

    server.kill();
    let server = Server::on(folder.path(), &[]);
    let teacher = Staff::teacher(&server).await;
    let alive = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 10).await.freshness;
    assert_eq!(alive.oldest_waiting, None);
    assert_eq!(alive.state(alive.measured_at), State::Live);
}

/// Anybody with a key may put records that bear an assignment's number.
#[tokio::test]
async fn a_stranger_s_record_does_not_stand_for_an_answer_that_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = stop_gateway(folder.path());
    let teacher = Staff::teacher(&server).await;
    Student::hand_in(&server, "Hannah Lindqvist", 0).await;
    let question = teacher.results(&server, OPEN).await.questions[0].id;
    // More of them than answers, with every number that an answer here may have.
    let records: Vec<_> = (1..=400)
        .map(|n| {
            json!({
                "record_id": format!("stranger-{n}"), "accepted_seq": n, "accepted_at": "2026-01-31 10:41:07.123",
                "assignment_id": OPEN, "class_id": 1, "quiz_id": 1, "attempt_id": format!("stranger-{n}"), "attempt_no": 1,
                "student_key": format!("stranger-{n}"), "question_id": question, "choice_id": null, "elapsed_ms": 1,
            })
        })
        .collect();
    Door::of(&server).put_all(&records).await;
    let counted = |r: &app::api::results::ClassResults| r.counted >= 400;
    let waiting = teacher.results_when(&server, OPEN, counted).await.freshness;
    assert_eq!((waiting.accepted, waiting.landed), (10, 0));
    let oldest = waiting.oldest_waiting.expect("the answers wait");
    assert_eq!(waiting.complete_through, oldest);
    assert_eq!(waiting.state(oldest + 60_000), State::Delayed);

    teacher.post(&server, &format!("/api/assignments/{OPEN}/close")).await;
    let closed = teacher.results(&server, OPEN).await.freshness;
    assert_ne!(closed.state(closed.measured_at), State::Final);

    server.kill();
    let server = Server::on(folder.path(), &[]);
    let teacher = Staff::teacher(&server).await;
    let done = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 10).await.freshness;
    assert_eq!((done.accepted, done.oldest_waiting, done.state(done.measured_at)), (10, None, State::Final));
}

#[tokio::test]
async fn a_quiet_school_is_live_by_its_heartbeats() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::on(folder.path(), &["--heartbeat-seconds", "1"]);
    let admin = Staff::admin(&server).await;
    let pipeline = admin.pipeline_when(&server, |p| p.streams[0].heartbeat.is_some()).await;
    assert_eq!(pipeline.streams[0].freshness.state(pipeline.now), State::Live);
    let beat = pipeline.streams[0].heartbeat.expect("a heartbeat");
    assert!(beat.took_ms >= 0);
    let results = admin.results(&server, OPEN).await;
    assert_eq!((results.freshness.accepted, results.freshness.landed), (0, 0), "a heartbeat is nobody's answer");
}

#[tokio::test]
async fn a_teacher_is_told_which_answers_wait_and_no_stage_s_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(folder.path(), "[freshness]\npatience_ms = 2000\n");
    let flags = ["--gateway-url", NO_GATEWAY, "--heartbeat-seconds", "1", "--config", &config];
    let server = Server::on(&folder.path().join("data"), &flags);
    let (teacher, admin) = (Staff::teacher(&server).await, Staff::admin(&server).await);
    Student::hand_in(&server, "Gabriel Costa", 0).await;
    let ask = async |staff: &Staff| -> DeliveryHealth {
        staff.get(&server, "/api/delivery_health").await.json().await.expect("the health")
    };
    let told = |health: &DeliveryHealth| health.streams[0].freshness.problem.is_some();
    let whole = admin.until(&server, OPEN, async || ask(&admin).await, told).await;
    assert_eq!(whole.streams.len(), 2, "{whole:?}");
    let is_old = |health: &DeliveryHealth| health.streams[0].freshness.state(health.now) == State::Delayed;
    let mild = teacher.until(&server, OPEN, async || ask(&teacher).await, is_old).await;
    let [answers] = &mild.streams[..] else { panic!("one stream: {mild:?}") };
    assert_eq!((answers.name.as_str(), answers.freshness.problem.as_deref()), ("quiz-answers", None));
    // The demo school's 168 wait too, and heartbeats, which are no answers.
    assert_eq!(answers.freshness.waiting, 178);
    assert_eq!(answers.freshness.thresholds, Thresholds { patience_ms: 2_000, ..Thresholds::default() });
}
