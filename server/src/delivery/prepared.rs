//! The batch in hand: what a range of records becomes before it is brought in.
//!
//! Owns the step from records to an object, a manifest and the error output. Their names follow from the range, and so do
//! their bytes, but for a transform that does not say the same twice. Does not own when they are written.

use std::time::Instant;

use bytes::Bytes;
use memchr::memchr;
use memchr::memmem::Finder;

use super::DeliveryError;
use super::names::{Layout, Names};
use super::object;
use super::sorted::{ByPartition, Tally};
use super::transformed::Transformed;
use crate::live::NO_ASSIGNMENT;
use crate::records::columns::Table;
use crate::records::manifest::{Manifest, Meta, Size};
use crate::records::source::{Cut, Gathered, Parked};

/// How a line ends that this server has put: its producer is the last column.
const OWN: &[u8] = b"\"producer\":null}";

/// A batch on its way into lake and warehouse.
pub(super) struct PreparedBatch {
    pub cut: Cut,
    pub names: Names,
    /// When its first record arrived.
    pub first_arrived: i64,
    /// Whether it is heartbeats and nothing else.
    pub is_heartbeats: bool,
    /// Rows in the object.
    pub rows: u64,
    /// Records that are none of these.
    pub tally: Tally,
    pub object_bytes: u64,
    /// The object, for whoever would have to download it.
    pub object: Bytes,
    /// What the source calls its last record.
    pub checkpoint: Option<String>,
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

impl PreparedBatch {
    /// Takes a batch in hand, as a transform has made it if the stream has one. `url` says where in the lake a key lies.
    pub fn take(
        route: &Route<'_>,
        batch: &Gathered,
        transformed: Option<Transformed<'_>>,
        url: impl Fn(&str) -> url::Url,
        now: i64,
    ) -> Result<Self, DeliveryError> {
        let began = Instant::now();
        let cut = batch.cut();
        let names = Names::of(route.stream, route.shard, route.layout, cut, batch.first_arrived());
        let sorted = match transformed {
            Some(transformed) => ByPartition::after(transformed, route.table, batch, now)?,
            None => ByPartition::of(route.table, batch, now)?,
        };
        let lines = sorted.lines.as_deref().unwrap_or_else(|| batch.data());
        let is_heartbeats = sorted.failed.is_empty() && route.table.is_some_and(|table| are_heartbeats(table, lines));
        let names = if is_heartbeats { names.of_heartbeats(route.stream, route.shard) } else { names };
        let object = if route.layout.is_gzip { object::gzip(lines)? } else { Bytes::copy_from_slice(lines) };
        let size = Size { content_length: object.len() as u64, record_count: sorted.rows };
        let checkpoint = batch.checkpoint().map(str::to_owned);
        let meta = Meta::of(route.stream, route.shard, cut, checkpoint.clone());
        let manifest = Manifest::of(meta, url(&names.object), size).bytes()?;
        let touched = route.table.map_or_else(|| vec![NO_ASSIGNMENT], |table| touched(table, lines));
        let mut to_put = Vec::with_capacity(3);
        if !sorted.failed.is_empty() {
            to_put.push((names.failed.clone(), sorted.failed.into()));
        }
        to_put.push((names.object.clone(), object.clone()));
        if route.table.is_some() {
            to_put.push((names.manifest.clone(), manifest));
        }
        Ok(Self {
            cut,
            first_arrived: batch.first_arrived(),
            is_heartbeats,
            rows: sorted.rows,
            tally: sorted.tally,
            object_bytes: size.content_length,
            object,
            checkpoint,
            touched,
            to_put,
            names,
            began,
            failing_since: None,
        })
    }

    /// What an earlier try has left in the error output must not outlast this one, even if no record failed this time.
    pub fn replace_error_output(&mut self) {
        if self.to_put.iter().all(|(key, _)| *key != self.names.failed) {
            self.to_put.insert(0, (self.names.failed.clone(), Bytes::new()));
        }
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
            checkpoint: self.checkpoint.clone(),
        }
    }
}

/// Whether every line is a heartbeat of this server's, and there is one. The mark cannot be in a text: quotes in a text are
/// escaped.
fn are_heartbeats(table: &Table, lines: &[u8]) -> bool {
    let Some(mark) = table.heartbeat else { return false };
    let mark = Finder::new(mark);
    let is_one = |line: &[u8]| line.ends_with(OWN) && mark.find(line).is_some();
    !lines.is_empty() && lines.trim_ascii_end().split(|byte| *byte == b'\n').all(is_one)
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
    use crate::records::columns::quiz_answers;

    const LINE: &str = r#"{"record_id":"r","accepted_seq":1,"accepted_at":"2026-01-31 10:41:07","assignment_id":7,"class_id":1,"quiz_id":1,"attempt_id":"\"assignment_id\":9","attempt_no":1,"student_key":"s","question_id":1,"choice_id":null,"elapsed_ms":1}"#;

    #[test]
    fn a_batch_is_of_heartbeats_only_if_every_line_is_one() {
        let own = LINE.replace("\"elapsed_ms\":1}", "\"elapsed_ms\":1,\"producer\":null}");
        let heartbeat = own.replace("\"assignment_id\":7", "\"assignment_id\":0");
        let of_another = heartbeat.replace("\"producer\":null", "\"producer\":\"key-1\"");
        let table = quiz_answers();
        assert!(are_heartbeats(&table, format!("{heartbeat}\n{heartbeat}\n").as_bytes()));
        let pretends = own.replace("\\\"assignment_id\\\":9", "\\\"assignment_id\\\":0,");
        assert_ne!(pretends, own);
        for lines in ["", &own, &pretends, &of_another, &format!("{heartbeat}\n{own}")] {
            assert!(!are_heartbeats(&table, lines.as_bytes()), "{lines}");
        }
    }

    #[test]
    fn the_assignments_of_a_batch_are_read_from_its_lines() {
        let other = LINE.replace("\"assignment_id\":7", "\"assignment_id\":12");
        let lines = format!("{LINE}\n{other}\n{LINE}\n");
        assert_eq!(touched(&quiz_answers(), lines.as_bytes()), [7, 12]);
        assert_eq!(touched(&quiz_answers(), b""), [0i64; 0]);
        assert_eq!(touched(&crate::records::columns::quiz_catalog(), lines.as_bytes()), [NO_ASSIGNMENT]);
    }
}
