//! The way of an answer, whole.

use std::io::BufRead;
use std::path::Path;

use app::api::freshness::State;
use app::api::results::{ClassResults, Participation};
use serde_json::{Value, json};

use crate::server::{CLOSED, Door, OPEN, Server, Staff, Student, all, client};

#[tokio::test]
async fn an_answer_reaches_the_teacher_s_results() {
    let server = Server::start();
    let (teacher, http) = (Staff::teacher(&server).await, client());
    let ada = Student::join(&http, &server, "ada lovelace").await.expect("joined");
    let view = ada.view(&server).await.expect("the quiz");
    let receipt = ada.submit(&server, &all(&view, 1)).await.expect("accepted");
    assert_eq!((receipt.answered, receipt.questions), (10, 10));

    let results = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 10).await;
    assert_eq!(results.freshness.state(results.freshness.measured_at), State::Live);
    assert!(results.freshness.complete_through >= receipt.accepted_at);
    let f = results.freshness;
    assert_eq!((f.submissions, f.submissions_waiting, f.last_submitted_at), (1, 0, Some(receipt.accepted_at)));
    assert_eq!(results.participation, Participation { students: 32, working: 0, submitted: 1 });
    for question in &results.questions {
        let given: Vec<i64> = question.choices.iter().map(|c| c.answers).collect();
        assert_eq!((given, question.n, question.omitted), (vec![0, 1, 0, 0], 1, 0), "{}", question.text);
        assert_eq!(question.correct == 1, question.choices[1].is_key, "{}", question.text);
    }
}

#[tokio::test]
async fn submitting_twice_is_the_same_submission() {
    let server = Server::start();
    let (teacher, http) = (Staff::teacher(&server).await, client());
    let student = Student::join(&http, &server, "Ben Whitlock").await.expect("joined");
    let view = student.view(&server).await.expect("the quiz");
    let (first, other) = (all(&view, 0), all(&view, 3));
    let (a, b) = tokio::join!(student.submit(&server, &first), student.submit(&server, &first));
    let receipt = a.expect("accepted");
    assert_eq!(receipt, b.expect("accepted too"));
    assert_eq!(receipt, student.submit(&server, &other).await.expect("the same again"));
    let results = teacher.results_when(&server, OPEN, |r| r.freshness.landed >= 10).await;
    assert_eq!(results.freshness.accepted, 10);
    assert!(results.questions.iter().all(|q| q.choices[0].answers == 1 && q.n == 1));
}

#[tokio::test]
async fn a_second_attempt_does_not_change_the_results_of_the_first() {
    let server = Server::start();
    let (teacher, http) = (Staff::teacher(&server).await, client());
    for place in [0, 1] {
        let student = Student::join(&http, &server, "Chiara Bianchi").await.expect("joined");
        let view = student.view(&server).await.expect("the quiz");
        student.submit(&server, &all(&view, place)).await.expect("accepted");
    }
    let results = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 20).await;
    assert_eq!((results.counted, results.participation.submitted), (1, 1));
    assert!(results.questions.iter().all(|q| q.choices[0].answers == 1 && q.n == 1));
}

#[tokio::test]
async fn a_record_that_comes_twice_is_counted_once() {
    let server = Server::start();
    let (admin, door) = (Staff::admin(&server).await, Door::of(&server));
    let before = admin.results_when(&server, CLOSED, |r| r.freshness.landed == 168).await;
    let record = |question: usize| {
        let asked = &before.questions[question];
        json!({
            "record_id": format!("0f4b7a90-0000-5000-8000-00000000000{question}"), "accepted_seq": 1,
            "accepted_at": "2026-01-31 10:41:07.123", "assignment_id": CLOSED, "class_id": 1, "quiz_id": 3,
            "attempt_id": "x", "attempt_no": 1, "student_key": "y", "question_id": asked.id,
            "choice_id": asked.choices[0].id, "elapsed_ms": 5,
        })
    };
    door.put_all(&[record(0), record(0)]).await;
    door.put_all(&[record(0)]).await;
    // Records land in order: with this one, all before it have.
    door.put_all(&[record(1)]).await;
    let count = |r: &ClassResults, question: usize| r.questions[question].choices[0].answers;
    let after = admin.results_when(&server, CLOSED, |r| count(r, 1) != count(&before, 1)).await;
    assert_eq!([0, 1].map(|n| count(&after, n)), [0, 1].map(|n| count(&before, n) + 1));
}

#[tokio::test]
async fn questions_that_were_skipped_or_left_out_are_read_as_omitted() {
    let server = Server::start();
    let (teacher, http) = (Staff::teacher(&server).await, client());
    let student = Student::join(&http, &server, "Jade Thompson").await.expect("joined");
    let view = student.view(&server).await.expect("the quiz");
    let mut submission = all(&view, 2);
    submission.answers[3].choice = None;
    submission.answers.remove(7);
    let receipt = student.submit(&server, &submission).await.expect("accepted");
    assert_eq!((receipt.answered, receipt.questions), (8, 10));
    let results = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 10).await;
    assert_eq!((results.freshness.accepted, results.counted), (10, 1), "what is omitted is a record too");
    for (place, question) in results.questions.iter().enumerate() {
        let omitted = [3, 7].contains(&place);
        let given: Vec<i64> = question.choices.iter().map(|c| c.answers).collect();
        assert_eq!(given, [0, 0, i64::from(!omitted), 0], "{}", question.text);
        assert_eq!((question.n, question.omitted), (1, i64::from(omitted)), "{}", question.text);
        let correct = !omitted && question.choices[2].is_key;
        assert_eq!(question.correct, i64::from(correct), "omitted counts as wrong: {}", question.text);
        assert_eq!(question.median_ms, Some(if place == 7 { 0 } else { 4_000 }), "{}", question.text);
    }
}

