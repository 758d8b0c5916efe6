//! A quiz with its questions and choices, as the store has them.
//!
//! Owns how the content is read, and which choices are right: a question that a ruling has made void has none. Does not own
//! what a student may see of it.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use crate::store::tables::{choice, question};

/// A question with its choices in the order shown.
pub type QuestionWithChoices = (question::Model, Vec<choice::Model>);

/// The questions of a quiz, in quiz order.
pub type Content = Vec<QuestionWithChoices>;

/// The content of a quiz.
///
/// # Errors
/// If the transactional store does not answer.
pub async fn content_of<C: ConnectionTrait>(on: &C, quiz: i64) -> Result<Content, DbErr> {
    let questions = question::Entity::find()
        .filter(question::Column::QuizId.eq(quiz))
        .order_by_asc(question::Column::Number)
        .all(on)
        .await?;
    let choices = choice::Entity::find()
        .filter(choice::Column::QuestionId.is_in(questions.iter().map(|question| question.id)))
        .order_by_asc(choice::Column::Number)
        .all(on)
        .await?;
    let mut by_question: BTreeMap<i64, Vec<choice::Model>> = BTreeMap::new();
    for choice in choices {
        by_question.entry(choice.question_id).or_default().push(choice);
    }
    let with_choices = |question: question::Model| {
        let choices = by_question.remove(&question.id).unwrap_or_default();
        (question, choices)
    };
    Ok(questions.into_iter().map(with_choices).collect())
}

/// The choices that are right: the keys of the questions that are not void.
#[must_use]
pub fn keys(content: &Content) -> Vec<i64> {
    let counting = content.iter().filter(|(question, _)| !question.is_void);
    counting.flat_map(|(_, choices)| choices).filter(|c| c.is_key).map(|c| c.id).collect()
}
