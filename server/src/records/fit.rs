//! Does a record fit its table? What does not is refused at the door, or sent to the error output, with its field
//! named, instead of failing a COPY later on.
//!
//! Owns the check and the line that COPY reads: one JSON object with the table's columns in the table's order. This is
//! the hottest code of the pipeline; a record is looked at once, and nothing but its line is allocated.

use std::borrow::Cow;
use std::fmt;

use chrono::{NaiveDate, NaiveTime};
use serde::Deserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::columns::{Column, Kind, PRODUCER, Table};

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", field.as_ref().map(|f| format!("{f}: ")).unwrap_or_default())]
pub struct Misfit {
    /// Name of the field; absent if it is the record as a whole.
    pub field: Option<String>,
    /// What is wrong with it.
    pub problem: String,
}

/// Where in the line the value of the partition column lies.
pub type KeyAt = std::ops::Range<usize>;

/// Checks one record and writes its line, with a newline, at the end of `out`. Returns where in `out` the value lies
/// that the table is partitioned by.
///
/// # Errors
/// Names the field. `out` is as it was.
pub fn fit(table: &Table, record: &[u8], out: &mut Vec<u8>) -> Result<KeyAt, Misfit> {
    fitted(out, |out| write_line(table, &read(table, record)?, out))
}

/// As [`fit`], for a record that somebody puts: its line says who, as `producer` has it (`null`, or text in quotes), and
/// the record itself may not.
///
/// # Errors
/// Names the field. `out` is as it was.
pub fn fit_from(table: &Table, record: &[u8], producer: &str, out: &mut Vec<u8>) -> Result<KeyAt, Misfit> {
    fitted(out, |out| {
        let mut fields = read(table, record)?;
        if table.names_producer
            && let Some(named) = fields.last_mut()
            && named.replace(producer).is_some()
        {
            return Err(misfit(PRODUCER, "is said by the door and by nobody else; leave it out"));
        }
        write_line(table, &fields, out)
    })
}

fn read<'a>(table: &Table, record: &'a [u8]) -> Result<Vec<Option<&'a str>>, Misfit> {
    plain_fields(table, record).map_or_else(|| fields_of(table, record), Ok)
}

/// Writes a line, or leaves `out` as it was.
fn fitted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> Result<KeyAt, Misfit>) -> Result<KeyAt, Misfit> {
    let before = out.len();
    let fitted = write(out);
    if fitted.is_err() {
        out.truncate(before);
    }
    fitted
}

fn write_line(table: &Table, fields: &[Option<&str>], out: &mut Vec<u8>) -> Result<KeyAt, Misfit> {
    let mut key = 0..0;
    for (place, (column, value)) in table.columns.iter().zip(fields).enumerate() {
        let text = value.unwrap_or("null");
        let text = written(column, text).map_err(|problem| misfit(&column.name, problem))?;
        out.push(if place == 0 { b'{' } else { b',' });
        out.push(b'"');
        out.extend_from_slice(column.name.as_bytes());
        out.extend_from_slice(b"\":");
        if column.name == table.partition_by {
            key = out.len()..out.len() + text.len();
        }
        out.extend_from_slice(text.as_bytes());
    }
    out.extend_from_slice(b"}\n");
    Ok(key)
}

fn misfit(field: &str, problem: impl Into<String>) -> Misfit {
    Misfit { field: Some(field.to_owned()), problem: problem.into() }
}

/// What JSON takes as a blank.
const BLANK: [char; 4] = [' ', '\t', '\n', '\r'];

/// As [`fields_of`], five times as fast, for a record as nearly all are: known fields, text without escapes, whole
/// numbers. `None` says nothing about any other.
fn plain_fields<'a>(table: &Table, record: &'a [u8]) -> Option<Vec<Option<&'a str>>> {
    let mut rest = std::str::from_utf8(record).ok()?.trim_matches(BLANK).strip_prefix('{')?.strip_suffix('}')?;
    let mut values = vec![None; table.columns.len()];
    let mut guess = 0;
    loop {
        let name = take(&mut rest, plain_text)?;
        rest = rest.trim_start_matches(BLANK).strip_prefix(':')?;
        let value = take(&mut rest, |rest| plain_text(rest).or_else(|| plain_word(rest)))?;
        let place = place_of(&table.columns, &name[1..name.len() - 1], guess)?;
        if values[place].replace(value).is_some() {
            return None;
        }
        guess = place + 1;
        rest = rest.trim_start_matches(BLANK);
        if rest.is_empty() {
            return Some(values);
        }
        rest = rest.strip_prefix(',')?;
    }
}