#[tokio::test]
async fn closing_ends_an_assignment_and_its_results_become_final() {
    let server = Server::start();
    let (teacher, http) = (Staff::teacher(&server).await, client());
    let late = Student::join(&http, &server, "Late Comer").await.expect("joined");
    let view = late.view(&server).await.expect("the quiz");
    assert_eq!(teacher.post(&server, &format!("/api/assignments/{OPEN}/close")).await.status(), 204);
    let refused = late.send(&server, &json!(all(&view, 0))).await.expect("an answer");
    assert_eq!(refused.status(), 409);
    let results = teacher.results(&server, OPEN).await;
    assert_eq!(results.freshness.state(results.freshness.measured_at), State::Final);
    assert_eq!(results.freshness.accepted, 0, "what was refused was not saved");
}

#[tokio::test]
async fn what_is_wrong_with_a_submission_is_named_and_nothing_is_saved() {
    let server = Server::start();
    let (teacher, http) = (Staff::teacher(&server).await, client());
    let student = Student::join(&http, &server, "Daniel Osei").await.expect("joined");
    let view = student.view(&server).await.expect("the quiz");
    let (question, choice) = (view.questions[0].id, view.questions[0].choices[0].id);
    let foreign = view.questions[1].choices[0].id;
    for (body, field) in [
        (json!({ "answers": [{ "question": 999, "choice": choice }] }), "answers[0].question"),
        (json!({ "answers": [{ "question": question, "choice": foreign }] }), "answers[0].choice"),
        (
            json!({ "answers": [{ "question": question, "choice": choice }, { "question": question, "choice": choice }] }),
            "answers[1].question",
        ),
        (json!({ "answers": [{ "question": "one" }] }), "answers[0].question"),
        (json!({ "answer": [] }), "answer"),
    ] {
        let answer = student.send(&server, &body).await.expect("an answer");
        assert_eq!(answer.status(), 400, "{body}");
        let error: Value = answer.json().await.expect("json");
        assert_eq!(error["field"], field, "{error}");
    }
    assert_eq!(teacher.results(&server, OPEN).await.freshness.accepted, 0);
    let other = client().get(server.url(&format!("/api/attempts/{}", student.joined.attempt))).bearer_auth("guess");
    assert_eq!(other.send().await.expect("an answer").status(), 401);
}

/// Every line of every object in the lake of a data folder.
fn lines_in_lake(folder: &Path) -> Vec<Value> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(folder).expect("readable") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            lines.extend(lines_in_lake(&path));
        } else if path.extension().is_some_and(|extension| extension == "gz") {
            let reader =
                std::io::BufReader::new(flate2::read::GzDecoder::new(std::fs::File::open(path).expect("open")));
            lines.extend(reader.lines().map(|line| serde_json::from_str(&line.expect("text")).expect("json")));
        }
    }
    lines
}

/// Whoever may put to the answers' stream knows every field of a record, and puts it again with another choice.
#[tokio::test]
async fn a_strangers_record_never_takes_the_place_of_a_students() {
    let server = Server::start();
    let (teacher, door) = (Staff::teacher(&server).await, Door::of(&server));
    Student::hand_in(&server, "Ada Lovelace", 0).await;
    let own = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 10).await;
    let records: Vec<Value> = lines_in_lake(&server.data().join("lake/quiz-answers"))
        .into_iter()
        .filter(|line| line["assignment_id"] == OPEN)
        .collect();
    assert_eq!(records.len(), 10);
    let forged = records.into_iter().zip(&own.questions).map(|(mut record, question)| {
        record.as_object_mut().expect("an object").remove("producer");
        record["question_id"] = json!(question.id);
        record["choice_id"] = json!(question.choices[1].id);
        record["accepted_seq"] = json!(0);
        record
    });
    let mut forged: Vec<Value> = forged.collect();
    door.put_all(&forged).await;
    let both = teacher.results_when(&server, OPEN, |r| r.counted == 2).await;
    assert!(both.questions.iter().all(|q| q.choices[0].answers == 1 && q.choices[1].answers == 1), "beside it");
    assert_eq!((both.freshness.accepted, both.freshness.landed, both.participation.submitted), (10, 10, 1));

    for (field, value, says) in [
        ("accepted_seq", json!(-1), "0 or more"),
        ("producer", json!("me"), "leave it out"),
        ("producer", Value::Null, "leave it out"),
    ] {
        let mut record = forged.pop().expect("a record");
        record[field] = value;
        let refused = door.put(json!({ "records": [record] }).to_string()).await;
        assert_eq!(refused.status(), 400, "{field}");
        let problem = refused.text().await.expect("text");
        assert!(problem.contains(says), "{problem}");
    }
}
