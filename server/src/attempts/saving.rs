//! Submissions that wait at the same time are saved together: one transaction, and one flush to disk, for all of them.
//!
//! Owns the queue and that transaction. Does not own what a right submission is (`submit` does), and never lets one
//! submission's mistake touch another: each is judged by itself, and only the right ones are written.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use app::api::Millis;
use app::api::attempts::{GivenAnswer, Receipt};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use tokio::sync::oneshot;

use super::submit::{Questions, SubmitRequest, check, questions_of, receipt_of};
use super::{AttemptError, Attempts};
use crate::outbox::AnswerRecord;
use crate::records::QUIZ_ANSWERS;
use crate::store::tables::{answer, assignment, attempt, student};
use crate::store::{decide_again_if, is_conflict};

/// Submissions of one transaction. More wait for the next, so that the first are not kept waiting by the last.
const MOST: usize = 64;
/// Rows of one statement: SQLite takes 32,766 parameters, and an answer has seven.
const MOST_ROWS: usize = 2_000;

/// The submissions that wait. Clones share.
#[derive(Clone, Default)]
pub(super) struct Saving(Arc<Shared>);

#[derive(Default)]
struct Shared {
    waiting: Mutex<Vec<Waiting>>,
    /// Held by the one transaction that is under way.
    turn: tokio::sync::Mutex<()>,
}

struct Waiting {
    wanted: SubmitRequest,
    tell: oneshot::Sender<Result<Receipt, AttemptError>>,
}

/// Why a transaction was given up; nothing of it counts.
#[derive(Debug, thiserror::Error)]
enum GroupError {
    #[error("another process has submitted one of these attempts; send it again")]
    Overtaken,
    #[error(transparent)]
    Store(#[from] DbErr),
}

impl GroupError {
    /// Whether another writer was faster, so that everything is to be read and decided again.
    fn is_conflict(&self) -> bool {
        match self {
            Self::Overtaken => true,
            Self::Store(error) => is_conflict(error),
        }
    }
}

/// What was read of the attempts, in the transaction that writes.
struct Known {
    attempts: HashMap<String, attempt::Model>,
    assignments: HashMap<i64, assignment::Model>,
    /// By quiz.
    questions: BTreeMap<i64, Questions>,
    student_keys: HashMap<i64, String>,
}

/// A submission that is right.
struct Accepted<'a> {
    began: Instant,
    attempt: &'a attempt::Model,
    receipt: Receipt,
    records: Vec<AnswerRecord<'a>>,
}

impl Attempts {
    /// Waits with others for a transaction. Whoever asked may go away: what waits is saved all the same.
    pub(super) async fn save(&self, wanted: SubmitRequest) -> Result<Receipt, AttemptError> {
        let (tell, told) = oneshot::channel();
        let shared = Arc::clone(&self.saving.0);
        lock(&shared.waiting).push(Waiting { wanted, tell });
        let attempts = self.clone();
        // Each submission brings a task along, which saves whatever waits when its turn comes; mostly another one was
        // faster, and nothing does.
        tokio::spawn(async move {
            let _turn = shared.turn.lock().await;
            attempts.save_waiting(&shared.waiting).await;
        });
        told.await.unwrap_or(Err(AttemptError::Interrupted))
    }

    async fn save_waiting(&self, waiting: &Mutex<Vec<Waiting>>) {
        let group: Vec<Waiting> = {
            let mut waiting = lock(waiting);
            let count = waiting.len().min(MOST);
            waiting.drain(..count).collect()
        };
        if group.is_empty() {
            return;
        }
        let wanted: Vec<&SubmitRequest> = group.iter().map(|waiting| &waiting.wanted).collect();
        let saved = decide_again_if(GroupError::is_conflict, || self.save_group(&wanted)).await;
        let outcomes = saved.unwrap_or_else(|error| {
            let all = group.iter().map(|_| Err(DbErr::Custom(error.to_string()).into()));
            all.collect()
        });
        for (waiting, outcome) in group.into_iter().zip(outcomes) {
            // A device that has gone asks again.
            let _ = waiting.tell.send(outcome);
        }
    }

    /// The transaction. When it returns, what was accepted is on disk.
    async fn save_group(&self, group: &[&SubmitRequest]) -> Result<Vec<Result<Receipt, AttemptError>>, GroupError> {
        let tx = self.store.begin().await?;
        let known = Known::read(&*tx, group).await?;
        // From here to the commit, nobody may say that all which was accepted until now has landed.
        let now = self.clock.now();
        let in_flight: Vec<_> = known.assignments.keys().map(|id| self.accepting.begin(*id, now)).collect();
        let accepted_at = self.clock.now();

        let mut accepted: Vec<Accepted<'_>> = Vec::with_capacity(group.len());
        let mut outcomes = Vec::with_capacity(group.len());
        for wanted in group {
            let outcome = known.judge(wanted, &accepted, accepted_at);
            outcomes.push(outcome.map(|judged| match judged {
                Judged::Earlier(receipt) => receipt,
                Judged::New(new) => {
                    let receipt = new.receipt.clone();
                    accepted.push(new);
                    receipt
                }
            }));
        }
        let records: Vec<&AnswerRecord<'_>> = accepted.iter().flat_map(|accepted| &accepted.records).collect();
        for (receipt, attempts) in by_receipt(&accepted) {
            if !claim(&*tx, &attempts, receipt).await? {
                return Err(GroupError::Overtaken);
            }
        }
        for records in records.chunks(MOST_ROWS) {
            let numbers = self.outbox.write(&*tx, QUIZ_ANSWERS, accepted_at, records).await?;
            write_answers(&*tx, accepted_at, records, &numbers).await?;
        }
        tx.commit().await?;
        drop(in_flight);
        self.live.accepted(accepted.iter().map(|accepted| accepted.attempt.assignment_id));
        self.outbox.wake();
        accepted.iter().for_each(|accepted| self.pace.note(accepted.records.len(), accepted.began));
        Ok(outcomes)
    }
}

