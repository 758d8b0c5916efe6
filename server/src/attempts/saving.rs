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
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use tokio::sync::oneshot;

use super::submit::{Questions, SubmitRequest, check, questions_of, receipt_of};
use super::{AttemptError, Attempts};
use crate::outbox::AnswerRecord;
use crate::records::QUIZ_ANSWERS;
use crate::store::tables::{answer, assignment, attempt, student};

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
        let outcomes = self.save_group(&wanted).await.unwrap_or_else(|error| {
            let all = group.iter().map(|_| Err(DbErr::Custom(error.to_string()).into()));
            all.collect()
        });
        for (waiting, outcome) in group.into_iter().zip(outcomes) {
            // A device that has gone asks again.
            let _ = waiting.tell.send(outcome);
        }
    }

    /// The transaction. When it returns, what was accepted is on disk.
    async fn save_group(&self, group: &[&SubmitRequest]) -> Result<Vec<Result<Receipt, AttemptError>>, DbErr> {
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
        for accepted in &accepted {
            claim(&*tx, &accepted.attempt.id, &accepted.receipt).await?;
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
        let assignments = assignment::Entity::find().filter(assignment::Column::Id.is_in(ids)).all(tx).await?;
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

/// Marks an attempt as submitted.
pub(crate) async fn claim<C: ConnectionTrait>(tx: &C, attempt: &str, receipt: &Receipt) -> Result<(), DbErr> {
    let told = serde_json::to_string(receipt).map_err(|e| DbErr::Custom(e.to_string()))?;
    attempt::Entity::update_many()
        .col_expr(attempt::Column::SubmittedAt, Expr::value(receipt.accepted_at))
        .col_expr(attempt::Column::Told, Expr::value(told))
        .filter(attempt::Column::Id.eq(attempt))
        .exec(tx)
        .await
        .map(|_| ())
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
mod tests {
    use app::api::attempts::{Join, Joined, Submission};
    use sea_orm::PaginatorTrait;

    use super::*;
    use crate::for_tests::Room;
    use crate::school::NewAssignment;
    use crate::store::Store;

    struct Class {
        attempts: Attempts,
        assignment: i64,
        store: Store,
        room: Room,
    }

    impl Class {
        async fn new() -> Self {
            let room = Room::new().await;
            let class = room.school.add_class(room.teacher, "Class", &[]).await.expect("a class");
            let quiz = room.quizzes.import_gift(room.teacher, "Quiz", "1 + 1? {=2 ~3}").await.expect("a quiz").quiz;
            let new = NewAssignment { class, quiz, join_code: "ABC-123", opened_at: 0 };
            let assignment = room.school.assign(&new).await.expect("an assignment");
            Self { attempts: room.attempts.clone(), assignment, store: room.store.clone(), room }
        }

        async fn join(&self, name: &str) -> Joined {
            let join = Join { code: "ABC-123".into(), name: name.into() };
            self.attempts.join(&join).await.expect("joined")
        }

        /// Hands in while a transaction is under way, so that all of them wait for the next one.
        async fn together(&self, all: &[(&Joined, Submission)]) -> Vec<Result<Receipt, AttemptError>> {
            let turn = self.attempts.saving.0.turn.lock().await;
            let submits = all.iter().map(|(joined, submission)| {
                let attempts = self.attempts.clone();
                async move { attempts.submit(&joined.attempt, &joined.token, submission).await }
            });
            let all_wait = async {
                while lock(&self.attempts.saving.0.waiting).len() < all.len() {
                    tokio::task::yield_now().await;
                }
                drop(turn);
            };
            futures::future::join(futures::future::join_all(submits), all_wait).await.0
        }

        async fn saved(&self) -> (u64, u64) {
            let answers = answer::Entity::find().count(&self.store.read).await.expect("a count");
            let waiting = self.attempts.outbox.waiting(QUIZ_ANSWERS).await.expect("a count");
            (answers, waiting.records)
        }
    }

    fn nothing() -> Submission {
        Submission { answers: Vec::new() }
    }

    #[tokio::test]
    async fn one_submission_s_mistake_does_not_touch_the_others_of_its_transaction() {
        let class = Class::new().await;
        let (ada, bob, eve) = (class.join("Ada").await, class.join("Bob").await, class.join("Eve").await);
        let mallory = Joined { attempt: ada.attempt.clone(), token: eve.token.clone() };
        let nonsense = GivenAnswer { question: 999, choice: None, elapsed_ms: 0 };
        let wrong = Submission { answers: vec![nonsense] };
        let outcomes =
            class.together(&[(&ada, nothing()), (&mallory, nothing()), (&eve, wrong), (&bob, nothing())]).await;
        assert!(outcomes[0].is_ok() && outcomes[3].is_ok(), "{outcomes:?}");
        assert!(matches!(outcomes[1], Err(AttemptError::UnknownAttempt)), "{outcomes:?}");
        assert!(matches!(outcomes[2], Err(AttemptError::Invalid { .. })), "{outcomes:?}");
        assert_eq!(class.saved().await, (2, 2));
    }

    #[tokio::test]
    async fn the_same_submission_twice_in_one_transaction_is_saved_once() {
        let class = Class::new().await;
        let ada = class.join("Ada").await;
        let outcomes = class.together(&[(&ada, nothing()), (&ada, nothing())]).await;
        let receipts: Vec<Receipt> = outcomes.into_iter().map(|outcome| outcome.expect("accepted")).collect();
        assert_eq!(receipts[0], receipts[1]);
        assert_eq!(class.saved().await, (1, 1));
    }

    #[tokio::test]
    async fn more_submissions_than_a_transaction_takes_are_all_saved() {
        let class = Class::new().await;
        let mut joined = Vec::new();
        for n in 0..=MOST {
            joined.push(class.join(&format!("Student {n}")).await);
        }
        let all: Vec<_> = joined.iter().map(|joined| (joined, nothing())).collect();
        assert!(class.together(&all).await.iter().all(Result::is_ok));
        assert_eq!(class.saved().await.0, MOST as u64 + 1);
    }

    #[tokio::test]
    async fn whoever_goes_away_while_waiting_is_saved_all_the_same() {
        let class = Class::new().await;
        let (ada, bob) = (class.join("Ada").await, class.join("Bob").await);
        let turn = class.attempts.saving.0.turn.lock().await;
        let nothing = nothing();
        let mut gone = Box::pin(class.attempts.submit(&ada.attempt, &ada.token, &nothing));
        assert!(futures::poll!(&mut gone).is_pending());
        drop((gone, turn));
        class.attempts.submit(&bob.attempt, &bob.token, &nothing).await.expect("accepted");
        assert_eq!(class.saved().await.0, 2);
    }

    #[tokio::test]
    async fn nothing_is_accepted_after_the_close() {
        let class = Class::new().await;
        let ada = class.join("Ada").await;
        class.room.school.close(class.assignment).await.expect("closed");
        let outcome = class.attempts.submit(&ada.attempt, &ada.token, &nothing()).await;
        assert!(matches!(outcome, Err(AttemptError::Closed)), "{outcome:?}");
        assert_eq!(class.saved().await, (0, 0));
    }
}
