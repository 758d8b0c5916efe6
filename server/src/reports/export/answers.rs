//! Every answer that counts, one a row.
//!
//! Owns the columns. Does not own the file's format.

use std::sync::Arc;

use app::state::words::letter;

use super::questions::right;
use super::snapshot::{Answer, Attempt, Snapshot};
use super::table::{Cell, Column, Table};

/// The answers; a block is an attempt.
pub(super) struct Answers(pub Arc<Snapshot>);

impl Table for Answers {
    fn columns(&self) -> Vec<Column> {
        let mut columns = vec![Column::new("student", "Student", 9)];
        if self.0.with_names {
            columns.push(Column::new("name", "Name", 24));
        }
        columns.extend([
            Column::new("student_key", "Student key", 38),
            Column::new("attempt", "Attempt", 9),
            Column::new("submitted_at", "Submitted at (UTC)", 20),
            Column::new("question", "Question", 9),
            Column::new("question_text", "Question text", 40),
            Column::new("choice", "Choice", 8),
            Column::new("choice_text", "Choice text", 30),
            Column::new("key", "Key", 6),
            Column::new("correct", "Correct", 9),
            Column::new("omitted", "Omitted", 9),
            Column::new("seconds", "Seconds", 9),
        ]);
        columns
    }

    fn blocks(&self) -> usize {
        self.0.attempts.len()
    }

    fn rows(&self, block: usize) -> Vec<Vec<Cell<'_>>> {
        let Some(attempt) = self.0.attempts.get(block) else { return Vec::new() };
        attempt.answers.iter().filter_map(|answer| self.row(attempt, *answer)).collect()
    }
}

impl Answers {
    fn row<'a>(&'a self, attempt: &'a Attempt, answer: Answer) -> Option<Vec<Cell<'a>>> {
        let (question, student) = (self.0.question(answer)?, &attempt.student);
        let given = answer.choice.and_then(|place| Some((place, question.choices.get(place)?)));
        let mut row = vec![Cell::maybe(student.number, Cell::Whole)];
        if self.0.with_names {
            row.push(Cell::maybe(student.name.as_deref(), Cell::text));
        }
        let is_correct = given.is_some_and(|(_, choice)| choice.is_key);
        row.extend([
            Cell::text(student.key.as_str()),
            Cell::Whole(attempt.number),
            Cell::maybe(attempt.submitted_at, Cell::Instant),
            Cell::Whole(question.number),
            Cell::text(question.text.as_str()),
            Cell::maybe(given, |(place, _)| Cell::text(letter(place))),
            Cell::maybe(given, |(_, choice)| Cell::text(choice.text.as_str())),
            right(question),
            if question.is_void { Cell::Nothing } else { Cell::flag(is_correct) },
            Cell::flag(given.is_none()),
            Cell::seconds(answer.elapsed_ms),
        ]);
        Some(row)
    }
}
