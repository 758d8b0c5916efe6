//! What an operation's input has to look like, and AWS's words for what does not.
//!
//! Owns the check of a JSON body against a table of members: types first (`SerializationException`), then constraints,
//! all that are broken at once (`ValidationException`). As AWS does, it ignores members that are not known, and takes
//! `null` as absent. Does not own what the members mean. The tables follow AWS's published service models.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::AwsError;

/// So many broken constraints are listed, at the most.
const MOST_LISTED: usize = 10;

/// One member of a structure.
pub(super) struct Member {
    pub name: &'static str,
    pub required: bool,
    pub shape: Shape,
}

/// What a value has to be.
pub(super) enum Shape {
    /// A structure with these members.
    Structure(&'static [Member]),
    /// A list of so many.
    List { least: usize, most: usize, of: &'static Self },
    /// Text of so many characters, of a pattern, or one of some values.
    Text { least: usize, most: usize, pattern: Option<Pattern>, values: &'static [&'static str] },
    /// Bytes, in base64, at most so many.
    Blob { most: usize },
    /// A whole number.
    Integer { least: i64, most: i64 },
    /// Seconds since 1970, with a fraction.
    Time,
    /// `true` or `false`.
    Boolean,
}

/// A pattern as AWS's models write it, and what it means.
#[derive(Clone, Copy)]
pub(super) struct Pattern {
    pub regex: &'static str,
    pub matches: fn(&str) -> bool,
}

/// Names of streams and shards.
pub(super) const PLAIN_NAME: Pattern = Pattern {
    regex: "[a-zA-Z0-9_.-]+",
    matches: |name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)),
};

/// A number without leading zeros, of at most so many digits.
pub(super) fn is_whole_number(text: &str, most: usize) -> bool {
    let is_plain = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_plain && (text == "0" || !text.starts_with('0'))
}

pub(super) const fn required(name: &'static str, shape: Shape) -> Member {
    Member { name, required: true, shape }
}

pub(super) const fn optional(name: &'static str, shape: Shape) -> Member {
    Member { name, required: false, shape }
}

/// Text of a length.
pub(super) const fn text(least: usize, most: usize) -> Shape {
    Shape::Text { least, most, pattern: None, values: &[] }
}

/// Text of a length and pattern.
pub(super) const fn text_like(least: usize, most: usize, pattern: Pattern) -> Shape {
    Shape::Text { least, most, pattern: Some(pattern), values: &[] }
}

/// One of these.
pub(super) const fn one_of(values: &'static [&'static str]) -> Shape {
    Shape::Text { least: 0, most: usize::MAX, pattern: None, values }
}

/// Reads a body and checks it against an operation's input.
pub(super) fn read(members: &'static [Member], body: &[u8]) -> Result<Value, AwsError> {
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else { return Err(AwsError::serialization()) };
    if !members_have_types(members, &object) {
        return Err(AwsError::serialization());
    }
    let mut broken = Vec::new();
    check_members(members, &object, "", &mut broken);
    if broken.is_empty() {
        return Ok(Value::Object(object));
    }
    let (count, s) = (broken.len(), if broken.len() == 1 { "" } else { "s" });
    broken.truncate(MOST_LISTED);
    Err(AwsError::new("ValidationException", format!("{count} validation error{s} detected: {}", broken.join("; "))))
}

/// Whether every setting of an input is one that is honoured here. As AWS's models go on growing, a member that is not in the
/// table may still mean something to its sender: nothing is taken that is not done.
///
/// # Errors
/// Names the first setting that is not offered.
pub(super) fn all_honoured(members: &'static [Member], input: &Value) -> Result<(), AwsError> {
    match not_honoured(members, input, "") {
        Some(path) => Err(AwsError::invalid(format!("{path} is not offered here; leave it out"))),
        None => Ok(()),
    }
}

fn not_honoured(members: &'static [Member], input: &Value, path: &str) -> Option<String> {
    input.as_object()?.iter().filter(|(_, value)| !asks_for_nothing(value)).find_map(|(name, value)| {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match members.iter().find(|member| member.name == name).map(|member| &member.shape) {
            None => Some(path),
            Some(Shape::Structure(members)) => not_honoured(members, value, &path),
            Some(_) => None,
        }
    })
}

/// What AWS's clients write out though it is off anyway.
fn asks_for_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => matches!(text.as_str(), "Disabled" | "NoEncryption" | "NONE"),
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => match members.get("Enabled") {
            Some(enabled) => enabled == &Value::Bool(false),
            None => members.values().all(asks_for_nothing),
        },
        Value::Bool(true) | Value::Number(_) => false,
    }
}

fn members_have_types(members: &[Member], object: &Map<String, Value>) -> bool {
    members.iter().all(|member| object.get(member.name).is_none_or(|value| has_type(&member.shape, value)))
}

fn has_type(shape: &Shape, value: &Value) -> bool {
    match (shape, value) {
        (_, Value::Null) => true,
        (Shape::Structure(members), Value::Object(object)) => members_have_types(members, object),
        (Shape::List { of, .. }, Value::Array(values)) => values.iter().all(|value| has_type(of, value)),
        (Shape::Text { .. }, value) => value.is_string(),
        (Shape::Blob { .. }, Value::String(text)) => STANDARD.decode(text).is_ok(),
        (Shape::Integer { .. }, value) => value.is_i64(),
        (Shape::Time, value) => value.is_number(),
        (Shape::Boolean, value) => value.is_boolean(),
        _ => false,
    }
}

