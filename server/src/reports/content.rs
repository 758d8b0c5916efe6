//! A quiz as reports read it.
//!
//! Owns which choices are right: a question that a ruling has made void has none.

use crate::store::tables::{choice, question};

/// A question with its choices in the order shown.
pub(super) type QuestionWithChoices = (question::Model, Vec<choice::Model>);

/// A quiz, in its order.
pub(super) type Content = Vec<QuestionWithChoices>;

/// The choices that are right: the keys of the questions that are not void.
pub(super) fn keys(content: &Content) -> Vec<i64> {
    let counting = content.iter().filter(|(question, _)| !question.is_void);
    counting.flat_map(|(_, choices)| choices).filter(|c| c.is_key).map(|c| c.id).collect()
}
