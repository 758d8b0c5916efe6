//! A table as CSV: RFC 4180 by the crate `csv`, lines ended by CR LF.
//!
//! UTF-8 with a byte order mark, because Excel takes a CSV file without one for the system's own code page and garbles
//! every name that is not English; readers of CSV skip it. Each row ends with what the file is of, `as_of`,
//! `complete_through` (before `as_of`: not every answer that had been accepted by then is in it) and `attempts`: a comment
//! at the top, as some tools write it, is a broken first row to the others, and a file's name is soon another.
//!
//! A text that a spreadsheet would run as a formula gets an apostrophe before it, which spreadsheets take for "this is
//! text" (OWASP, "CSV Injection"). Figures are written as they are: none of them comes from a student.
//!
//! Owns the bytes.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, Write};

use csv::{Terminator, WriterBuilder};

use super::snapshot::Snapshot;
use super::table::{Cell, Table, iso};

/// A spreadsheet may take a text that begins with one of these for a formula; those of full width in some languages.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
const MARK: &str = "\u{feff}";
/// The columns at the end of each row.
const STAMPS: [&str; 3] = ["as_of", "complete_through", "attempts"];

/// Writes a table to a file.
pub(super) fn write(table: &dyn Table, snapshot: &Snapshot, file: &File) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    out.write_all(MARK.as_bytes())?;
    let mut lines = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    let columns = table.columns();
    lines.write_record(columns.iter().map(|column| column.name.as_ref()).chain(STAMPS))?;
    let (as_of, complete) = (iso(snapshot.as_of), iso(snapshot.complete_through()));
    let stamps = [as_of.as_str(), complete.as_str(), snapshot.results.attempts.name()];
    for block in 0..table.blocks() {
        for row in table.rows(block) {
            for cell in &row {
                lines.write_field(field(cell).as_bytes())?;
            }
            lines.write_record(stamps)?;
        }
    }
    lines.flush()
}

fn field<'a>(cell: &'a Cell<'_>) -> Cow<'a, str> {
    match cell {
        Cell::Nothing => Cow::Borrowed(""),
        Cell::Text(text) => harmless(text),
        Cell::Graded(text, _) => harmless(text),
        Cell::Whole(value) => value.to_string().into(),
        Cell::Number(value) => number(*value).into(),
        Cell::Share(share) => percent(*share).into(),
        Cell::Instant(at) => iso(*at).into(),
    }
}

/// With a point, and with six digits behind it where there are so many.
fn number(value: f64) -> String {
    // Not −0.
    ((value * 1e6).round() / 1e6 + 0.0).to_string()
}

/// In hundreds, with one digit behind the point, as the workbook shows it: a share of thirty students has no more to say.
fn percent(share: f64) -> String {
    ((share * 1e3).round() / 10.0 + 0.0).to_string()
}

/// The text with an apostrophe where a spreadsheet would begin to read a formula: at its beginning, and behind what a
/// spreadsheet may take for the end of a cell, as it does with semicolons where a comma stands in decimal numbers.
fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains(FORMULA) {
        return Cow::Borrowed(text);
    }
    let (mut safe, mut begins) = (String::with_capacity(text.len() + 1), true);
    for c in text.chars() {
        if begins && FORMULA.contains(&c) {
            safe.push('\'');
        }
        safe.push(c);
        begins = matches!(c, ';' | '\t' | '\r' | '\n') || begins && matches!(c, ' ' | '"');
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_a_spreadsheet_would_run_is_text() {
        for (text, safe) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("＝1", "'＝1"),
            (" =1", " '=1"),
            ("a;=1", "a;'=1"),
            ("a; \"=1\"", "a; \"'=1\""),
            ("3 - 2 = 1", "3 - 2 = 1"),
            ("well-known", "well-known"),
            ("ليلى", "ليلى"),
        ] {
            assert_eq!(harmless(text), safe);
        }
    }

    #[test]
    fn a_percentage_has_as_many_digits_as_it_means() {
        let all = [1.0 / 3.0, 0.541_697, 1.0, 0.0, 0.125].map(|share| field(&Cell::Share(share)).into_owned());
        assert_eq!(all, ["33.3", "54.2", "100", "0", "12.5"]);
    }

    #[test]
    fn figures_are_written_as_programs_read_them() {
        let all = [0.1 + 0.2, 100.0 / 3.0, -12.5, -0.000_000_1, 4.0].map(number);
        assert_eq!(all, ["0.3", "33.333333", "-12.5", "0", "4"]);
    }
}
