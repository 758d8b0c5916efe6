//! What a student sees of an attempt.
//!
//! Owns the release rule, and the only place where a key can reach a student. Does not own what the attempt may still do:
//! a quiz is shown in the same way before and after its close.

use app::api::attempts::{AttemptView, ChoiceView, QuestionView, Released};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use super::submit::receipt_of;
use super::{AttemptError, Attempts};
use crate::quizzes::{QuestionWithChoices, content_of};
use crate::school::AFTER_CLOSE;
use crate::store::tables::{answer, assignment, attempt, class, quiz};

impl Attempts {
    /// All that the student may see now.
    ///
    /// # Errors
    /// If the token is not the attempt's.
    pub async fn view(&self, attempt: &str, token: &str) -> Result<AttemptView, AttemptError> {
        let attempt = self.attempt_of(attempt, token).await?;
        let read = &self.store.read;
        let assignment = assignment::Entity::find_by_id(attempt.assignment_id)
            .one(read)
            .await?
            .ok_or(AttemptError::Unknown("assignment"))?;
        let quiz =
            quiz::Entity::find_by_id(assignment.quiz_id).one(read).await?.ok_or(AttemptError::Unknown("quiz"))?;
        let class =
            class::Entity::find_by_id(assignment.class_id).one(read).await?.ok_or(AttemptError::Unknown("class"))?;
        let questions = content_of(read, quiz.id).await?;
        let released = self.released(&attempt, &assignment, &questions).await?;
        Ok(AttemptView {
            receipt: receipt_of(&attempt),
            attempt: attempt.id,
            quiz_title: quiz.title,
            class_name: class.name,
            questions: questions.into_iter().map(without_key).collect(),
            closed_at: assignment.closed_at,
            released,
        })
    }

    async fn released(
        &self,
        attempt: &attempt::Model,
        assignment: &assignment::Model,
        questions: &[QuestionWithChoices],
    ) -> Result<Option<Vec<Released>>, DbErr> {
        if !may_see_keys(attempt, assignment) {
            return Ok(None);
        }
        let answers =
            answer::Entity::find().filter(answer::Column::AttemptId.eq(&attempt.id)).all(&self.store.read).await?;
        let given = |question: i64| answers.iter().find(|a| a.question_id == question).and_then(|a| a.choice_id);
        let release = |(question, choices): &QuestionWithChoices| {
            // A void question has no right answer that anybody should learn.
            let choices = (!question.is_void).then_some(choices)?;
            let mut right = choices.iter().filter(|c| c.is_key).map(|c| c.id);
            let (key, also) = (right.next()?, right.collect());
            let explanation = question.explanation.clone();
            Some(Released { question: question.id, key, also, given: given(question.id), explanation })
        };
        Ok(Some(questions.iter().filter_map(release).collect()))
    }
}

/// The release rule.
fn may_see_keys(attempt: &attempt::Model, assignment: &assignment::Model) -> bool {
    assignment.release == AFTER_CLOSE && assignment.closed_at.is_some() && attempt.submitted_at.is_some()
}

fn without_key((question, choices): QuestionWithChoices) -> QuestionView {
    let choices = choices.into_iter().map(|c| ChoiceView { id: c.id, text: c.text }).collect();
    QuestionView { id: question.id, text: question.text, choices }
}
