//! The batch in hand: what a range of records becomes before it is brought in.
//!
//! Owns the step from records to an object, a manifest and the error output, all of which follow from the range. Does
//! not own when they are written.

use std::time::Instant;

use bytes::Bytes;
use memchr::memchr;
use memchr::memmem::Finder;

use super::names::{Layout, Names};
use super::object::{self, Manifest, Size};
use super::{Cut, DeliveryError, Form, Gathered, Parked, failed};
use crate::live::NO_ASSIGNMENT;
use crate::warehouse::columns::Table;
use crate::warehouse::fit::fit;

/// A batch on its way into lake and warehouse.
pub(super) struct Hand {
    pub cut: Cut,
    pub names: Names,
    /// When its first record arrived.
    pub first_arrived: i64,
    /// Rows in the object.
    pub rows: u64,
    /// Records in the error output.
    pub misfits: u64,
    pub object_bytes: u64,
    /// The assignments that an open page may show.
    pub touched: Vec<i64>,
    /// What has still to be put into the lake: key and body, in this order.
    pub to_put: Vec<(String, Bytes)>,
    pub began: Instant,
    /// Since when its COPY fails.
    pub failing_since: Option<Instant>,
}

/// Where a batch comes from and goes to.
pub(super) struct Route<'a> {
    pub stream: &'a str,
    pub shard: &'a str,
    pub layout: &'a Layout,
    /// Absent if the lake is the destination.
    pub table: Option<&'a Table>,
}

impl Hand {
    /// Takes a batch in hand. `url` says where in the lake a key lies.
    pub fn take(
        route: &Route<'_>,
        batch: &Gathered,
        url: impl Fn(&str) -> url::Url,
        now: i64,
    ) -> Result<Self, DeliveryError> {
        let began = Instant::now();
        let cut = batch.cut();
        let names = Names::of(route.stream, route.shard, route.layout, cut, batch.first_arrived());
        let sorted = match route.table {
            Some(table) => Sorted::of(table, batch, now)?,
            None => Sorted::as_they_are(batch),
        };
        let lines = sorted.lines.as_deref().unwrap_or_else(|| batch.data());
        let object = if route.layout.is_gzip { object::gzip(lines)? } else { Bytes::copy_from_slice(lines) };
        let size = Size { content_length: object.len() as u64, record_count: sorted.rows };
        let manifest = Manifest::of(route.stream, route.shard, cut, url(&names.object), size).bytes()?;
        let touched = route.table.map_or_else(|| vec![NO_ASSIGNMENT], |table| touched(table, lines));
        let mut to_put = Vec::with_capacity(3);
        if !sorted.failed.is_empty() {
            to_put.push((names.failed.clone(), sorted.failed.into()));
        }
        to_put.push((names.object.clone(), object));
        if route.table.is_some() {
            to_put.push((names.manifest.clone(), manifest));
        }
        Ok(Self {
            cut,
            first_arrived: batch.first_arrived(),
            rows: sorted.rows,
            misfits: sorted.misfits,
            object_bytes: size.content_length,
            touched,
            to_put,
            names,
            began,
            failing_since: None,
        })
    }

    /// What is written down when the stream goes on without it.
    pub fn parked(&self, now: i64, reason: String) -> Parked {
        Parked {
            cut: self.cut,
            records: self.rows,
            manifest: self.names.manifest.clone(),
            object: self.names.object.clone(),
            object_bytes: self.object_bytes,
            first_arrived: self.first_arrived,
            parked_at: now,
            reason,
        }
    }
}

/// A batch's records, sorted into rows and the error output.
struct Sorted {
    /// The rows' lines; absent if they are the batch as it is.
    lines: Option<Vec<u8>>,
    rows: u64,
    misfits: u64,
    failed: Vec<u8>,
}

impl Sorted {
    fn as_they_are(batch: &Gathered) -> Self {
        Self { lines: None, rows: batch.records(), misfits: 0, failed: Vec::new() }
    }

