//! What records tell.

use super::*;

fn kept(data: &serde_json::Value) -> Kept {
    Kept { offset: 0, arrived: 0, key: String::new(), data: data.to_string().into() }
}

fn answer(question: i64, accepted_seq: i64) -> serde_json::Value {
    serde_json::json!({
        "record_id": "r", "accepted_seq": accepted_seq, "accepted_at": "2026-01-31 10:41:07.123", "assignment_id": 9,
        "class_id": 1, "quiz_id": 2, "attempt_id": "a", "attempt_no": 1, "student_key": "s", "question_id": question,
        "choice_id": null, "elapsed_ms": 5,
    })
}

#[test]
fn what_waits_in_a_log_is_put_together_and_strangers_are_left_out() {
    let mut sent = Sent::default();
    let mut strange = answer(70, 500);
    strange["producer"] = "key".into();
    assert!(!sent.see_all(&[kept(&strange), kept(&serde_json::json!({ "x": 1 }))]));
    let close = serde_json::json!({
        "record_id": "c", "accepted_seq": 30, "accepted_at": "2026-01-31 10:41:07.123", "kind": "assignment", "id": 12,
        "class_id": 1, "quiz_id": 2, "closed_at": "2026-01-31 10:41:07.123",
    });
    assert!(sent.see_all(&[kept(&answer(4, 21)), kept(&answer(5, 22)), kept(&answer(4, 40)), kept(&close)]));
    assert_eq!(sent.highest.accepted_seq, 40);
    assert_eq!((sent.highest.ids["assignment"], sent.highest.ids["question"]), (12, 5));
    assert_eq!(sent.closed, [Closed { assignment: 12, class: 1, quiz: 2, at: 1_769_856_067_123 }]);
    let numbers: Vec<(i64, i64)> =
        sent.attempts["a"].answers.iter().map(|answer| (answer.question, answer.accepted_seq)).collect();
    assert_eq!(numbers, [(4, 21), (5, 22)], "the number that it had first");
}

/// A version of a question or a choice; `None` where a row of before says nothing of it.
fn version(kind: &str, accepted_seq: i64, is_void: Option<bool>, is_key: Option<bool>) -> Kept {
    kept(&serde_json::json!({
        "record_id": "v", "accepted_seq": accepted_seq, "accepted_at": "2026-01-31 10:41:07.123", "kind": kind, "id": 7,
        "label": "Why?", "is_void": is_void, "is_key": is_key,
    }))
}

#[test]
fn the_newest_version_says_how_a_question_and_a_choice_are_graded() {
    let mut sent = Sent::default();
    sent.see_all(&[version("question", 30, Some(true), None), version("choice", 31, None, Some(false))]);
    let older = [version("question", 12, Some(false), None), version("choice", 13, None, Some(true))];
    let mut others = Sent::default();
    others.see_all(&older);
    // A version of before there were rulings.
    others.see_all(&[version("question", 90, None, None), version("class", 91, None, None)]);
    sent.join(others);
    let said = |accepted_seq, holds| RuledVersion {
        accepted_seq,
        accepted_at: 1_769_856_067_123,
        label: "Why?".to_owned(),
        holds,
    };
    let expected = BTreeMap::from([(Ruled::Void(7), said(30, true)), (Ruled::Right(7), said(31, false))]);
    assert_eq!(sent.versions, expected);
}

#[test]
fn a_number_that_no_store_reaches_is_not_believed_and_the_others_are() {
    let mut sent = Sent::default();
    for number in [7, i64::MAX] {
        sent.highest.see_record(number);
        sent.highest.see_row("quiz", Some(number));
    }
    let numbers = sent.numbers();
    assert!(numbers.starts_with(&[("outbox", 7)]) && numbers.contains(&("quiz", 7)), "{numbers:?}");
}
