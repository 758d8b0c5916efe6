//! A submission: checked, saved with its outbox rows in one transaction, and only then acknowledged.
//!
//! Owns that transaction, what makes a second submission the first one again, and the close of an assignment, after which
//! there is none. Does not own what an answer looks like on the wire, nor when it is sent there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use app::api::Millis;
use app::api::attempts::{GivenAnswer, Receipt, Submission};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, TransactionTrait};

use super::catalog::CatalogRecord;
use super::record::{AnswerRecord, record_id};
use super::{QUIZ_ANSWERS, Quiz, QuizError};
use crate::store::tables::{answer, assignment, attempt, choice, question, student};

/// A day; a device that was left open overnight says nothing about the question.
const LONGEST_ELAPSED_MS: i64 = 86_400_000;

/// Questions in quiz order, each with its choices.
type Questions = Vec<(i64, BTreeSet<i64>)>;

impl Quiz {
    /// Accepts all answers of an attempt. Sent again, it is the same submission and has the same receipt.
    ///
    /// # Errors
    /// If the token is not the attempt's, the assignment is closed or an answer names what the quiz does not have.
    /// Nothing has been saved then.
    pub async fn submit(&self, attempt: &str, token: &str, submission: &Submission) -> Result<Receipt, QuizError> {
        let began = Instant::now();
        let attempt = self.attempt_of(attempt, token).await?;
        if let Some(receipt) = receipt_of(&attempt) {
            return Ok(receipt);
        }
        let assignment = assignment::Entity::find_by_id(attempt.assignment_id)
            .one(&self.store.read)
            .await?
            .ok_or(QuizError::Unknown("assignment"))?;
        let questions = self.questions_of(assignment.quiz_id).await?;
        let given = check(submission, &questions)?;

        let in_flight = self.accepting.begin(assignment.id, self.clock.now());
        let receipt = self.save(&attempt, &assignment, &questions, &given).await?;
        drop(in_flight);
        self.outbox.wake();
        self.pace.note(questions.len(), began);
        Ok(receipt)
    }

    /// The transaction. When it returns, the submission is on disk.
    async fn save(
        &self,
        attempt: &attempt::Model,
        assignment: &assignment::Model,
        questions: &Questions,
        given: &BTreeMap<i64, &GivenAnswer>,
    ) -> Result<Receipt, QuizError> {
        let tx = self.store.write.begin().await?;
        let accepted_at = self.clock.now();
        let receipt = Receipt {
            accepted_at,
            answered: given.values().filter(|a| a.choice.is_some()).count() as i64,
            questions: questions.len() as i64,
        };
        if !claim(&tx, attempt, &receipt).await? {
            // Another request of the same submission was first, or the teacher has closed since.
            tx.rollback().await?;
            return self.outcome_of_another(attempt).await;
        }
        let student =
            student::Entity::find_by_id(attempt.student_id).one(&tx).await?.ok_or(QuizError::Unknown("student"))?;
        let records: Vec<AnswerRecord<'_>> = questions
            .iter()
            .map(|(question, _)| {
                let answer = given.get(question);
                AnswerRecord {
                    record_id: record_id(attempt, *question),
                    accepted_at: crate::warehouse::sql_timestamp(accepted_at),
                    assignment_id: assignment.id,
                    class_id: assignment.class_id,
                    quiz_id: assignment.quiz_id,
                    attempt_id: &attempt.id,
                    attempt_no: attempt.number,
                    student_key: &student.student_key,
                    question_id: *question,
                    choice_id: answer.and_then(|a| a.choice),
                    elapsed_ms: answer.map_or(0, |a| a.elapsed_ms.clamp(0, LONGEST_ELAPSED_MS)),
                }
            })
            .collect();
        let numbers = self.outbox.write(&tx, QUIZ_ANSWERS, accepted_at, &records).await?;
        write_answers(&tx, accepted_at, &records, &numbers).await?;
        tx.commit().await?;
        Ok(receipt)
    }

    async fn outcome_of_another(&self, attempt: &attempt::Model) -> Result<Receipt, QuizError> {
        let now = attempt::Entity::find_by_id(&attempt.id).one(&self.store.read).await?;
        now.as_ref().and_then(receipt_of).ok_or(QuizError::Closed)
    }

    /// The attempt, if `token` is its own.
    pub(super) async fn attempt_of(&self, attempt: &str, token: &str) -> Result<attempt::Model, QuizError> {
        attempt::Entity::find_by_id(attempt)
            .one(&self.store.read)
            .await?
            .filter(|found| found.token_hash == crate::secret::hash(token))
            .ok_or(QuizError::UnknownAttempt)
    }

    async fn questions_of(&self, quiz: i64) -> Result<Questions, DbErr> {
        let questions = question::Entity::find()
            .filter(question::Column::QuizId.eq(quiz))
            .order_by_asc(question::Column::Number)
            .all(&self.store.read)
            .await?;
        let ids = questions.iter().map(|q| q.id);
        let choices =
            choice::Entity::find().filter(choice::Column::QuestionId.is_in(ids)).all(&self.store.read).await?;
        let mut by_question: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for choice in choices {
            by_question.entry(choice.question_id).or_default().insert(choice.id);
        }
        Ok(questions.into_iter().map(|q| (q.id, by_question.remove(&q.id).unwrap_or_default())).collect())
    }
}