    fn of(table: &Table, batch: &Gathered, now: i64) -> Result<Self, DeliveryError> {
        if batch.is_fitted() {
            return Ok(Self::as_they_are(batch));
        }
        let (mut lines, mut rows, mut failed) = (Vec::with_capacity(batch.data().len()), 0, Vec::new());
        for item in batch.items() {
            match item.form {
                Form::Fitted => lines.extend_from_slice(item.data),
                Form::Raw => {
                    if let Err(misfit) = fit(table, item.data, &mut lines) {
                        let message = misfit.to_string();
                        failed::write(&mut failed, &item, failed::DOES_NOT_FIT, &message, now)
                            .map_err(std::io::Error::from)?;
                        continue;
                    }
                }
            }
            rows += 1;
        }
        Ok(Self { lines: Some(lines), rows, misfits: batch.records() - rows, failed })
    }
}

/// The assignments that a batch of answers touches, read from its lines, which [`fit`] has written. Other tables touch
/// no page.
fn touched(table: &Table, lines: &[u8]) -> Vec<i64> {
    if !table.has("assignment_id") {
        return vec![NO_ASSIGNMENT];
    }
    let name = b"\"assignment_id\":";
    let finder = Finder::new(name);
    let (mut touched, mut rest) = (Vec::new(), lines);
    while let Some(place) = finder.find(rest) {
        let value = &rest[place + name.len()..];
        let digits = value.iter().take_while(|b| b.is_ascii_digit());
        let number = digits.fold(0i64, |n, digit| n.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')));
        if touched.last() != Some(&number) {
            touched.push(number);
        }
        // Once a line: a text may look like another.
        rest = memchr(b'\n', value).map_or(&[], |end| &value[end..]);
    }
    touched.sort_unstable();
    touched.dedup();
    touched
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warehouse::columns::quiz_answers;

    const LINE: &str = r#"{"record_id":"r","accepted_seq":1,"accepted_at":"2026-01-31 10:41:07","assignment_id":7,"class_id":1,"quiz_id":1,"attempt_id":"\"assignment_id\":9","attempt_no":1,"student_key":"s","question_id":1,"choice_id":null,"elapsed_ms":1}"#;

    #[test]
    fn the_assignments_of_a_batch_are_read_from_its_lines() {
        let other = LINE.replace("\"assignment_id\":7", "\"assignment_id\":12");
        let lines = format!("{LINE}\n{other}\n{LINE}\n");
        assert_eq!(touched(&quiz_answers(), lines.as_bytes()), [7, 12]);
        assert_eq!(touched(&quiz_answers(), b""), [0i64; 0]);
        assert_eq!(touched(&crate::warehouse::columns::quiz_catalog(), lines.as_bytes()), [NO_ASSIGNMENT]);
    }

    #[test]
    fn what_does_not_fit_goes_to_the_error_output_with_firehose_s_fields() {
        let mut batch = Gathered::starting_at(40);
        batch.begin(1_000, Form::Raw);
        batch.push(LINE.as_bytes());
        batch.push(b"\xff\xfe");
        batch.begin(2_000, Form::Raw);
        batch.push(LINE.replace("\"quiz_id\":1", "\"quiz_id\":\"x\"").as_bytes());
        let sorted = Sorted::of(&quiz_answers(), &batch, 3_000).expect("sorted");
        assert_eq!((sorted.rows, sorted.lines.as_deref().map(|l| l.split(|b| *b == b'\n').count())), (1, Some(2)));
        let failed: Vec<serde_json::Value> = String::from_utf8(sorted.failed)
            .expect("text")
            .lines()
            .map(|line| serde_json::from_str(line).expect("json"))
            .collect();
        assert_eq!(failed.len(), 2);
        assert_eq!((&failed[0]["rawData"], &failed[0]["arrivalTimestamp"]), (&"//4=".into(), &1_000.into()));
        assert_eq!((&failed[1]["errorCode"], &failed[1]["attemptsMade"]), (&failed::DOES_NOT_FIT.into(), &1.into()));
        assert!(failed[1]["errorMessage"].as_str().is_some_and(|m| m.starts_with("quiz_id: ")), "{failed:?}");
        assert_eq!(failed[1]["attemptEndingTimestamp"], 3_000);
    }
}
