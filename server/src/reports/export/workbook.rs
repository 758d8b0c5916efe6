//! The workbook: about it, questions, students, answers.
//!
//! Owns sheets, widths and colours. Rows go to a file as they are written, so that a sheet of a million takes little
//! memory. A text is never a formula here: its cell says that it is text. Does not own a figure.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use app::api::Millis;
use app::api::results::{Attempts, LEAST_N};
use app::state::freshness::as_it_stood;
use chrono::{DateTime, Utc};
use rust_xlsxwriter::{ColNum, Format, FormatAlign, RowNum, Workbook, Worksheet, XlsxError};

use super::answers::Answers;
use super::questions::Questions;
use super::snapshot::Snapshot;
use super::students::Students;
use super::table::{Cell, Grade, Table};
use crate::reports::ReportError;

/// Rows of a sheet below its head. ECMA-376 leaves the number open; Excel's is 1,048,576.
pub(super) const MOST_ROWS: i64 = 1_048_575;
/// Characters of a cell, in UTF-16: Excel's.
const MOST_TEXT: usize = 32_767;
/// 1970-01-01 in Excel's days.
const EPOCH: f64 = 25_569.0;

/// Writes it to a file.
pub(super) fn write(snapshot: &Arc<Snapshot>, file: &File) -> Result<(), ReportError> {
    let (mut book, styles) = (Workbook::new(), Styles::new());
    about(book.add_worksheet_with_low_memory()?, snapshot, &styles)?;
    let tables: [(&str, Box<dyn Table>, ColNum); 3] = [
        ("Questions", Box::new(Questions(Arc::clone(snapshot))), 2),
        ("Students", Box::new(Students(Arc::clone(snapshot))), 1),
        ("Answers", Box::new(Answers(Arc::clone(snapshot))), 1),
    ];
    for (name, table, fixed) in tables {
        let sheet = book.add_worksheet_with_low_memory()?;
        sheet.set_name(name)?.set_freeze_panes(1, fixed)?.set_landscape().set_repeat_rows(0, 0)?;
        fill(sheet, table.as_ref(), &styles)?;
    }
    let mut out = BufWriter::new(file);
    book.save_to_writer(&mut out)?;
    Ok(out.flush()?)
}

fn fill(sheet: &mut Worksheet, table: &dyn Table, styles: &Styles) -> Result<(), XlsxError> {
    for (col, column) in table.columns().iter().enumerate() {
        let col = col_num(col)?;
        sheet.set_column_width(col, column.width)?.write_string_with_format(0, col, &*column.head, &styles.head)?;
    }
    let mut row: RowNum = 1;
    for block in 0..table.blocks() {
        for cells in table.rows(block) {
            for (col, cell) in cells.iter().enumerate() {
                put(sheet, row, col_num(col)?, cell, styles)?;
            }
            row += 1;
        }
    }
    Ok(())
}

fn col_num(place: usize) -> Result<ColNum, XlsxError> {
    ColNum::try_from(place).map_err(|_| XlsxError::RowColumnLimitError)
}

fn put(sheet: &mut Worksheet, row: RowNum, col: ColNum, cell: &Cell<'_>, styles: &Styles) -> Result<(), XlsxError> {
    match cell {
        Cell::Nothing => return Ok(()),
        Cell::Text(text) => sheet.write_string(row, col, fitting(text))?,
        Cell::Graded(text, grade) => sheet.write_string_with_format(row, col, text, styles.grade(*grade))?,
        Cell::Whole(value) => sheet.write_number(row, col, *value as f64)?,
        Cell::Number(value) => sheet.write_number_with_format(row, col, *value, &styles.number)?,
        Cell::Share(share) => sheet.write_number_with_format(row, col, *share, &styles.share)?,
        Cell::Instant(at) => {
            let days = *at as f64 / 86_400_000.0 + EPOCH;
            sheet.write_number_with_format(row, col, days, &styles.instant)?
        }
    };
    Ok(())
}

/// As much of a text as a cell holds.
fn fitting(text: &str) -> &str {
    let mut units = 0;
    let cut = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > MOST_TEXT
    });
    cut.map_or(text, |(at, _)| &text[..at])
}

/// What is in the workbook, and what is not.
fn about(sheet: &mut Worksheet, snapshot: &Snapshot, styles: &Styles) -> Result<(), XlsxError> {
    sheet.set_name("About")?.set_freeze_panes(1, 0)?;
    sheet.set_column_width(0, 24)?.set_column_width(1, 90)?;
    sheet.write_string_with_format(0, 0, "About", &styles.head)?;
    sheet.write_string_with_format(0, 1, fitting(&snapshot.results.quiz_title), &styles.head)?;
    for (row, (label, cell)) in (1..).zip(sentences(snapshot).into_iter().chain(figures(snapshot))) {
        sheet.write_string_with_format(row, 0, label, &styles.label)?;
        match cell {
            Cell::Text(text) => {
                sheet.write_string_with_format(row, 1, fitting(&text), &styles.wrapped)?;
            }
            cell => put(sheet, row, 1, &cell, styles)?,
        }
    }
    Ok(())
}

type Line<'a> = (&'static str, Cell<'a>);

