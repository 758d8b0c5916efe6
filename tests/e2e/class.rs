//! An assignment's results in every form: which attempts count, as of when, student by student, and rulings.

use app::api::class::{Arrivals, ClassGrid, Comparable, Progress, StudentName, StudentResults};
use app::api::results::{Attempts, ClassResults};
use app::api::rulings::RulingEffect;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::server::{CLOSED, OPEN, Server, Staff, Student, all, client};
use crate::wire::{count, warehouse};

/// Hands in once for each place, in order, under one name.
async fn hand_in_all(server: &Server, name: &str, places: &[usize]) {
    for place in places {
        Student::hand_in(server, name, *place).await;
    }
}

async fn read<T: serde::de::DeserializeOwned>(staff: &Staff, server: &Server, path: &str) -> T {
    let answer = staff.get(server, path).await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.expect("json")
}

async fn by_rule(staff: &Staff, server: &Server, rule: Attempts) -> ClassResults {
    read(staff, server, &format!("/api/class_results?assignment={OPEN}&attempts={}", rule.name())).await
}

pub async fn rule(staff: &Staff, server: &Server, body: Value) -> Response {
    let request = staff.request(server, Method::POST, &format!("/api/assignments/{OPEN}/rulings"));
    request.json(&body).send().await.expect("an answer")
}

/// How many of the keys stand at a place.
fn keys_at(results: &ClassResults, place: usize) -> i64 {
    results.questions.iter().filter(|q| q.choices[place].is_key).count() as i64
}

#[tokio::test]
async fn first_last_best_or_all_attempts_count_as_asked() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    hand_in_all(&server, "Amara Okafor", &[0, 1, 2]).await;
    hand_in_all(&server, "Ben Whitlock", &[3]).await;
    let first = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 40).await;
    let score = |place: usize| keys_at(&first, place);
    let scores = |places: &[usize]| {
        let mut scores = vec![0; 11];
        places.iter().for_each(|place| scores[score(*place) as usize] += 1);
        scores
    };
    let best = [0, 1, 2].into_iter().max_by_key(|place| (score(*place), 3 - place)).expect("one");
    for (rule, counted) in [
        (Attempts::First, vec![0, 3]),
        (Attempts::Last, vec![2, 3]),
        (Attempts::Best, vec![best, 3]),
        (Attempts::All, vec![0, 1, 2, 3]),
    ] {
        let results = by_rule(&teacher, &server, rule).await;
        assert_eq!((results.attempts, results.counted), (rule, counted.len() as i64));
        assert_eq!(results.scores, scores(&counted), "{rule:?}");
        let grid: ClassGrid =
            read(&teacher, &server, &format!("/api/class_grid?assignment={OPEN}&attempts={}", rule.name())).await;
        let with_attempt: Vec<i64> =
            grid.rows.iter().filter(|row| row.attempt.is_some()).map(|row| row.score).collect();
        let mut expected: Vec<i64> = counted.iter().map(|place| score(*place)).collect();
        let mut found = with_attempt.clone();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{rule:?}");
    }
}

#[tokio::test]
async fn who_comes_onto_the_list_later_changes_neither_the_past_nor_a_closed_quiz() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    let (_, receipt) = Student::hand_in(&server, "Amara Okafor", 0).await;
    let sizes = async || {
        let mut sizes = Vec::new();
        for view in [format!("{OPEN}"), format!("{OPEN}&as_of={}", receipt.accepted_at), format!("{CLOSED}")] {
            let results: ClassResults = read(&teacher, &server, &format!("/api/class_results?assignment={view}")).await;
            let grid: ClassGrid = read(&teacher, &server, &format!("/api/class_grid?assignment={view}")).await;
            assert_eq!(grid.total, results.participation.students, "{view}");
            sizes.push(results.participation.students);
        }
        sizes
    };
    let before = sizes().await;
    Student::hand_in(&server, "Somebody Quite New", 1).await;
    let after = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 20).await;
    assert_eq!(after.participation.students, before[0] + 1);
    assert_eq!(sizes().await, [before[0] + 1, before[1], before[2]]);
}

