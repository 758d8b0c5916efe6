//! Measures one assignment's freshness from the two stores.
//!
//! The instant is taken first, then what was accepted, then what has landed: whatever happens in between makes the
//! measurement look older, never fresher. `landed` counts only what was accepted by then, so it never exceeds
//! `accepted`.

use app::api::Millis;
use app::api::freshness::Freshness;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::ResultsError;
use crate::clock::Clock;
use crate::quiz::Accepting;
use crate::store::Store;
use crate::store::tables::{answer, assignment};
use crate::warehouse::Warehouse;

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
}

/// An assignment's answers in the transactional store, at one instant.
#[derive(Clone, Copy)]
pub(super) struct Accepted {
    measured_at: Millis,
    settled_before: Millis,
    count: i64,
    /// The running number of the newest.
    pub(super) last_seq: i64,
    closed: bool,
}

/// One accepted answer, by its place.
struct Place {
    accepted_seq: i64,
    accepted_at: Millis,
}

impl Measure {
    /// The clock that measurements are taken by.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// The freshness of one assignment.
    ///
    /// # Errors
    /// If one of the stores does not answer, or there is no such assignment.
    pub async fn assignment(&self, assignment: i64) -> Result<Freshness, ResultsError> {
        let accepted = self.accepted(assignment).await?;
        let landed = self.warehouse.landed(assignment, accepted.last_seq).await?;
        self.compare(assignment, accepted, landed).await
    }

    /// The freshness of an assignment of whose `accepted` answers so many have `landed`.
    pub(super) async fn compare(
        &self,
        assignment: i64,
        accepted: Accepted,
        landed: i64,
    ) -> Result<Freshness, ResultsError> {
        let all = Freshness {
            measured_at: accepted.measured_at,
            accepted: accepted.count,
            landed,
            complete_through: accepted.settled_before,
            oldest_waiting: None,
            closed: accepted.closed,
        };
        if landed >= accepted.count {
            return Ok(all);
        }
        let oldest = self.oldest_waiting(assignment, landed).await?;
        Ok(Freshness { complete_through: oldest, oldest_waiting: Some(oldest), ..all })
    }

    /// What has been accepted by now.
    pub(super) async fn accepted(&self, id: i64) -> Result<Accepted, ResultsError> {
        let measured_at = self.clock.now();
        let settled_before = self.accepting.settled_before(id, measured_at);
        let assignment = assignment::Entity::find_by_id(id).one(&self.store.read).await?;
        let closed = assignment.ok_or(ResultsError::Unknown("assignment"))?.closed_at.is_some();
        let (count, last_seq) = answer::Entity::find()
            .select_only()
            .column_as(answer::Column::AcceptedSeq.count(), "count")
            .column_as(answer::Column::AcceptedSeq.max(), "last")
            .filter(answer::Column::AssignmentId.eq(id))
            .into_tuple::<(i64, Option<i64>)>()
            .one(&self.store.read)
            .await?
            .unwrap_or((0, None));
        Ok(Accepted { measured_at, settled_before, count, last_seq: last_seq.unwrap_or(0), closed })
    }

    /// When the first answer that has not landed was accepted.
    ///
    /// `landed` answers have landed, so the first that has not is among the first `landed + 1`. Answers land in order,
    /// so it is nearly always the last of these, which is tried first; if a batch is held up, it is found by halving.
    async fn oldest_waiting(&self, assignment: i64, landed: i64) -> Result<Millis, ResultsError> {
        let (mut low, mut high) = (0, landed);
        let mut probe = landed;
        while low < high {
            match self.nothing_waits_before(assignment, probe).await? {
                true => low = probe,
                false => high = probe - 1,
            }
            probe = low + (high - low + 1) / 2;
        }
        Ok(self.place(assignment, low).await?.accepted_at)
    }

    /// Whether the first `places` answers have all landed.
    async fn nothing_waits_before(&self, assignment: i64, places: i64) -> Result<bool, ResultsError> {
        let next = self.place(assignment, places).await?;
        Ok(self.warehouse.landed(assignment, next.accepted_seq - 1).await? >= places)
    }

    /// The answer at a place, counted from 0 in the order of acceptance.
    async fn place(&self, assignment: i64, place: i64) -> Result<Place, ResultsError> {
        let (accepted_seq, accepted_at) = answer::Entity::find()
            .select_only()
            .column(answer::Column::AcceptedSeq)
            .column(answer::Column::AcceptedAt)
            .filter(answer::Column::AssignmentId.eq(assignment))
            .order_by_asc(answer::Column::AcceptedSeq)
            .offset(place.max(0).unsigned_abs())
            .limit(1)
            .into_tuple::<(i64, i64)>()
            .one(&self.store.read)
            .await?
            .ok_or_else(|| DbErr::RecordNotFound(format!("answer {place} of assignment {assignment}")))?;
        Ok(Place { accepted_seq, accepted_at })
    }
}