/// Takes from the head of `rest` what `length` measures there, behind blanks.
fn take<'a>(rest: &mut &'a str, length: impl Fn(&[u8]) -> Option<usize>) -> Option<&'a str> {
    let text = rest.trim_start_matches(BLANK);
    let (taken, left) = text.split_at_checked(length(text.as_bytes())?)?;
    *rest = left;
    Some(taken)
}

/// Bytes of a text in quotes, if it has neither escapes nor control characters.
fn plain_text(rest: &[u8]) -> Option<usize> {
    let inner = rest.strip_prefix(b"\"")?;
    let end = inner.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
    (inner[end] == b'"').then_some(end + 2)
}

/// Bytes of a whole number as JSON has it, `null`, `true` or `false`.
fn plain_word(rest: &[u8]) -> Option<usize> {
    let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-').unwrap_or(rest.len());
    let is_plain = match rest[..end].strip_prefix(b"-").unwrap_or(&rest[..end]) {
        [b'0'] => true,
        [b'1'..=b'9', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => matches!(&rest[..end], b"null" | b"true" | b"false"),
    };
    is_plain.then_some(end)
}

/// The record's values as they were written, one for each of the table's columns.
fn fields_of<'a>(table: &Table, record: &'a [u8]) -> Result<Vec<Option<&'a str>>, Misfit> {
    let not_an_object = |e: &dyn fmt::Display| Misfit { field: None, problem: format!("has to be a JSON object: {e}") };
    let mut reader = serde_json::Deserializer::from_slice(record);
    let mut wrong = None;
    let fields = reader.deserialize_map(Fields { table, wrong: &mut wrong });
    let fields = fields.and_then(|fields| reader.end().map(|()| fields));
    match (fields, wrong) {
        (_, Some(wrong)) => Err(wrong),
        (Ok(fields), None) => Ok(fields),
        (Err(e), None) => Err(not_an_object(&e)),
    }
}

struct Fields<'t> {
    table: &'t Table,
    /// A field that is not known, or there twice.
    wrong: &'t mut Option<Misfit>,
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = Vec<Option<&'de str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let columns = &self.table.columns;
        let mut values = vec![None; columns.len()];
        let mut guess = 0;
        while let Some(name) = map.next_key::<Name<'de>>()? {
            let Some(place) = place_of(columns, &name.0, guess) else {
                *self.wrong = Some(misfit(&name.0, format!("is no column of {}", self.table.name)));
                return Err(A::Error::custom("an unknown field"));
            };
            if values[place].is_some() {
                *self.wrong = Some(misfit(&name.0, "is there twice"));
                return Err(A::Error::custom("a field that is there twice"));
            }
            values[place] = Some(map.next_value::<&RawValue>()?.get());
            guess = place + 1;
        }
        Ok(values)
    }
}

/// A field's name; borrowed unless it has escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Senders write a record's fields in the same order each time: look after the last one first.
fn place_of(columns: &[Column], name: &str, guess: usize) -> Option<usize> {
    let is_it = |place: &usize| columns[*place].name == name;
    (guess..columns.len()).find(is_it).or_else(|| (0..guess.min(columns.len())).find(is_it))
}

