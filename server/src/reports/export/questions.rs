//! Every question with its figures, one a row. What they mean stands with `app::api::results::{QuestionResult,
//! ItemFigures}`.
//!
//! Owns the columns. Does not own the file's format.

use std::sync::Arc;

use app::api::results::QuestionResult;
use app::charts::model::wilson;
use app::state::words::letter;

use super::snapshot::Snapshot;
use super::table::{Cell, Column, Table};

/// The questions; a block is a question.
pub(super) struct Questions(pub Arc<Snapshot>);

impl Questions {
    /// As many as the question with the most choices has.
    fn choices(&self) -> usize {
        self.0.results.questions.iter().map(|question| question.choices.len()).max().unwrap_or(0)
    }
}

impl Table for Questions {
    fn columns(&self) -> Vec<Column> {
        let mut columns = vec![
            Column::new("question", "Question", 9),
            Column::new("question_text", "Question text", 40),
            Column::new("void", "Void", 6),
            Column::new("n", "n", 7),
            Column::new("correct", "Correct", 9),
            Column::new("percent_correct", "Correct, %", 11),
            Column::new("wilson_low_percent", "95 % from", 11),
            Column::new("wilson_high_percent", "95 % to", 11),
            Column::new("omitted", "Omitted", 9),
            Column::new("median_seconds", "Median seconds", 15),
            Column::new("key", "Key", 6),
        ];
        let given = |place: usize| {
            let letter = letter(place);
            Column::new(format!("answers_{}", letter.to_lowercase()), format!("Answers {letter}"), 11)
        };
        columns.extend((0..self.choices()).map(given));
        columns.extend([
            Column::new("facility", "Facility", 9),
            Column::new("sd", "SD", 8),
            Column::new("random_guess", "Random guess", 13),
            Column::new("discrimination", "Discrimination", 14),
            Column::new("efficiency", "Efficiency", 11),
            Column::new("effective_weight", "Effective weight", 16),
        ]);
        columns
    }

    fn blocks(&self) -> usize {
        self.0.results.questions.len()
    }

    fn rows(&self, block: usize) -> Vec<Vec<Cell<'_>>> {
        self.0.results.questions.get(block).map(|question| vec![self.row(question)]).unwrap_or_default()
    }
}

/// The letters of what is right: `A`, or `A/C` after a ruling.
pub(super) fn right(question: &QuestionResult) -> Cell<'_> {
    let right = question.choices.iter().enumerate().filter(|(_, choice)| choice.is_key);
    let letters: Vec<String> = right.map(|(place, _)| letter(place)).collect();
    Cell::maybe((!letters.is_empty()).then(|| letters.join("/")), Cell::text)
}

impl Questions {
    fn row<'a>(&'a self, question: &'a QuestionResult) -> Vec<Cell<'a>> {
        // A void question is not graded.
        let facility = question.facility().filter(|_| !question.is_void);
        let (low, high) = wilson(question.correct, question.n);
        let mut row = vec![
            Cell::Whole(question.number),
            Cell::text(question.text.as_str()),
            Cell::flag(question.is_void),
            Cell::Whole(question.n),
            if question.is_void { Cell::Nothing } else { Cell::Whole(question.correct) },
            Cell::maybe(facility, Cell::Share),
            Cell::maybe(facility, |_| Cell::Share(low)),
            Cell::maybe(facility, |_| Cell::Share(high)),
            Cell::Whole(question.omitted),
            Cell::maybe(question.median_ms, Cell::seconds),
            right(question),
        ];
        let given = |place: usize| Cell::maybe(question.choices.get(place), |choice| Cell::Whole(choice.answers));
        row.extend((0..self.choices()).map(given));
        let figures = &question.figures;
        let figures =
            [facility, figures.sd, figures.random_guess, figures.discrimination, figures.efficiency, figures.weight];
        row.extend(figures.map(|figure| Cell::maybe(figure, Cell::Number)));
        row
    }
}