enum Judged<'a> {
    /// It was accepted before.
    Earlier(Receipt),
    New(Accepted<'a>),
}

impl Known {
    async fn read<C: ConnectionTrait>(tx: &C, group: &[&SubmitRequest]) -> Result<Self, DbErr> {
        let ids = group.iter().map(|wanted| wanted.attempt.as_str());
        let attempts = attempt::Entity::find().filter(attempt::Column::Id.is_in(ids)).all(tx).await?;
        let ids = attempts.iter().map(|attempt| attempt.assignment_id);
        // Locked until the commit, so that a close comes before or after.
        let assignments =
            assignment::Entity::find().filter(assignment::Column::Id.is_in(ids)).lock_shared().all(tx).await?;
        let ids = attempts.iter().map(|attempt| attempt.student_id);
        let students = student::Entity::find().filter(student::Column::Id.is_in(ids)).all(tx).await?;
        Ok(Self {
            questions: questions_of(tx, assignments.iter().map(|assignment| assignment.quiz_id)).await?,
            attempts: attempts.into_iter().map(|attempt| (attempt.id.clone(), attempt)).collect(),
            assignments: assignments.into_iter().map(|assignment| (assignment.id, assignment)).collect(),
            student_keys: students.into_iter().map(|student| (student.id, student.student_key)).collect(),
        })
    }

    /// What becomes of one submission; `accepted` is what the same transaction has accepted so far.
    fn judge<'a>(
        &'a self,
        wanted: &SubmitRequest,
        accepted: &[Accepted<'_>],
        accepted_at: Millis,
    ) -> Result<Judged<'a>, AttemptError> {
        let own = |attempt: &&attempt::Model| attempt.token_hash == wanted.token_hash;
        let attempt = self.attempts.get(&wanted.attempt).filter(own).ok_or(AttemptError::UnknownAttempt)?;
        let twin = accepted.iter().find(|accepted| accepted.attempt.id == attempt.id);
        if let Some(receipt) = twin.map(|twin| twin.receipt.clone()).or_else(|| receipt_of(attempt)) {
            return Ok(Judged::Earlier(receipt));
        }
        let assignment = self.assignments.get(&attempt.assignment_id).ok_or(AttemptError::Unknown("assignment"))?;
        if assignment.closed_at.is_some() {
            return Err(AttemptError::Closed);
        }
        let questions = self.questions.get(&assignment.quiz_id).map_or(&[][..], Vec::as_slice);
        let student_key = self.student_keys.get(&attempt.student_id).ok_or(AttemptError::Unknown("student"))?;
        let given = check(&wanted.submission, questions)?;
        let receipt = Receipt {
            accepted_at,
            answered: given.values().filter(|answer| answer.choice.is_some()).count() as i64,
            questions: questions.len() as i64,
        };
        let records = questions.iter().map(|(question, _)| {
            let omitted = GivenAnswer { question: *question, choice: None, elapsed_ms: 0 };
            let answer = given.get(question).copied().unwrap_or(&omitted);
            AnswerRecord::new(attempt, assignment, student_key, answer, accepted_at)
        });
        let records = records.collect();
        Ok(Judged::New(Accepted { began: wanted.began, attempt, receipt, records }))
    }
}

/// The attempts of each receipt. A class that answers every question has one for all.
fn by_receipt<'a>(accepted: &'a [Accepted<'_>]) -> Vec<(&'a Receipt, Vec<&'a str>)> {
    let mut grouped: Vec<(&Receipt, Vec<&str>)> = Vec::new();
    for Accepted { attempt, receipt, .. } in accepted {
        match grouped.iter_mut().find(|(of, _)| *of == receipt) {
            Some((_, attempts)) => attempts.push(&attempt.id),
            None => grouped.push((receipt, vec![&attempt.id])),
        }
    }
    grouped
}

/// Marks attempts as submitted. Returns whether none of them was so already; if one was, the caller gives the transaction up.
pub(crate) async fn claim<C: ConnectionTrait>(tx: &C, attempts: &[&str], receipt: &Receipt) -> Result<bool, DbErr> {
    let told = serde_json::to_string(receipt).map_err(|e| DbErr::Custom(e.to_string()))?;
    let claimed = attempt::Entity::update_many()
        .col_expr(attempt::Column::SubmittedAt, Expr::value(receipt.accepted_at))
        .col_expr(attempt::Column::Told, Expr::value(told))
        .filter(attempt::Column::Id.is_in(attempts.iter().copied()))
        .filter(attempt::Column::SubmittedAt.is_null())
        .exec(tx)
        .await?;
    Ok(claimed.rows_affected == attempts.len() as u64)
}

async fn write_answers<C: ConnectionTrait>(
    tx: &C,
    accepted_at: Millis,
    records: &[&AnswerRecord<'_>],
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

fn lock(waiting: &Mutex<Vec<Waiting>>) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
