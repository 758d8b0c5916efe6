//! In which order the rows of the grid stand.

use super::looking::Sort;
use crate::api::class::{ClassGrid, GridRow};

/// The rows as they are sorted; `name` is a student's, where the page shows it. Who has no score comes last where it goes
/// by scores, and rows that are equal stand as on the list.
#[must_use]
pub fn sorted(grid: &ClassGrid, sort: Sort, name: impl Fn(&GridRow) -> Option<String>) -> Vec<GridRow> {
    let mut rows = grid.rows.clone();
    let without = |row: &GridRow| row.attempt.is_none();
    // As they are called: by name where names are shown. Numbers are no words: 10 comes after 9.
    rows.sort_by_cached_key(|row| {
        let name = name(row).map(|name| name.to_lowercase());
        let number = row.number.filter(|_| name.is_none());
        (row.number.is_none(), number, name, row.attempt)
    });
    match sort {
        Sort::List => {}
        Sort::Best => rows.sort_by_key(|row| (without(row), -row.score)),
        Sort::Worst => rows.sort_by_key(|row| (without(row), row.score)),
        Sort::Wrong(number) => {
            let place = grid.questions.iter().position(|q| q.number == number);
            let question = place.and_then(|place| grid.questions.get(place));
            let choice = |row: &GridRow| place.and_then(|place| row.choices.get(place)).copied();
            // Wrong ones by their choice, then those who left it out, then the right ones.
            let rank = |row: &GridRow| match choice(row) {
                Some(0) => (1, 0),
                Some(given) if question.is_some_and(|question| question.is_right(given)) => (2, 0),
                given => (0, given.unwrap_or_default()),
            };
            rows.sort_by_key(|row| (without(row), rank(row)));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::class::{GridQuestion, Progress};

    /// Student 2, 10, one who is not on the list, and 9, who has not handed in.
    fn grid() -> ClassGrid {
        let row = |number: Option<i64>, score: Option<i64>, choice: i64| GridRow {
            student: format!("key {number:?}"),
            number,
            progress: Progress::Submitted,
            attempt: score.map(|_| 1),
            score: score.unwrap_or_default(),
            elapsed_ms: 0,
            choices: vec![choice],
        };
        ClassGrid {
            questions: vec![GridQuestion {
                id: 1,
                number: 1,
                key: Some(11),
                also: Vec::new(),
                choices: vec![11, 12],
                is_void: false,
            }],
            rows: vec![
                row(Some(10), Some(7), 11),
                row(None, Some(9), 12),
                row(Some(9), None, -1),
                row(Some(2), Some(8), 0),
            ],
            total: 4,
        }
    }

    fn numbers(sort: Sort, name: impl Fn(&GridRow) -> Option<String>) -> Vec<i64> {
        sorted(&grid(), sort, name).iter().map(|row| row.number.unwrap_or_default()).collect()
    }

    const fn hidden(_: &GridRow) -> Option<String> {
        None
    }

    #[test]
    fn rows_stand_as_the_heading_says() {
        assert_eq!(numbers(Sort::List, hidden), [2, 9, 10, 0]);
        assert_eq!(numbers(Sort::Best, hidden), [0, 2, 10, 9]);
        assert_eq!(numbers(Sort::Worst, hidden), [10, 2, 0, 9]);
        assert_eq!(numbers(Sort::Wrong(1), hidden), [0, 2, 10, 9]);
    }

    #[test]
    fn where_names_are_shown_they_stand_by_name() {
        // A name may end like the number that stands for it.
        for second in ["mia", "Sam 2"] {
            let name = |row: &GridRow| match row.number {
                Some(2) => Some(second.to_owned()),
                Some(9) => Some("Zoe".to_owned()),
                Some(10) => Some("Ada".to_owned()),
                _ => None,
            };
            assert_eq!(numbers(Sort::List, name), [10, 2, 9, 0], "{second}");
        }
    }
}