#[tokio::test]
async fn results_are_shown_as_they_stood_at_an_instant() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    let (_, first) = Student::hand_in(&server, "Amara Okafor", 0).await;
    let (_, second) = Student::hand_in(&server, "Ben Whitlock", 1).await;
    assert!(first.accepted_at < second.accepted_at);
    Student::join(&client(), &server, "Chiara Bianchi").await.expect("joined");
    teacher.results_when(&server, OPEN, |r| r.freshness.landed == 20).await;
    let at = async |instant: i64| -> ClassResults {
        read(&teacher, &server, &format!("/api/class_results?assignment={OPEN}&as_of={instant}")).await
    };
    let seen = |r: &ClassResults| {
        let f = r.freshness;
        (r.counted, f.accepted, f.landed, r.participation.submitted, r.participation.working)
    };
    assert_eq!(seen(&at(first.accepted_at - 1).await), (0, 0, 0, 0, 1), "the first was working");
    assert_eq!(seen(&at(first.accepted_at).await).0, 1);
    assert_eq!(seen(&at(second.accepted_at).await), (2, 20, 20, 2, 0));
    let minutes: Vec<Arrivals> = read(&teacher, &server, &format!("/api/arrivals?assignment={OPEN}")).await;
    assert_eq!(minutes.iter().map(|minute| minute.answers).sum::<i64>(), 20);
    assert!(minutes.iter().all(|minute| minute.minute % 60_000 == 0));
    for (query, field) in [
        ("as_of=-1", "as_of"),
        ("as_of=soon", "as_of"),
        ("as_of=9223372036854775807", "as_of"),
        ("attempts=third", "attempts"),
        ("attempts=", "attempts"),
        ("as_of=1&as_of=2", "as_of"),
    ] {
        let answer = teacher.get(&server, &format!("/api/class_results?assignment={OPEN}&{query}")).await;
        assert_eq!(answer.status(), 400, "{query}");
        assert_eq!(answer.json::<Value>().await.expect("json")["field"], field, "{query}");
    }
}

#[tokio::test]
async fn the_class_is_shown_student_by_student_without_names_unless_they_are_asked_for() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    hand_in_all(&server, "Ben Whitlock", &[0, 1]).await;
    let student = Student::join(&client(), &server, "Amara Okafor").await.expect("joined");
    let view = student.view(&server).await.expect("the quiz");
    let mut submission = all(&view, 2);
    submission.answers[4].choice = None;
    student.submit(&server, &submission).await.expect("accepted");
    Student::join(&client(), &server, "Chiara Bianchi").await.expect("joined");
    let results = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 30).await;

    let answer = teacher.get(&server, &format!("/api/class_grid?assignment={OPEN}")).await;
    let text = answer.text().await.expect("text");
    assert!(!text.contains("Okafor") && !text.contains("Whitlock"), "no name");
    let grid: ClassGrid = serde_json::from_str(&text).expect("a grid");
    assert_eq!((grid.rows.len(), grid.total), (31, 31), "those without an attempt too");
    let names: Vec<StudentName> = read(&teacher, &server, &format!("/api/student_names?assignment={OPEN}")).await;
    let of = |name: &str| {
        let key = &names.iter().find(|found| found.name == name).expect("on the list").student;
        grid.rows.iter().find(|row| row.student == *key).expect("a row")
    };
    let amara = of("Amara Okafor");
    assert_eq!((amara.number, amara.progress, amara.attempt), (Some(1), Progress::Submitted, Some(1)));
    let given = |place: usize| if place == 4 { 0 } else { results.questions[place].choices[2].id };
    assert_eq!(amara.choices, (0..10).map(given).collect::<Vec<_>>());
    let right = results.questions.iter().enumerate().filter(|(place, q)| *place != 4 && q.choices[2].is_key).count();
    assert_eq!(amara.score, right as i64);
    let working = of("Chiara Bianchi");
    assert_eq!((working.progress, working.attempt), (Progress::Working, None));
    assert_eq!(grid.rows.iter().filter(|row| row.progress == Progress::NotStarted).count(), 28);

    let key = &of("Ben Whitlock").student;
    let path = format!("/api/student_results?assignment={OPEN}&student={key}");
    let ben: StudentResults = read(&teacher, &server, &path).await;
    let numbers: Vec<i64> = ben.attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, [1, 2]);
    for (attempt, place) in ben.attempts.iter().zip([0, 1]) {
        assert!(attempt.answers.iter().zip(&ben.questions).all(|(a, q)| a.choice == Some(q.choices[place].0)));
        assert_eq!(attempt.score, keys_at(&results, place));
    }
    let nobody = teacher.get(&server, &format!("/api/student_results?assignment={OPEN}&student=nobody")).await;
    assert_eq!(nobody.status(), 404);
}

