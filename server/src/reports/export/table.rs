//! A table as both kinds of file take it.
//!
//! Owns what a cell can be. Does not own how it is written.

use std::borrow::Cow;

use app::api::Millis;
use chrono::{DateTime, Utc};

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    /// Withheld, or there is none.
    Nothing,
    Text(Cow<'a, str>),
    Whole(i64),
    Number(f64),
    /// 0 to 1, shown in per cent.
    Share(f64),
    Instant(Millis),
    /// A student's answer: the text says how it is graded, too, and is coloured besides where there are colours.
    Graded(String, Grade),
}

/// How an answer is graded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grade {
    Right,
    Wrong,
    Omitted,
    /// The question counts for nothing.
    Void,
}

impl<'a> Cell<'a> {
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    pub const fn flag(value: bool) -> Self {
        Self::Whole(value as i64)
    }

    pub fn seconds(ms: i64) -> Self {
        Self::Number(ms as f64 / 1_000.0)
    }

    /// A cell for what may be absent.
    pub fn maybe<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Nothing, cell)
    }
}

/// A column.
pub(super) struct Column {
    /// As programs call it.
    pub name: Cow<'static, str>,
    /// As people call it.
    pub head: Cow<'static, str>,
    /// In characters.
    pub width: u16,
}

impl Column {
    pub fn new(name: impl Into<Cow<'static, str>>, head: impl Into<Cow<'static, str>>, width: u16) -> Self {
        Self { name: name.into(), head: head.into(), width }
    }
}

/// Rows in blocks, so that no more than a block's are there at once.
pub(super) trait Table: Send {
    fn columns(&self) -> Vec<Column>;

    /// How many blocks there are.
    fn blocks(&self) -> usize;

    /// The rows of one block, each with a cell for every column.
    fn rows(&self, block: usize) -> Vec<Vec<Cell<'_>>>;
}

/// ISO 8601 in UTC, with milliseconds.
pub(super) fn iso(at: Millis) -> String {
    DateTime::<Utc>::from_timestamp_millis(at).unwrap_or_default().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
