//! The gateway's front door: what is refused, how it is named, and that nothing is half-taken.

use serde_json::{Value, json};

use crate::server::{CLOSED, Door, Server, Staff};

/// Status, field and message.
async fn refusal(door: &Door, body: String) -> (u16, String, String) {
    let answer = door.put(body).await;
    let status = answer.status().as_u16();
    let error: Value = answer.json().await.expect("a JSON error");
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    (status, text("field"), text("message"))
}

fn record() -> Value {
    json!({
        "record_id": "r", "accepted_seq": 1, "accepted_at": "2026-01-31 10:41:07.123", "assignment_id": 0, "class_id": 1,
        "quiz_id": 1, "attempt_id": "a", "attempt_no": 1, "student_key": "s", "question_id": 1, "choice_id": null,
        "elapsed_ms": 1,
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut record = record();
    record[field] = value;
    record
}

#[tokio::test]
async fn the_answer_has_firehose_s_shape_and_order() {
    let server = Server::start();
    let answer = Door::of(&server).put(json!({ "records": [record(), record(), record()] }).to_string()).await;
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.expect("json");
    assert_eq!((&answer["FailedPutCount"], &answer["Encrypted"]), (&json!(0), &json!(false)));
    let ids: Vec<&str> =
        answer["RequestResponses"].as_array().expect("a list").iter().filter_map(|e| e["RecordId"].as_str()).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.is_sorted() && ids[0] != ids[1], "{ids:?}");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_its_record_and_field() {
    let server = Server::start();
    let door = Door::of(&server);
    for (bad, field) in [
        (with("choice", json!(1)), "records[1].choice"),
        (with("quiz_id", json!("one")), "records[1].quiz_id"),
        (with("quiz_id", json!(1.5)), "records[1].quiz_id"),
        (with("attempt_no", json!(4_294_967_296_i64)), "records[1].attempt_no"),
        (with("record_id", json!("x".repeat(37))), "records[1].record_id"),
        (with("record_id", json!("a\0b")), "records[1].record_id"),
        (with("accepted_at", json!("yesterday")), "records[1].accepted_at"),
        (with("question_id", Value::Null), "records[1].question_id"),
        (json!([]), "records[1]"),
    ] {
        let (status, named, message) = refusal(&door, json!({ "records": [record(), bad] }).to_string()).await;
        assert_eq!((status, named.as_str()), (400, field), "{message}");
    }
    for (body, field) in [
        ("", "body"),
        ("[]", "body"),
        ("{\"records\":{}}", "records"),
        ("{\"records\":[]}", "records"),
        ("{\"records\":[],\"x\":1}", "x"),
    ] {
        let (status, named, message) = refusal(&door, body.to_owned()).await;
        assert_eq!((status, named.as_str()), (400, field), "{body}: {message}");
    }
}

#[tokio::test]
async fn too_much_is_413_and_strangers_are_403_and_404() {
    let server = Server::start();
    let door = Door::of(&server);
    let many = vec![record(); 501];
    assert_eq!(refusal(&door, json!({ "records": many }).to_string()).await.0, 413);
    assert_eq!(refusal(&door, " ".repeat((4 << 20) + 1)).await.0, 413);
    let large = with("attempt_id", json!("x".repeat(1_024_001)));
    let (status, _, message) = refusal(&door, json!({ "records": [record(), large] }).to_string()).await;
    assert_eq!(status, 413);
    assert!(message.contains("records[1]"), "{message}");
    let put_to = |path: &str, key| {
        let url = server.url(path);
        let door = &door;
        async move { door.put_to(&url, key, "{}".to_owned()).await.status() }
    };
    assert_eq!(put_to("/gateway/quiz-answers", None).await, 403);
    assert_eq!(put_to("/gateway/quiz-answers", Some("guess")).await, 403);
    assert_eq!(put_to("/gateway/nope", Some(door.key())).await, 404);
}

#[tokio::test]
async fn a_refused_request_leaves_nothing_behind() {
    let server = Server::start();
    let door = Door::of(&server);
    // The demo school's own answers first, so that they do not come in between.
    Staff::teacher(&server).await.results_when(&server, CLOSED, |r| r.freshness.landed == 168).await;
    let offset = |answer: &Value| -> u64 {
        let id = answer["RequestResponses"][0]["RecordId"].as_str().expect("an id");
        id.rsplit('-').next().expect("an offset").parse().expect("a number")
    };
    let before: Value = door.put(record().to_string()).await.json().await.expect("json");
    refusal(&door, json!({ "records": [record(), record(), 5] }).to_string()).await;
    let after: Value = door.put(record().to_string()).await.json().await.expect("json");
    // A heartbeat may have come in between; the two good records of the refused request have not.
    assert!(offset(&after) - offset(&before) < 3, "{before} {after}");
}
