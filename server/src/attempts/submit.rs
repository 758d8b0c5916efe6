//! A submission: what makes one right, and a second one the first again.
//!
//! Owns the check of answers against their quiz, and the receipt. Does not own the transaction that saves it: `saving`
//! does, for all that wait at the same time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use app::api::attempts::{GivenAnswer, Receipt, Submission};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::{AttemptError, Attempts};
use crate::store::tables::{attempt, choice, question};

/// Questions in quiz order, each with its choices.
pub(crate) type Questions = Vec<(i64, BTreeSet<i64>)>;

/// What a device sent.
pub(super) struct SubmitRequest {
    pub attempt: String,
    pub token_hash: String,
    pub submission: Submission,
    /// Since when it waits.
    pub began: Instant,
}

impl Attempts {
    /// Accepts all answers of an attempt. Sent again, it is the same submission and has the same receipt.
    ///
    /// # Errors
    /// If the token is not the attempt's, the assignment is closed or an answer names what the quiz does not have.
    /// Nothing has been saved then.
    pub async fn submit(&self, attempt: &str, token: &str, submission: &Submission) -> Result<Receipt, AttemptError> {
        let began = Instant::now();
        let (attempt, token_hash) = (attempt.to_owned(), crate::secret::hash(token));
        self.save(SubmitRequest { attempt, token_hash, submission: submission.clone(), began }).await
    }

    /// The attempt, if `token` is its own.
    pub(super) async fn attempt_of(&self, attempt: &str, token: &str) -> Result<attempt::Model, AttemptError> {
        attempt::Entity::find_by_id(attempt)
            .one(&self.store.read)
            .await?
            .filter(|found| found.token_hash == crate::secret::hash(token))
            .ok_or(AttemptError::UnknownAttempt)
    }
}

/// The questions of quizzes, by quiz.
pub(crate) async fn questions_of<C: ConnectionTrait>(
    on: &C,
    quizzes: impl Iterator<Item = i64>,
) -> Result<BTreeMap<i64, Questions>, DbErr> {
    let questions = question::Entity::find()
        .filter(question::Column::QuizId.is_in(quizzes))
        .order_by_asc(question::Column::Number)
        .all(on)
        .await?;
    let ids = questions.iter().map(|question| question.id);
    let choices = choice::Entity::find().filter(choice::Column::QuestionId.is_in(ids)).all(on).await?;
    let mut choices_of: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for choice in choices {
        choices_of.entry(choice.question_id).or_default().insert(choice.id);
    }
    let mut by_quiz: BTreeMap<i64, Questions> = BTreeMap::new();
    for question in questions {
        let choices = choices_of.remove(&question.id).unwrap_or_default();
        by_quiz.entry(question.quiz_id).or_default().push((question.id, choices));
    }
    Ok(by_quiz)
}

/// What the student was told, if the attempt has been submitted.
pub(super) fn receipt_of(attempt: &attempt::Model) -> Option<Receipt> {
    attempt.submitted_at?;
    serde_json::from_str(attempt.told.as_deref()?).ok()
}

/// Every answer names a question of the quiz, at most once, and one of its choices.
pub(super) fn check<'a>(
    submission: &'a Submission,
    questions: &[(i64, BTreeSet<i64>)],
) -> Result<BTreeMap<i64, &'a GivenAnswer>, AttemptError> {
    let mut given = BTreeMap::new();
    for (i, answer) in submission.answers.iter().enumerate() {
        let Some((_, choices)) = questions.iter().find(|(id, _)| *id == answer.question) else {
            return Err(AttemptError::invalid(format!("answers[{i}].question"), "is no question of this quiz"));
        };
        if answer.choice.is_some_and(|choice| !choices.contains(&choice)) {
            return Err(AttemptError::invalid(format!("answers[{i}].choice"), "is no choice of this question"));
        }
        if given.insert(answer.question, answer).is_some() {
            return Err(AttemptError::invalid(format!("answers[{i}].question"), "is answered twice"));
        }
    }
    Ok(given)
}