/// The value as the line has it, or what is wrong with it.
fn written<'a>(column: &Column, text: &'a str) -> Result<Cow<'a, str>, String> {
    if text == "null" {
        return if column.nullable { Ok(text.into()) } else { Err("is missing".to_owned()) };
    }
    let fits = match column.kind {
        Kind::BigInt => text.parse::<i64>().is_ok(),
        Kind::Count => text.parse::<i64>().is_ok_and(|number| number >= 0),
        Kind::Integer => text.parse::<i32>().is_ok(),
        Kind::Double => text.parse::<f64>().is_ok_and(f64::is_finite),
        Kind::Boolean => matches!(text, "true" | "false"),
        Kind::Varchar(most) => return short_text(text, most),
        Kind::Timestamp => text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).is_some_and(is_timestamp),
    };
    if fits { Ok(text.into()) } else { Err(expectation(column.kind)) }
}

fn expectation(kind: Kind) -> String {
    match kind {
        Kind::BigInt => "has to be a whole number of 64 bits".to_owned(),
        Kind::Count => "has to be a whole number of 64 bits, 0 or more".to_owned(),
        Kind::Integer => "has to be a whole number of 32 bits".to_owned(),
        Kind::Double => "has to be a number".to_owned(),
        Kind::Boolean => "has to be true or false".to_owned(),
        Kind::Varchar(most) => format!("has to be text of at most {most} bytes"),
        Kind::Timestamp => "has to be a time in UTC like \"2026-01-31 10:41:07.123\"".to_owned(),
    }
}

/// Text is copied as it is written, unless it has escapes: these are read, so that their bytes are counted.
fn short_text(text: &str, most: usize) -> Result<Cow<'_, str>, String> {
    let too_long = |bytes: usize| format!("has to be text of at most {most} bytes, and has {bytes}");
    let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    let inner = inner.ok_or_else(|| "has to be text in quotes".to_owned())?;
    if !inner.contains('\\') {
        return if inner.len() <= most { Ok(text.into()) } else { Err(too_long(inner.len())) };
    }
    let no_text = |_| "has an escape that is no character, such as half of a surrogate pair".to_owned();
    let read: String = serde_json::from_str(text).map_err(no_text)?;
    if read.contains('\0') {
        return Err("holds the character NUL, which no warehouse keeps".to_owned());
    }
    if read.len() > most {
        return Err(too_long(read.len()));
    }
    serde_json::to_string(&read).map(Cow::from).map_err(no_text)
}

