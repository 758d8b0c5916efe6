//! Which rulings stand, of all that were made.

use super::words;
use crate::api::results::ClassResults;
use crate::api::rulings::Ruling;

/// The ruling by which a question is as it is now: the last one that was not undone.
#[must_use]
pub fn standing(rulings: &[Ruling], question: i64) -> Option<&Ruling> {
    let of_it = rulings.iter().filter(|ruling| ruling.question == question && ruling.undone.is_none());
    of_it.max_by_key(|ruling| (ruling.made_at, ruling.id))
}

/// The choices that are right, by their numbers: of two rulings with the same ones neither changes the other.
#[must_use]
pub fn right_in_order(key: Option<i64>, also: &[i64]) -> Vec<i64> {
    let mut right: Vec<i64> = key.iter().chain(also).copied().collect();
    right.sort_unstable();
    right
}

/// The number of each void question, and the ruling that can be undone for it to count again.
#[must_use]
pub fn void_questions(results: &ClassResults) -> Vec<(i64, Option<i64>)> {
    let void = results.questions.iter().filter(|question| question.is_void);
    void.map(|question| {
        let ruling = standing(&results.rulings, question.id).filter(|ruling| ruling.can_undo && ruling.key.is_none());
        (question.number, ruling.map(|ruling| ruling.id))
    })
    .collect()
}

/// How many are void, and which.
#[must_use]
pub fn worded_void(void: &[(i64, Option<i64>)]) -> String {
    let numbers: Vec<String> = void.iter().map(|(number, _)| number.to_string()).collect();
    format!("{} void, left out of every score: {}", words::of(void.len() as i64, "question"), words::list(&numbers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::results::QuestionResult;
    use crate::charts::model::tests::{question, results};

    fn ruling(id: i64, question: i64, key: Option<i64>, undone: bool) -> Ruling {
        Ruling {
            id,
            question,
            key,
            also: Vec::new(),
            key_before: Some(10),
            also_before: Vec::new(),
            by: "Sam".to_owned(),
            made_at: id,
            average: None,
            undone: undone.then(|| ("Sam".to_owned(), 9)),
            can_undo: !undone,
        }
    }

    #[test]
    fn the_last_ruling_that_was_not_undone_stands() {
        let all = [
            ruling(3, 1, None, true),
            ruling(2, 1, Some(11), false),
            ruling(1, 1, None, false),
            ruling(4, 2, None, false),
        ];
        assert_eq!(standing(&all, 1).map(|ruling| ruling.id), Some(2));
        assert_eq!(standing(&all, 3), None);
    }

    #[test]
    fn void_questions_are_counted_and_named() {
        let void = |number| QuestionResult { is_void: true, ..question(number, 0, [1, 0, 0, 0], 0) };
        let mut all = results(vec![question(1, 0, [1, 0, 0, 0], 0), void(2), void(4)]);
        all.rulings = vec![ruling(7, 2, None, false)];
        let found = void_questions(&all);
        assert_eq!(found, [(2, Some(7)), (4, None)]);
        assert_eq!(worded_void(&found), "2 questions void, left out of every score: 2 and 4");
        assert_eq!(worded_void(&found[..1]), "1 question void, left out of every score: 2");
    }
}