fn sentences(snapshot: &Snapshot) -> Vec<Line<'_>> {
    let (results, freshness) = (&snapshot.results, &snapshot.results.freshness);
    let is_over = results.is_over();
    let names = if snapshot.with_names {
        "The students' names are in this file: it is personal data"
    } else {
        "Not in this file: a student is called by the place in the class list"
    };
    vec![
        ("Quiz", Cell::text(results.quiz_title.as_str())),
        ("Class", Cell::text(results.class_name.as_str())),
        ("As of (UTC)", Cell::Instant(snapshot.as_of)),
        ("Attempts that count", Cell::text(rule(results.attempts))),
        ("Freshness", Cell::text(as_it_stood(freshness, snapshot.as_of, utc))),
        ("Complete through (UTC)", Cell::Instant(snapshot.complete_through())),
        ("Answers received", Cell::Whole(freshness.accepted)),
        ("Answers counted", Cell::Whole(freshness.landed)),
        ("Measured at (UTC)", Cell::Instant(freshness.measured_at)),
        ("Students", Cell::Whole(results.participation.students)),
        ("Submitted", Cell::Whole(results.participation.submitted)),
        (if is_over { "Did not hand in" } else { "Working" }, Cell::Whole(results.participation.working)),
        (if is_over { "Did not start" } else { "Not started" }, Cell::Whole(results.participation.not_started())),
        ("Names", Cell::text(names)),
        ("Omitted answers", Cell::text("Count as wrong, and are shown as omitted")),
        ("Void questions", Cell::text("Count for nothing; which ones are void stands in the sheet Questions")),
        ("Withheld", Cell::text(withheld(results.counted))),
    ]
}

/// The quiz as a test.
fn figures(snapshot: &Snapshot) -> Vec<Line<'_>> {
    let (results, test) = (&snapshot.results, &snapshot.results.test);
    let figure = |value: Option<f64>| Cell::maybe(value, Cell::Number);
    vec![
        ("Attempts counted (n)", Cell::Whole(results.counted)),
        ("Questions graded", Cell::Whole(snapshot.graded())),
        ("Class average", Cell::maybe(results.average(), Cell::Share)),
        ("Mean score", figure(test.mean)),
        ("Median score", figure(test.median)),
        ("Standard deviation", figure(test.sd)),
        ("Skewness", figure(test.skewness)),
        ("Kurtosis (excess)", figure(test.kurtosis)),
        ("Cronbach's α, %", figure(test.alpha)),
        ("Error ratio, %", figure(test.error_ratio)),
        ("Standard error", figure(test.sem)),
    ]
}

const fn rule(attempts: Attempts) -> &'static str {
    match attempts {
        Attempts::First => "First attempts: of each student the first one",
        Attempts::Last => "Last attempts: of each student the last one",
        Attempts::Best => "Best attempts: of each student the one with the most right answers, of equal ones the first",
        Attempts::All => "All attempts: each one, as if another student had made it",
    }
}

fn withheld(n: i64) -> String {
    let absent = "A figure is empty where a variance is 0, an effective weight where the covariance is negative, and all \
                  of them for a void question";
    if n >= LEAST_N {
        return absent.to_owned();
    }
    format!(
        "Discrimination, efficiency, effective weight, skewness, kurtosis, Cronbach's α, error ratio and standard error \
         need n ≥ {LEAST_N}, and n is {n}: with so few they would be chance"
    )
}

fn utc(at: Millis) -> String {
    DateTime::<Utc>::from_timestamp_millis(at).unwrap_or_default().format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// How cells look.
struct Styles {
    head: Format,
    label: Format,
    wrapped: Format,
    number: Format,
    share: Format,
    instant: Format,
    right: Format,
    wrong: Format,
    omitted: Format,
    void: Format,
}

impl Styles {
    fn new() -> Self {
        let graded = |ground: u32, ink: u32| {
            Format::new().set_background_color(ground).set_font_color(ink).set_align(FormatAlign::Center)
        };
        let top = || Format::new().set_align(FormatAlign::Top);
        Self {
            head: Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top),
            label: top().set_bold(),
            wrapped: top().set_text_wrap(),
            number: Format::new().set_num_format("0.00"),
            share: Format::new().set_num_format("0.0%"),
            instant: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss").set_align(FormatAlign::Left),
            right: graded(0xD5_EE_DD, 0x0B_4F_2A),
            wrong: graded(0xFB_DD_D3, 0x7A_1F_0B),
            omitted: graded(0xEC_EC_EC, 0x40_40_40),
            void: graded(0xFF_FF_FF, 0x60_60_60),
        }
    }

    const fn grade(&self, grade: Grade) -> &Format {
        match grade {
            Grade::Right => &self.right,
            Grade::Wrong => &self.wrong,
            Grade::Omitted => &self.omitted,
            Grade::Void => &self.void,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_a_cell_ends_and_never_within_a_character() {
        let (short, long) = ("x".repeat(MOST_TEXT), "x".repeat(MOST_TEXT - 1) + "𝒙𝒙");
        assert_eq!(fitting(&short), short);
        assert_eq!(fitting(&long), "x".repeat(MOST_TEXT - 1));
    }
}