/// `2026-01-31 10:41:07`, with one to six digits after a point or without.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = bytes.len() >= 19 && bytes[4] == b'-' && bytes[7] == b'-' && bytes[10] == b' ' && bytes[13] == b':';
    if !shape || bytes[16] != b':' {
        return false;
    }
    let number = |range: std::ops::Range<usize>| {
        let digits = &bytes[range];
        digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().fold(0, |n, d| n * 10 + u32::from(d - b'0')))
    };
    let date = || NaiveDate::from_ymd_opt(number(0..4)?.cast_signed(), number(5..7)?, number(8..10)?);
    let time = || NaiveTime::from_hms_opt(number(11..13)?, number(14..16)?, number(17..19)?);
    let fraction = match &bytes[19..] {
        [] => true,
        [b'.', digits @ ..] => (1..=6).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    fraction && date().is_some() && time().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::columns::quiz_answers;

    const GOOD: &str = r#"{"elapsed_ms":5,"record_id":"r","accepted_seq":1,"accepted_at":"2026-01-31 10:41:07.123",
        "assignment_id":7,"class_id":1,"quiz_id":1,"attempt_id":"a","attempt_no":1,"student_key":"s \"q\" é",
        "question_id":1}"#;

    fn line(record: &str) -> Result<(String, String), Misfit> {
        let mut out = b"before".to_vec();
        let key = fit(&quiz_answers(), record.as_bytes(), &mut out)?;
        let out = String::from_utf8(out).expect("text");
        Ok((out[key].to_owned(), out["before".len()..].to_owned()))
    }

    #[test]
    fn a_record_becomes_one_line_with_the_columns_in_the_table_s_order() {
        let (key, line) = line(GOOD).expect("good");
        assert_eq!(key, "7", "the partition key is the assignment");
        assert!(line.ends_with("}\n") && line.matches('\n').count() == 1, "{line}");
        let places: Vec<_> = quiz_answers().columns.iter().map(|c| line.find(&format!("\"{}\":", c.name))).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{line}");
        let parsed: serde_json::Value = serde_json::from_str(&line).expect("json");
        assert_eq!((&parsed["student_key"], &parsed["choice_id"]), (&"s \"q\" é".into(), &serde_json::Value::Null));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let with = |from: &str, to: &str| line(&GOOD.replacen(from, to, 1)).expect_err(to);
        for (from, to, field) in [
            ("\"quiz_id\":1", "\"quiz_id\":1.5", "quiz_id"),
            ("\"quiz_id\":1", "\"quiz_id\":9223372036854775808", "quiz_id"),
            ("\"quiz_id\":1", "\"quiz_id\":\"1\"", "quiz_id"),
            ("\"attempt_no\":1", "\"attempt_no\":2147483648", "attempt_no"),
            ("\"attempt_id\":\"a\"", "\"attempt_id\":\"a\\u0000\"", "attempt_id"),
            ("\"attempt_id\":\"a\"", "\"attempt_id\":\"\\ud800\"", "attempt_id"),
            ("\"attempt_id\":\"a\"", "\"attempt_id\":null", "attempt_id"),
            ("2026-01-31 10", "2026-02-30 10", "accepted_at"),
            ("10:41:07.123", "10:61:07.123", "accepted_at"),
            ("10:41:07.123", "10:41:07.", "accepted_at"),
            ("\"elapsed_ms\":5", "\"elapsed\":5", "elapsed"),
            ("\"elapsed_ms\":5", "\"quiz_id\":5", "quiz_id"),
        ] {
            assert_eq!(with(from, to).field.as_deref(), Some(field), "{to}");
        }
        assert_eq!(with("\"quiz_id\":1,", "").to_string(), "quiz_id: is missing");
        assert_eq!(line("[]").expect_err("no object").field, None);
        assert_eq!(line(&format!("{GOOD} x")).expect_err("more").field, None);
    }

    #[test]
    fn text_is_counted_in_bytes_of_what_it_says() {
        let of = |text: &str| short_text(text, 4).map(Cow::into_owned);
        assert_eq!(of(r#""éé""#).as_deref(), Ok(r#""éé""#));
        assert!(of(r#""ééx""#).is_err());
        assert_eq!(of(r#""\u00e9\n\/""#).as_deref(), Ok(r#""é\n/""#));
        assert!(of(r#""\u00e9\u00e9x""#).is_err());
    }

    /// The fast way says nothing, or what the other one says.
    #[test]
    fn plain_fields_are_those_that_the_json_reader_finds() {
        let table = quiz_answers();
        let plain = GOOD.replace(r#"s \"q\" é"#, "s é");
        assert!(plain_fields(&table, plain.as_bytes()).is_some(), "nearly all records are");
        assert!(plain_fields(&table, GOOD.as_bytes()).is_none(), "escapes are not plain");
        for place in 0..=plain.len() {
            for put in [
                "", "\"", "\\", "{", "}", "[", ",", ":", "0", "-", ".", "e", "+", " ", "\n", "\u{b}", "\u{c}", "é",
                "null",
            ] {
                for cut in [0, 1, 2, 12] {
                    let mut changed = plain.as_bytes().to_vec();
                    changed.splice(place..(place + cut).min(plain.len()), put.bytes());
                    if let Some(fields) = plain_fields(&table, &changed) {
                        assert_eq!(Ok(fields), fields_of(&table, &changed), "{}", String::from_utf8_lossy(&changed));
                    }
                }
            }
        }
    }

    /// No panic, whatever is cut off or changed; and what fits is read by a JSON reader that nobody here wrote.
    #[test]
    fn broken_records_are_errors_and_never_panics() {
        for place in 0..GOOD.len() {
            let mut changed = GOOD.as_bytes().to_vec();
            changed[place] = b"{}[]\",:\\\xff0"[place % 10];
            for record in [&GOOD.as_bytes()[..place], &changed] {
                let mut out = Vec::new();
                if fit(&quiz_answers(), record, &mut out).is_ok() {
                    serde_json::from_slice::<serde_json::Value>(&out).expect("a fitted line is JSON");
                } else {
                    assert!(out.is_empty());
                }
            }
        }
    }
}
