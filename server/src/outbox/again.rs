//! Sends answers again that the outbox has already deleted.
//!
//! Owns how a record is rebuilt from a saved answer. The rebuilt record has the same bytes as the first one, so that a record
//! which did reach the warehouse is not counted twice. Does not own which answers are missing: `ops::reconcile` decides.

use std::collections::HashMap;

use app::api::attempts::GivenAnswer;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::{AnswerRecord, Outbox};
use crate::records::QUIZ_ANSWERS;
use crate::store::tables::{answer, assignment, attempt, outbox, student};

/// Attempts of one statement.
const AT_ONCE: usize = 50;

impl Outbox {
    /// Sends every answer of some attempts again, with the running numbers that they had. Returns how many those are.
    ///
    /// # Errors
    /// If the transactional store does not answer.
    pub async fn send_again(&self, attempts: &[String]) -> Result<usize, DbErr> {
        let mut sent = 0;
        for ids in attempts.chunks(AT_ONCE) {
            let tx = self.store.begin().await?;
            let rows = rows_of(&*tx, ids).await?;
            sent += rows.len();
            self.write_again(&*tx, &rows).await?;
            tx.commit().await?;
            self.wake();
        }
        Ok(sent)
    }
}

async fn rows_of<C: ConnectionTrait>(tx: &C, ids: &[String]) -> Result<Vec<outbox::Model>, DbErr> {
    let attempts = attempt::Entity::find().filter(attempt::Column::Id.is_in(ids)).all(tx).await?;
    let of = attempts.iter().map(|attempt| attempt.assignment_id);
    let assignments = assignment::Entity::find().filter(assignment::Column::Id.is_in(of)).all(tx).await?;
    let of = attempts.iter().map(|attempt| attempt.student_id);
    let students = student::Entity::find().filter(student::Column::Id.is_in(of)).all(tx).await?;
    let answers = answer::Entity::find().filter(answer::Column::AttemptId.is_in(ids)).all(tx).await?;

    let attempts: HashMap<&str, &attempt::Model> = attempts.iter().map(|row| (row.id.as_str(), row)).collect();
    let assignments: HashMap<i64, &assignment::Model> = assignments.iter().map(|row| (row.id, row)).collect();
    let keys: HashMap<i64, &str> = students.iter().map(|row| (row.id, row.student_key.as_str())).collect();
    let mut rows = Vec::with_capacity(answers.len());
    for answer in &answers {
        let row = attempts.get(answer.attempt_id.as_str()).and_then(|attempt| {
            let given =
                GivenAnswer { question: answer.question_id, choice: answer.choice_id, elapsed_ms: answer.elapsed_ms };
            let (assignment, key) = (assignments.get(&attempt.assignment_id)?, keys.get(&attempt.student_id)?);
            Some(AnswerRecord::new(attempt, assignment, key, &given, answer.accepted_at))
        });
        // Foreign keys see to it that there is one.
        let Some(record) = row else { continue };
        rows.push(outbox::Model {
            accepted_seq: answer.accepted_seq,
            stream: QUIZ_ANSWERS.to_owned(),
            payload: serde_json::to_string(&record).map_err(|e| DbErr::Custom(e.to_string()))?,
            accepted_at: answer.accepted_at,
        });
    }
    Ok(rows)
}