fn check_members(members: &[Member], object: &Map<String, Value>, path: &str, broken: &mut Vec<String>) {
    for member in members {
        let path = join(path, member.name);
        match object.get(member.name) {
            Some(value) if !value.is_null() => check(&member.shape, value, &path, broken),
            _ if member.required => broken.push(says("null", &path, "Member must not be null")),
            _ => {}
        }
    }
}

fn check(shape: &Shape, value: &Value, path: &str, broken: &mut Vec<String>) {
    match (shape, value) {
        (Shape::Structure(members), Value::Object(object)) => check_members(members, object, path, broken),
        (Shape::List { least, most, of }, Value::Array(values)) => {
            check_length(values.len(), *least, *most, "'[...]'", path, broken);
            for (place, value) in (1..).zip(values) {
                check(of, value, &format!("{path}.{place}.member"), broken);
            }
        }
        (Shape::Blob { most }, Value::String(text)) => {
            let bytes = STANDARD.decode(text).map_or(0, |bytes| bytes.len());
            check_length(bytes, 0, *most, "'java.nio.HeapByteBuffer'", path, broken);
        }
        (Shape::Text { least, most, pattern, values }, Value::String(text)) => {
            let shown = format!("'{text}'");
            if let Some(pattern) = pattern.filter(|pattern| !(pattern.matches)(text)) {
                let what = format!("Member must satisfy regular expression pattern: {}", pattern.regex);
                broken.push(says(&shown, path, &what));
            }
            if !values.is_empty() && !values.contains(&text.as_str()) {
                let what = format!("Member must satisfy enum value set: [{}]", values.join(", "));
                broken.push(says(&shown, path, &what));
            }
            check_length(text.chars().count(), *least, *most, &shown, path, broken);
        }
        (Shape::Integer { least, most }, value) => {
            let number = value.as_i64().unwrap_or_default();
            if number < *least {
                let what = format!("Member must have value greater than or equal to {least}");
                broken.push(says(&format!("'{number}'"), path, &what));
            }
            if number > *most {
                let what = format!("Member must have value less than or equal to {most}");
                broken.push(says(&format!("'{number}'"), path, &what));
            }
        }
        _ => {}
    }
}

fn check_length(length: usize, least: usize, most: usize, shown: &str, path: &str, broken: &mut Vec<String>) {
    if length < least {
        broken.push(says(shown, path, &format!("Member must have length greater than or equal to {least}")));
    }
    if length > most {
        broken.push(says(shown, path, &format!("Member must have length less than or equal to {most}")));
    }
}

fn says(shown: &str, path: &str, what: &str) -> String {
    format!("Value {shown} at '{path}' failed to satisfy constraint: {what}")
}

/// AWS names members by their Java names: the first letter is small.
fn join(path: &str, name: &str) -> String {
    let mut letters = name.chars();
    let small: String = letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect();
    if path.is_empty() { small } else { format!("{path}.{small}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INNER: &[Member] = &[required("Data", Shape::Blob { most: 3 })];
    const RECORD: Shape = Shape::Structure(INNER);
    const INPUT: &[Member] = &[
        required("StreamName", text(1, 5)),
        optional("Records", Shape::List { least: 1, most: 2, of: &RECORD }),
        optional("Limit", Shape::Integer { least: 1, most: 9 }),
    ];

    fn refusal(body: &str) -> AwsError {
        read(INPUT, body.as_bytes()).expect_err(body)
    }

    #[test]
    fn types_come_before_constraints_and_all_constraints_are_listed() {
        for body in
            ["", "[]", "{\"StreamName\":7}", "{\"Records\":[7]}", "{\"Records\":[{\"Data\":\"%\"}]}", "{\"Limit\":1.5}"]
        {
            assert_eq!(refusal(body), AwsError::serialization(), "{body}");
        }
        let error = refusal(r#"{"StreamName":"toolong","Records":[{"Data":"AAAAAA=="},{}],"Limit":0}"#);
        assert_eq!(error.code, "ValidationException");
        assert!(
            error.message.starts_with("4 validation errors detected: Value 'toolong' at 'streamName' failed"),
            "{error:?}"
        );
        assert!(error.message.contains("; Value null at 'records.2.member.data' failed"), "{error:?}");
    }

    #[test]
    fn what_is_not_known_is_ignored_and_null_is_absent() {
        assert!(read(INPUT, br#"{"StreamName":"s","Limit":null,"Other":{"a":[1]}}"#).is_ok());
        assert!(refusal(r#"{"StreamName":null}"#).message.starts_with("1 validation error detected: Value null"));
    }

    #[test]
    fn a_setting_that_is_not_offered_is_refused_by_name_and_one_that_is_off_is_not() {
        let honoured = |body: &str| all_honoured(INPUT, &serde_json::from_str(body).expect("json"));
        for off in [
            r#"{"StreamName":"s","Backup":"Disabled","More":{"Enabled":false,"Other":7},"Tags":[],"Encryption":{"None":"NoEncryption"}}"#,
            r#"{"StreamName":"s","Records":[{"Data":"AA==","Other":1}],"Limit":null}"#,
        ] {
            assert_eq!(honoured(off), Ok(()), "{off}");
        }
        for (on, named) in [
            (r#"{"StreamName":"s","Tags":[{"Key":"a"}]}"#, "Tags"),
            (r#"{"StreamName":"s","More":{"Enabled":true}}"#, "More"),
            (r#"{"StreamName":"s","Size":7}"#, "Size"),
        ] {
            let refused = honoured(on).expect_err(on).message;
            assert!(refused.starts_with(&format!("{named} is not offered here")), "{refused}");
        }
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_crash() {
        assert_eq!(refusal(&"[".repeat(100_000)), AwsError::serialization());
    }
}