#[tokio::test]
async fn a_ruling_counts_everywhere_at_once_is_logged_and_can_be_undone() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    hand_in_all(&server, "Amara Okafor", &[1]).await;
    let before = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 10).await;
    let question = before.questions.iter().find(|q| !q.choices[1].is_key).expect("one that was wrong").clone();
    let wanted = question.choices[1].id;

    let path = format!("/api/ruling_effect?assignment={OPEN}&question={}&key={wanted}", question.id);
    let expected: RulingEffect = read(&teacher, &server, &path).await;
    assert_eq!((expected.before.facility, expected.after.facility), (Some(0.0), Some(1.0)));
    let effect: RulingEffect =
        rule(&teacher, &server, json!({ "question": question.id, "key": wanted })).await.json().await.expect("json");
    assert_eq!(effect, expected);
    let rekeyed = by_rule(&teacher, &server, Attempts::First).await;
    assert_eq!(rekeyed.average(), expected.after.average);
    assert_eq!(rekeyed.questions[question.number as usize - 1].correct, 1);
    let [ruling] = &rekeyed.rulings[..] else { panic!("one ruling: {:?}", rekeyed.rulings) };
    assert_eq!((ruling.by.as_str(), ruling.key, ruling.can_undo), ("Sam Carter", Some(wanted), true));
    assert_eq!(ruling.average, expected.before.average.zip(expected.after.average));

    let first = ruling.id;
    let void = rule(&teacher, &server, json!({ "question": question.id })).await;
    assert_eq!(void.status(), 200);
    let voided = by_rule(&teacher, &server, Attempts::First).await;
    assert_eq!((voided.scores.len(), voided.rulings.len()), (10, 2), "nine questions count");
    let undo = |ruling: i64| format!("/api/assignments/{OPEN}/rulings/{ruling}/undo");
    let refused = teacher.post(&server, &undo(first)).await;
    assert_eq!(refused.status(), 409);
    assert!(refused.text().await.expect("text").contains("undo that one first"));
    for ruling in [voided.rulings[0].id, first] {
        assert_eq!(teacher.post(&server, &undo(ruling)).await.status(), 204);
        assert_eq!(teacher.post(&server, &undo(ruling)).await.status(), 409, "once");
    }
    let after = by_rule(&teacher, &server, Attempts::First).await;
    assert_eq!(after.questions, before.questions);
    assert!(after.rulings.iter().all(|ruling| ruling.undone.is_some() && !ruling.can_undo));
}

#[tokio::test]
async fn two_choices_are_right_by_a_ruling_for_the_class_the_sheet_and_the_files() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    let (student, _) = Student::hand_in(&server, "Amara Okafor", 1).await;
    let before = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 10).await;
    let question = before.questions.iter().find(|q| !q.choices[1].is_key).expect("one that was wrong").clone();
    let key = question.choices.iter().find(|choice| choice.is_key).expect("a key").id;
    let given = question.choices[1].id;
    let both = json!({ "question": question.id, "key": key, "also": [given] });

    let path = format!("/api/ruling_effect?assignment={OPEN}&question={}&key={key}&also={given}", question.id);
    let expected: RulingEffect = read(&teacher, &server, &path).await;
    assert_eq!((expected.before.facility, expected.after.facility), (Some(0.0), Some(1.0)));
    let effect: RulingEffect = rule(&teacher, &server, both.clone()).await.json().await.expect("json");
    assert_eq!(effect, expected);
    let ruled = by_rule(&teacher, &server, Attempts::First).await;
    let now = &ruled.questions[question.number as usize - 1];
    assert_eq!(now.choices.iter().filter(|choice| choice.is_key).count(), 2);
    assert_eq!((now.correct, ruled.average()), (1, expected.after.average));
    let [ruling] = &ruled.rulings[..] else { panic!("one ruling: {:?}", ruled.rulings) };
    assert_eq!((ruling.key, &ruling.also[..], ruling.key_before), (Some(key), &[given][..], Some(key)));
    let id = ruling.id;
    for (body, status, says) in [
        (both, 409, "these choices are right already"),
        (json!({ "question": question.id, "key": key, "also": [key] }), 400, "names a choice twice"),
        (json!({ "question": question.id, "key": key, "also": [0] }), 400, "is not one of"),
        (json!({ "question": question.id, "also": [given] }), 400, "has to be absent"),
    ] {
        let refused = rule(&teacher, &server, body).await;
        assert_eq!(refused.status(), status);
        let said = refused.text().await.expect("text");
        assert!(said.contains(says), "{said}");
    }

    // It is made void; when that is undone, both are right again.
    assert_eq!(rule(&teacher, &server, json!({ "question": question.id })).await.status(), 200);
    let newest = by_rule(&teacher, &server, Attempts::First).await.rulings[0].id;
    let undo = |ruling: i64| format!("/api/assignments/{OPEN}/rulings/{ruling}/undo");
    assert_eq!(teacher.post(&server, &undo(newest)).await.status(), 204);
    assert_eq!(by_rule(&teacher, &server, Attempts::First).await.questions, ruled.questions);

    let close = teacher.post(&server, &format!("/api/assignments/{OPEN}/close")).await;
    assert_eq!(close.status(), 204);
    let released = student.view(&server).await.expect("the quiz").released.expect("released");
    let released = released.iter().find(|released| released.question == question.id).expect("the question");
    let mut right = [released.key, released.also[0]];
    right.sort_unstable();
    assert_eq!((right, released.also.len(), released.given), ([key.min(given), key.max(given)], 1, Some(given)));
    let file = teacher.get(&server, &format!("/api/assignments/{OPEN}/export/summary.csv")).await;
    let file = file.text().await.expect("text");
    let letters: Vec<&str> =
        ["A", "B", "C", "D"].into_iter().zip(&now.choices).filter(|(_, c)| c.is_key).map(|(l, _)| l).collect();
    assert!(file.contains(&format!(",{},", letters.join("/"))), "{file}");

    assert_eq!(teacher.post(&server, &undo(id)).await.status(), 204);
    assert_eq!(by_rule(&teacher, &server, Attempts::First).await.questions, before.questions);
}

