//! Measures one assignment's freshness from the two stores.
//!
//! Owns the comparison. The instant is taken first, then what was accepted, then what has landed: whatever happens in
//! between makes the measurement look older, never fresher. Attempts are compared one by one, by count and by sum of
//! running numbers, because anybody with a key may put records that bear the assignment's number: a stranger's attempt
//! is never among those that were accepted here. So `landed` counts nothing but accepted answers, and equals `accepted`
//! only if none waits. Does not own the verdict over it, which is `app::api::freshness`.

use app::api::Millis;
use app::api::freshness::{Freshness, Thresholds};
use sea_orm::sea_query::{Expr, Func};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use crate::attempts::Accepting;
use crate::clock::Clock;
use crate::delivery::Settings;
use crate::records::QUIZ_ANSWERS;
use crate::registry::Registry;
use crate::store::Store;
use crate::store::tables::{answer, assignment};
use crate::warehouse::{Landed, Tally, Warehouse, WarehouseError};

/// Why freshness is not known.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// No such assignment.
    #[error("there is no assignment with this number")]
    Unknown,
    /// The transactional store does not answer.
    #[error("the transactional store answered: {0}")]
    Store(#[from] DbErr),
    /// The warehouse does not answer.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

/// What measuring needs. Cheap to clone.
#[derive(Clone)]
pub struct Measure {
    /// Where answers are accepted.
    pub store: Store,
    /// Where they land.
    pub warehouse: Warehouse,
    /// Those that are being accepted.
    pub accepting: Accepting,
    /// What time it is.
    pub clock: Clock,
    /// Knows how long the answers' stream waits on purpose.
    pub registry: Registry,
    /// What verdicts go by, for a stream that does not wait on purpose.
    pub thresholds: Thresholds,
}

/// An assignment's answers in the transactional store, at one instant.
pub(crate) struct Accepted {
    measured_at: Millis,
    settled_before: Millis,
    attempts: Vec<AcceptedAttempt>,
    closed: bool,
    thresholds: Thresholds,
}

/// One submission.
struct AcceptedAttempt {
    id: String,
    answers: Tally,
    last_seq: i64,
    accepted_at: Millis,
}

impl Accepted {
    /// The running number of the newest answer; 0 if there is none.
    pub(crate) fn last_seq(&self) -> i64 {
        self.attempts.iter().map(|attempt| attempt.last_seq).max().unwrap_or(0)
    }

    /// Only what was accepted until an instant.
    pub(crate) fn until(mut self, as_of: Option<Millis>) -> Self {
        if let Some(as_of) = as_of {
            self.attempts.retain(|attempt| attempt.accepted_at <= as_of);
        }
        self
    }

    /// The attempts of which not every answer is among what has `landed`.
    pub(crate) fn lacking(&self, landed: &Landed) -> Vec<String> {
        let lacks = |attempt: &&AcceptedAttempt| landed.of(&attempt.id) != attempt.answers;
        self.attempts.iter().filter(lacks).map(|attempt| attempt.id.clone()).collect()
    }

    /// The freshness of the assignment once so much has `landed` of it.
    pub(crate) fn compare(&self, landed: &Landed) -> Freshness {
        let mut freshness = Freshness {
            measured_at: self.measured_at,
            accepted: 0,
            landed: 0,
            complete_through: self.settled_before,
            oldest_waiting: None,
            closed: self.closed,
            submissions: self.attempts.len() as i64,
            submissions_waiting: 0,
            last_submitted_at: self.attempts.iter().map(|attempt| attempt.accepted_at).max(),
            thresholds: self.thresholds,
        };
        for attempt in &self.attempts {
            let there = landed.of(&attempt.id);
            freshness.accepted += attempt.answers.records;
            if there == attempt.answers {
                freshness.landed += there.records;
                continue;
            }
            freshness.landed += there.records.min(attempt.answers.records - 1);
            freshness.submissions_waiting += 1;
            let oldest = freshness.oldest_waiting.unwrap_or(attempt.accepted_at).min(attempt.accepted_at);
            freshness.oldest_waiting = Some(oldest);
            freshness.complete_through = freshness.complete_through.min(oldest);
        }
        freshness
    }
}

impl Measure {
    /// The clock that measurements are taken by.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// What the verdict on a stream goes by that is delivered in this way.
    pub(crate) fn thresholds(&self, settings: Option<Settings>) -> Thresholds {
        self.thresholds.waiting(settings.map_or(0, |settings| settings.hints.interval.as_millis() as i64))
    }

    /// Now, or the instant since when nothing can be committed: what is measured while nothing can be accepted says
    /// nothing of any later instant.
    pub(crate) fn last_sure(&self) -> Millis {
        let fault = self.store.health().fault();
        self.clock.now() - fault.map_or(0, |fault| fault.since.elapsed().as_millis() as Millis)
    }

    /// The freshness of one assignment.
    ///
    /// # Errors
    /// If one of the stores does not answer, or there is no such assignment.
    pub async fn assignment(&self, assignment: i64) -> Result<Freshness, MeasureError> {
        let accepted = self.accepted(assignment).await?;
        let landed = self.warehouse.landed(assignment, accepted.last_seq()).await?;
        Ok(accepted.compare(&landed))
    }

    /// What has been accepted by now.
    pub(crate) async fn accepted(&self, id: i64) -> Result<Accepted, MeasureError> {
        let measured_at = self.last_sure();
        let settled_before = self.accepting.settled_before(id, measured_at);
        let assignment = assignment::Entity::find_by_id(id).one(&self.store.read).await?;
        let closed = assignment.ok_or(MeasureError::Unknown)?.closed_at.is_some();
        let attempts = self.accepted_attempts(id).await?;
        let thresholds = self.thresholds(self.registry.get(QUIZ_ANSWERS).and_then(|stream| stream.settings()));
        Ok(Accepted { measured_at, settled_before, attempts, closed, thresholds })
    }

    async fn accepted_attempts(&self, assignment: i64) -> Result<Vec<AcceptedAttempt>, DbErr> {
        let rows = answer::Entity::find()
            .select_only()
            .column(answer::Column::AttemptId)
            .column_as(answer::Column::AcceptedSeq.count(), "records")
            .column_as(Expr::from(Func::cast_as(answer::Column::AcceptedSeq.sum(), "bigint")), "numbers")
            .column_as(answer::Column::AcceptedSeq.max(), "last_seq")
            .column_as(answer::Column::AcceptedAt.min(), "accepted_at")
            .filter(answer::Column::AssignmentId.eq(assignment))
            .group_by(answer::Column::AttemptId)
            .into_tuple::<(String, i64, i64, i64, i64)>()
            .all(&self.store.read)
            .await?;
        let attempt = |(id, records, numbers, last_seq, accepted_at)| {
            let answers = Tally { records, numbers };
            AcceptedAttempt { id, answers, last_seq, accepted_at }
        };
        Ok(rows.into_iter().map(attempt).collect())
    }
}

#[cfg(test)]
mod tests {
    use app::api::freshness::State;

    use super::*;

    const T: Millis = 1_700_000_000_000;

    /// Two attempts of two answers each, numbers 5 to 8, the second accepted a minute after the first; closed.
    fn accepted() -> Accepted {
        let attempt = |id: &str, first: i64, accepted_at| AcceptedAttempt {
            id: id.to_owned(),
            answers: Tally { records: 2, numbers: 2 * first + 1 },
            last_seq: first + 1,
            accepted_at,
        };
        let attempts = vec![attempt("b", 7, T - 60_000), attempt("a", 5, T - 120_000)];
        Accepted { measured_at: T, settled_before: T, attempts, closed: true, thresholds: Thresholds::default() }
    }

    fn landed(attempts: &[(&str, i64, i64)]) -> Landed {
        attempts
            .iter()
            .map(|(id, records, numbers)| ((*id).to_owned(), Tally { records: *records, numbers: *numbers }))
            .collect()
    }

    #[test]
    fn all_landed_is_final_whoever_else_put_records() {
        for strangers in [&[][..], &[("x", 1, 1)], &[("", 300, 900)]] {
            let all = landed(&[&[("a", 2, 11), ("b", 2, 15)], strangers].concat());
            let f = accepted().compare(&all);
            assert_eq!((f.accepted, f.landed, f.oldest_waiting, f.complete_through), (4, 4, None, T));
            assert_eq!(f.state(T), State::Final);
        }
    }

    #[test]
    fn a_stranger_s_record_never_stands_for_an_answer_that_waits() {
        for stranger in [("x", 1, 8), ("x", 2, 15), ("", 4, 26)] {
            let f = accepted().compare(&landed(&[("a", 2, 11), ("b", 1, 7), stranger]));
            assert_eq!((f.accepted, f.landed, f.oldest_waiting), (4, 3, Some(T - 60_000)), "{stranger:?}");
            assert_eq!((f.complete_through, f.state(T)), (T - 60_000, State::Delayed));
        }
    }

    #[test]
    fn not_even_one_that_bears_the_attempt_s_name() {
        let f = accepted().compare(&landed(&[("a", 3, 12), ("b", 2, 9)]));
        assert_eq!((f.accepted, f.landed, f.oldest_waiting), (4, 2, Some(T - 120_000)));
    }

    #[test]
    fn submissions_are_counted_and_the_last_one_is_told_whether_it_has_landed_or_not() {
        let f = accepted().compare(&landed(&[("a", 2, 11), ("b", 1, 7)]));
        assert_eq!((f.submissions, f.submissions_waiting, f.last_submitted_at), (2, 1, Some(T - 60_000)));
        let f = accepted().until(Some(T - 90_000)).compare(&landed(&[("a", 2, 11), ("b", 1, 7)]));
        assert_eq!((f.submissions, f.submissions_waiting, f.last_submitted_at), (1, 0, Some(T - 120_000)));
        let f = accepted().until(Some(T - 200_000)).compare(&landed(&[]));
        assert_eq!((f.submissions, f.last_submitted_at), (0, None));
    }

    #[test]
    fn nothing_is_complete_past_a_submission_that_is_being_saved() {
        let saving = Accepted { settled_before: T - 90_000, ..accepted() };
        assert_eq!(saving.compare(&landed(&[("a", 2, 11)])).complete_through, T - 90_000);
        assert_eq!(saving.compare(&landed(&[])).complete_through, T - 120_000);
    }
}