/// What the student was told, if the attempt has been submitted.
pub(super) fn receipt_of(attempt: &attempt::Model) -> Option<Receipt> {
    attempt.submitted_at?;
    serde_json::from_str(attempt.told.as_deref()?).ok()
}

/// Every answer names a question of the quiz, at most once, and one of its choices.
fn check<'a>(submission: &'a Submission, questions: &Questions) -> Result<BTreeMap<i64, &'a GivenAnswer>, QuizError> {
    let mut given = BTreeMap::new();
    for (i, answer) in submission.answers.iter().enumerate() {
        let Some((_, choices)) = questions.iter().find(|(id, _)| *id == answer.question) else {
            return Err(QuizError::invalid(format!("answers[{i}].question"), "is no question of this quiz"));
        };
        if answer.choice.is_some_and(|choice| !choices.contains(&choice)) {
            return Err(QuizError::invalid(format!("answers[{i}].choice"), "is no choice of this question"));
        }
        if given.insert(answer.question, answer).is_some() {
            return Err(QuizError::invalid(format!("answers[{i}].question"), "is answered twice"));
        }
    }
    Ok(given)
}

/// Marks the attempt as submitted, if it is not and its assignment is open.
async fn claim<C: ConnectionTrait>(tx: &C, attempt: &attempt::Model, receipt: &Receipt) -> Result<bool, QuizError> {
    let open = assignment::Entity::find_by_id(attempt.assignment_id)
        .filter(assignment::Column::ClosedAt.is_null())
        .one(tx)
        .await?;
    if open.is_none() {
        return Ok(false);
    }
    let told = serde_json::to_string(receipt).map_err(|e| DbErr::Custom(e.to_string()))?;
    let claimed = attempt::Entity::update_many()
        .col_expr(attempt::Column::SubmittedAt, Expr::value(receipt.accepted_at))
        .col_expr(attempt::Column::Told, Expr::value(told))
        .filter(attempt::Column::Id.eq(&attempt.id))
        .filter(attempt::Column::SubmittedAt.is_null())
        .exec(tx)
        .await?;
    Ok(claimed.rows_affected == 1)
}

async fn write_answers<C: ConnectionTrait>(
    tx: &C,
    accepted_at: Millis,
    records: &[AnswerRecord<'_>],
    numbers: &[i64],
) -> Result<(), DbErr> {
    let rows = records.iter().zip(numbers).map(|(record, number)| answer::ActiveModel {
        accepted_seq: Set(*number),
        attempt_id: Set(record.attempt_id.to_owned()),
        assignment_id: Set(record.assignment_id),
        question_id: Set(record.question_id),
        choice_id: Set(record.choice_id),
        elapsed_ms: Set(record.elapsed_ms),
        accepted_at: Set(accepted_at),
    });
    answer::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_| ())
}

impl Quiz {
    /// Ends an assignment: it takes no more answers. Again is the same.
    ///
    /// # Errors
    /// If there is no such assignment.
    pub async fn close(&self, assignment: i64) -> Result<(), QuizError> {
        assignment::Entity::find_by_id(assignment)
            .one(&self.store.read)
            .await?
            .ok_or(QuizError::Unknown("assignment"))?;
        let now = self.clock.now();
        let tx = self.store.write.begin().await?;
        // The first close is the one that counts, whoever else is closing.
        let closed = assignment::Entity::update_many()
            .col_expr(assignment::Column::ClosedAt, Expr::value(now))
            .filter(assignment::Column::Id.eq(assignment))
            .filter(assignment::Column::ClosedAt.is_null())
            .exec(&tx)
            .await?;
        if let Some(row) =
            assignment::Entity::find_by_id(assignment).one(&tx).await?.filter(|_| closed.rows_affected > 0)
        {
            self.announce(&tx, now, &[CatalogRecord::assignment(&row, now)]).await?;
        }
        tx.commit().await?;
        self.outbox.wake();
        if closed.rows_affected > 0 {
            self.live.publish([assignment]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Accounts;
    use crate::clock::Clock;
    use crate::live::Live;
    use crate::quiz::NewAssignment;
    use crate::store::Store;
    use app::api::accounts::{Me, Role};

    #[tokio::test]
    async fn of_two_closes_at_the_same_time_one_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("freshmark.db")).await.expect("a store");
        let (clock, _) = Clock::manual(1_700_000_000_000);
        let me = Me { name: "T".into(), email: "t@x".into(), role: Role::Teacher };
        let teacher = Accounts::new(store.clone(), clock.clone()).add(&me, "pw").await.expect("a teacher");
        let live = Live::default();
        let quiz = Quiz::new(store, live.clone(), clock);
        let class = quiz.add_class(teacher, "Class", &["A"]).await.expect("a class");
        let given = quiz.import_gift(teacher, "Quiz", "1 + 1? {=2 ~3}").await.expect("a quiz");
        let new = NewAssignment { class, quiz: given, join_code: "ABC-123", opened_at: 0 };
        let assignment = quiz.assign(&new).await.expect("an assignment");

        let mut page = live.listen();
        let (one, other) = tokio::join!(quiz.close(assignment), quiz.close(assignment));
        assert!(one.is_ok() && other.is_ok());
        drop((quiz, live));
        assert!(page.changed(assignment).await);
        assert!(!page.changed(assignment).await, "the second has changed nothing");
    }
}
