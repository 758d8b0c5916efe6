//! What has been fetched of a shard and has not landed: a bounded buffer with offsets.
//!
//! Owns counting: a record's offset is how many records of the shard came before it since the first that was ever read.
//! Records leave the buffer as they are taken into a batch; a batch that comes to nothing is read again from where the
//! last one landed. Knows neither a network nor a clock.

use std::collections::VecDeque;

use app::api::Millis;

use crate::records::source::{Form, Gathered, Until};

/// No more is asked for while so many bytes wait to be taken. An answer that is under way then still fits in: Kinesis's
/// largest has 10 MiB. So one shard holds at most 14 MiB, besides the batch in hand.
pub(super) const MOST_BUFFERED: usize = 4 << 20;

/// A place between two records of a shard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    /// Offset of the record behind it.
    pub offset: u64,
    /// Sequence number of the record before it; `None` is the oldest that the stream has.
    pub after: Option<String>,
}

/// One record as it was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fetched {
    /// Kinesis's name for it.
    pub sequence: String,
    /// When it arrived at the stream.
    pub arrived: Millis,
    /// What was sent.
    pub data: Vec<u8>,
}

/// Where a shard's reading stands.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Everything before has landed or is parked.
    landed: Position,
    /// Everything before has been taken into a batch: the front of the buffer.
    taken: Position,
    buffer: VecDeque<Fetched>,
    bytes: usize,
    /// The arrivals of records that have not landed: offset of the first that came then, and when.
    arrivals: VecDeque<(u64, Millis)>,
    /// Goes up with each jump: an answer that was asked for before one is of no use after it.
    jumps: u64,
    /// Whether a place to read on from is known.
    is_placed: bool,
    is_closed: bool,
}

impl Reading {
    /// Reads on from here; what is buffered is let go.
    pub fn jump(&mut self, to: Position) {
        let landed = to.clone();
        *self = Self { landed, taken: to, jumps: self.jumps + 1, is_placed: true, ..Self::default() };
    }

    /// Where to fetch on, with the number of the last jump; `None` while nothing is to be fetched.
    pub fn wanted(&self) -> Option<(u64, Position)> {
        let is_wanted = self.is_placed && !self.is_closed && self.bytes < MOST_BUFFERED;
        is_wanted.then(|| (self.jumps, self.fetched_to()))
    }

    fn fetched_to(&self) -> Position {
        let after = self.buffer.back().map(|last| last.sequence.clone()).or_else(|| self.taken.after.clone());
        Position { offset: self.end(), after }
    }

    /// Takes in what was fetched after the jump of that number; what was fetched before it is let go.
    pub fn fetched(&mut self, jumps: u64, records: Vec<Fetched>, is_last: bool) -> bool {
        if jumps != self.jumps {
            return false;
        }
        for record in records {
            if self.arrivals.back().is_none_or(|(_, arrived)| *arrived != record.arrived) {
                self.arrivals.push_back((self.end(), record.arrived));
            }
            self.bytes += record.data.len();
            self.buffer.push_back(record);
        }
        self.is_closed = is_last;
        true
    }

    /// One past the last offset that was fetched.
    pub fn end(&self) -> u64 {
        self.taken.offset + self.buffer.len() as u64
    }

    /// Whether nothing will ever come at or after `offset`.
    pub fn is_drained(&self, offset: u64) -> bool {
        self.is_closed && offset >= self.end()
    }

    /// Whether everything that was fetched has landed or is parked.
    pub fn nothing_waits(&self) -> bool {
        self.is_placed && self.landed.offset == self.end()
    }

    /// Records that were fetched and have not landed.
    pub fn waiting(&self) -> u64 {
        self.end() - self.landed.offset
    }

    /// When the oldest record at or after `offset` arrived, among those that were fetched and have not landed.
    pub fn arrival_of(&self, offset: u64) -> Option<Millis> {
        if offset >= self.end() {
            return None;
        }
        let after = self.arrivals.partition_point(|(first, _)| *first <= offset);
        self.arrivals.get(after.saturating_sub(1)).map(|(_, arrived)| *arrived)
    }

    /// Whether `batch` can be read on from the buffer as it is. If not, and the batch is empty, reading jumps back to
    /// where the last batch landed, if that is where this one begins.
    pub fn goes_on_with(&mut self, batch: &Gathered) -> Continuation {
        if batch.end() == self.taken.offset {
            return Continuation::Here;
        }
        if batch.records() == 0 && batch.end() == self.landed.offset {
            self.jump(self.landed.clone());
            return Continuation::Jumped;
        }
        Continuation::Nowhere(self.taken.offset)
    }

    /// Moves records into `batch`, up to `until` and to the one that bears `last`, if it is told.
    pub fn take_into(&mut self, batch: &mut Gathered, until: Until, last: Option<&str>) {
        let mut arrived = None;
        while let Some(front) = self.buffer.front() {
            if until.is_reached(batch, front.data.len()) || last.is_some_and(|last| is_after(&front.sequence, last)) {
                break;
            }
            let Some(record) = self.buffer.pop_front() else { break };
            if arrived != Some(record.arrived) {
                batch.begin(record.arrived, Form::Raw);
                arrived = Some(record.arrived);
            }
            batch.push(&record.data);
            self.bytes -= record.data.len();
            self.taken = Position { offset: self.taken.offset + 1, after: Some(record.sequence) };
        }
        if let Some(after) = self.taken.after.clone().filter(|_| batch.records() > 0) {
            batch.set_checkpoint(after);
        }
    }

