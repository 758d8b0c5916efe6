use super::*;
use crate::warehouse::columns::QUIZ_ANSWERS;

fn check(text: &str) -> Result<crate::stream::Record, GatewayError> {
    let raw: &RawValue = serde_json::from_str(text).expect("json");
    record::check(&QUIZ_ANSWERS, "records[0]", raw)
}

const GOOD: &str = r#"{"elapsed_ms":5,"record_id":"r","accepted_seq":1,"accepted_at":"2026-01-31 10:41:07.123","assignment_id":7,
    "class_id":1,"quiz_id":1,"attempt_id":"a","attempt_no":1,"student_key":"s \"q\" é","question_id":1}"#;

#[test]
fn a_record_becomes_one_line_with_the_columns_in_the_table_s_order() {
    let record = check(GOOD).expect("good");
    assert_eq!(record.key, "7", "the partition key is the assignment");
    let line = std::str::from_utf8(&record.data).expect("text");
    assert!(line.ends_with("}\n") && line.matches('\n').count() == 1, "{line}");
    let names: Vec<&str> = QUIZ_ANSWERS.columns.iter().map(|c| c.name).collect();
    let places: Vec<Option<usize>> = names.iter().map(|name| line.find(&format!("\"{name}\":"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{line}");
    let parsed: serde_json::Value = serde_json::from_str(line).expect("json");
    assert_eq!((&parsed["student_key"], &parsed["choice_id"]), (&"s \"q\" é".into(), &serde_json::Value::Null));
}

#[test]
fn one_record_alone_is_named_record() {
    let (path, text) = records_of(GOOD.as_bytes()).expect("one").remove(0);
    assert_eq!((path.as_str(), text.get()), ("record", GOOD));
}

/// No panic, whatever is cut off or changed.
#[test]
fn broken_bodies_are_errors_and_never_panics() {
    let body = format!("{{\"records\":[{GOOD},{GOOD}]}}");
    for place in 0..body.len() {
        let cut = records_of(&body.as_bytes()[..place]);
        assert!(cut.is_err(), "cut at {place}");
        let mut changed = body.clone().into_bytes();
        changed[place] = b"{}[]\",:\\\xff0"[place % 10];
        if let Ok(records) = records_of(&changed) {
            for (path, text) in records {
                let _ = record::check(&QUIZ_ANSWERS, &path, text);
            }
        }
    }
}
