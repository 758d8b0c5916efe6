//! Every attempt that counts beside the questions, one a row, and the students without one.
//!
//! Owns the columns. Does not own the file's format.

use std::sync::Arc;

use app::state::words::letter;

use super::snapshot::{Answer, Attempt, Snapshot, Student};
use super::table::{Cell, Column, Grade, Table};

/// The students; a block is an attempt, or a student without one.
pub(super) struct Students(pub Arc<Snapshot>);

impl Table for Students {
    fn columns(&self) -> Vec<Column> {
        let mut columns = vec![Column::new("student", "Student", 20)];
        if self.0.with_names {
            columns.push(Column::new("name", "Name", 24));
        }
        columns.extend([
            Column::new("student_key", "Student key", 38),
            Column::new("progress", "Progress", 12),
            Column::new("attempt", "Attempt", 9),
            Column::new("submitted_at", "Submitted at (UTC)", 20),
            Column::new("score", format!("Correct of {}", self.0.graded()), 13),
            Column::new("percent_correct", "Correct, %", 11),
            Column::new("seconds", "Seconds", 9),
        ]);
        let question = |number: i64| Column::new(format!("q{number}"), format!("Q{number}"), 11);
        columns.extend(self.0.results.questions.iter().map(|asked| question(asked.number)));
        columns
    }

    fn blocks(&self) -> usize {
        self.0.attempts.len() + self.0.without.len()
    }

    fn rows(&self, block: usize) -> Vec<Vec<Cell<'_>>> {
        let row = match self.0.attempts.get(block) {
            Some(attempt) => Some(self.attempt(attempt)),
            None => self.0.without.get(block - self.0.attempts.len()).map(|student| self.without(student)),
        };
        row.into_iter().collect()
    }
}

impl Students {
    fn student<'a>(&self, student: &'a Student) -> Vec<Cell<'a>> {
        let mut row = vec![Cell::text(student.label())];
        if self.0.with_names {
            row.push(Cell::maybe(student.name.as_deref(), Cell::text));
        }
        row.extend([Cell::text(student.key.as_str()), Cell::text(student.progress.word(self.0.results.is_over()))]);
        row
    }

    fn attempt<'a>(&'a self, attempt: &'a Attempt) -> Vec<Cell<'a>> {
        let graded = self.0.graded();
        let share = (graded > 0).then(|| attempt.score as f64 / graded as f64);
        let mut row = self.student(&attempt.student);
        row.extend([
            Cell::Whole(attempt.number),
            Cell::maybe(attempt.submitted_at, Cell::Instant),
            Cell::Whole(attempt.score),
            Cell::maybe(share, Cell::Share),
            Cell::seconds(attempt.total_ms),
        ]);
        let answers = row.len();
        row.resize(answers + self.0.results.questions.len(), Cell::Nothing);
        for answer in &attempt.answers {
            if let Some(cell) = row.get_mut(answers + answer.question) {
                *cell = self.answer(*answer);
            }
        }
        row
    }

    fn without<'a>(&'a self, student: &'a Student) -> Vec<Cell<'a>> {
        let mut row = self.student(student);
        row.resize(self.columns().len(), Cell::Nothing);
        row
    }

    /// A letter and a sign: who does not see colours sees as much.
    fn answer<'a>(&self, answer: Answer) -> Cell<'a> {
        let Some(question) = self.0.question(answer) else { return Cell::Nothing };
        let Some(place) = answer.choice else { return Cell::Graded("omitted".to_owned(), Grade::Omitted) };
        let letter = letter(place);
        let is_key = question.choices.get(place).is_some_and(|choice| choice.is_key);
        match (question.is_void, is_key) {
            (true, _) => Cell::Graded(format!("{letter} (void)"), Grade::Void),
            (false, true) => Cell::Graded(format!("{letter} ✓"), Grade::Right),
            (false, false) => Cell::Graded(format!("{letter} ✗"), Grade::Wrong),
        }
    }
}