    /// Whether the next record comes behind the one that bears `last`.
    pub fn is_past(&self, last: &str) -> bool {
        self.buffer.front().is_some_and(|front| is_after(&front.sequence, last))
    }

    /// The sequence number of the record before `offset`, if that is the last that was taken.
    pub fn taken_to(&self, offset: u64) -> Option<&str> {
        self.taken.after.as_deref().filter(|_| self.taken.offset == offset)
    }

    /// Everything before `offset` has landed or is parked.
    pub fn landed_before(&mut self, offset: u64) {
        if self.taken.offset != offset {
            return;
        }
        self.landed = self.taken.clone();
        while self.arrivals.get(1).is_some_and(|(first, _)| *first <= offset) {
            self.arrivals.pop_front();
        }
        if self.nothing_waits() {
            self.arrivals.clear();
        }
    }
}

/// Whether a batch can be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Continuation {
    /// From the buffer.
    Here,
    /// From the buffer, once it has filled again.
    Jumped,
    /// It cannot: the buffer begins at this offset.
    Nowhere(u64),
}

/// Whether one sequence number is higher than another. They are decimal numbers of many digits.
pub(super) fn is_after(one: &str, other: &str) -> bool {
    (one.len(), one) > (other.len(), other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(n: u64) -> Fetched {
        Fetched { sequence: format!("49{n:04}"), arrived: 1_000 + (n as i64) / 2, data: format!("{n}\n").into_bytes() }
    }

    fn reading(records: std::ops::Range<u64>) -> Reading {
        let mut reading = Reading::default();
        reading.jump(Position::default());
        assert!(reading.fetched(1, records.map(record).collect(), false));
        reading
    }

    fn take(reading: &mut Reading, from: u64, until: Until, last: Option<&str>) -> Gathered {
        let mut batch = Gathered::starting_at(from);
        reading.take_into(&mut batch, until, last);
        batch
    }

    #[test]
    fn records_are_counted_and_a_batch_names_its_last() {
        let mut reading = reading(0..5);
        let batch = take(&mut reading, 0, Until::Bytes(6), None);
        assert_eq!(
            (batch.data(), batch.checkpoint(), batch.first_arrived()),
            (&b"0\n1\n2\n"[..], Some("490002"), 1_000)
        );
        assert_eq!(batch.items().map(|item| item.arrived).collect::<Vec<_>>(), [1_000, 1_000, 1_001]);
        assert_eq!((reading.end(), reading.waiting(), reading.taken_to(3)), (5, 5, Some("490002")));
        reading.landed_before(3);
        assert_eq!((reading.waiting(), reading.arrival_of(3), reading.arrival_of(4)), (2, Some(1_001), Some(1_002)));
        let rest = take(&mut reading, 3, Until::Bytes(1), None);
        assert_eq!(rest.data(), b"3\n", "one at least, however small a batch is to be");
        assert_eq!(reading.wanted(), Some((1, Position { offset: 5, after: Some("490004".into()) })));
    }

    #[test]
    fn a_batch_that_came_to_nothing_is_read_again_from_where_the_last_landed() {
        let mut reading = reading(0..4);
        take(&mut reading, 0, Until::Bytes(4), None);
        reading.landed_before(2);
        take(&mut reading, 2, Until::Bytes(100), None);
        assert_eq!(reading.goes_on_with(&Gathered::starting_at(2)), Continuation::Jumped);
        let landed = Position { offset: 2, after: Some("490001".into()) };
        assert_eq!(reading.wanted(), Some((2, landed)));
        assert!(!reading.fetched(1, vec![record(4)], false), "an answer from before the jump");
        assert_eq!((reading.end(), reading.arrival_of(2)), (2, None));
        assert_eq!(reading.goes_on_with(&Gathered::starting_at(2)), Continuation::Here);
        assert_eq!(reading.goes_on_with(&Gathered::starting_at(9)), Continuation::Nowhere(2));
    }

    #[test]
    fn a_batch_that_was_cut_ends_where_it_did_even_if_records_before_are_gone() {
        let mut reading = reading(0..0);
        // 0 and 1 were lost meanwhile; the batch had 0 to 2.
        reading.fetched(1, (2..5).map(record).collect(), false);
        let batch = take(&mut reading, 0, Until::Offset(3), Some("490002"));
        assert_eq!(batch.data(), b"2\n");
        assert_eq!(take(&mut reading, 1, Until::Offset(3), None).data(), b"3\n4\n");
    }

    #[test]
    fn no_more_is_wanted_when_much_waits_or_the_shard_is_closed() {
        let mut reading = reading(0..1);
        reading.fetched(1, vec![Fetched { data: vec![0; MOST_BUFFERED], ..record(1) }], false);
        assert_eq!(reading.wanted(), None);
        take(&mut reading, 0, Until::Bytes(usize::MAX), None);
        assert!(reading.wanted().is_some());
        assert!(!reading.is_drained(2), "not closed");
        reading.fetched(1, Vec::new(), true);
        assert_eq!((reading.wanted(), reading.is_drained(1), reading.is_drained(2)), (None, false, true));
        assert!(!reading.nothing_waits());
        reading.landed_before(2);
        assert!(reading.nothing_waits() && reading.arrival_of(2).is_none());
    }

    #[test]
    fn sequence_numbers_are_compared_as_numbers() {
        assert!(is_after("100", "99") && is_after("50", "49") && !is_after("49", "49") && !is_after("99", "100"));
    }
}