#[tokio::test]
async fn the_warehouse_grades_as_was_ruled() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    hand_in_all(&server, "Amara Okafor", &[1]).await;
    let results = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 10).await;
    let wrong: Vec<_> = results.questions.iter().filter(|q| !q.choices[1].is_key).collect();
    rule(&teacher, &server, json!({ "question": wrong[0].id, "key": wrong[0].choices[1].id })).await;
    rule(&teacher, &server, json!({ "question": wrong[1].id })).await;
    let admin = Staff::admin(&server).await;
    let is_settled = |p: &app::api::pipeline::Pipeline| {
        p.streams
            .iter()
            .all(|s| s.freshness.waiting == 0 && s.freshness.measured_at.is_some() && s.freshness.problem.is_none())
    };
    admin.pipeline_when(&server, is_settled).await;
    server.stop();
    let db = warehouse(&server);
    let graded = |question: i64| {
        let sql = |what: &str| {
            format!(
                "SELECT CAST({what} AS BIGINT) FROM graded_answers WHERE assignment_id = {OPEN} AND question_id = {question}"
            )
        };
        (count(&db, &sql("is_correct")), count(&db, &sql("is_void")))
    };
    assert_eq!((graded(wrong[0].id), graded(wrong[1].id)), ((1, 0), (0, 1)));
}

#[tokio::test]
async fn a_ruling_that_cannot_be_is_refused_and_changes_nothing() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    let before = teacher.results(&server, OPEN).await;
    let other = teacher.results(&server, CLOSED).await;
    let (question, key) = (&before.questions[0], before.questions[0].choices.iter().find(|c| c.is_key).expect("a key"));
    for (body, status, says) in [
        (json!({ "question": other.questions[0].id }), 400, "question: is not one of this quiz"),
        (json!({ "question": question.id, "key": other.questions[0].choices[0].id }), 400, "key: is not one of"),
        (json!({ "question": question.id, "key": key.id }), 409, "this choice is the key already"),
        (json!({ "question": "first" }), 400, "question"),
        (json!({ "question": question.id, "void": true }), 400, "unknown field"),
    ] {
        let answer = rule(&teacher, &server, body.clone()).await;
        assert_eq!(answer.status(), status, "{body}");
        let error: Value = answer.json().await.expect("json");
        let said = format!(
            "{}: {}",
            error["field"].as_str().unwrap_or_default(),
            error["message"].as_str().unwrap_or_default()
        );
        assert!(said.contains(says), "{body}: {said}");
    }
    assert_eq!(teacher.post(&server, &format!("/api/assignments/{OPEN}/rulings/1/undo")).await.status(), 404);
    assert_eq!(teacher.post(&server, &format!("/api/assignments/{OPEN}/rulings/x/undo")).await.status(), 400);
    let after = teacher.results(&server, OPEN).await;
    assert_eq!((after.questions, after.rulings), (before.questions, before.rulings));
}

#[tokio::test]
async fn the_other_assignments_of_the_same_quiz_can_be_compared() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    let others: Vec<Comparable> = read(&teacher, &server, &format!("/api/comparable?assignment={OPEN}")).await;
    let [other] = &others[..] else { panic!("one other: {others:?}") };
    assert_eq!(other.class_name, "Year 7 · Science A");
    let back: Vec<Comparable> =
        read(&teacher, &server, &format!("/api/comparable?assignment={}", other.assignment)).await;
    assert_eq!(back.iter().map(|o| o.assignment).collect::<Vec<_>>(), [OPEN]);
    let alone: Vec<Comparable> = read(&teacher, &server, &format!("/api/comparable?assignment={CLOSED}")).await;
    assert_eq!(alone, []);
}
