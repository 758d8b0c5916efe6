//! Answers that were accepted and are neither in the warehouse nor on their way, sent again.
//!
//! The gateway has acknowledged them, so the outbox has let them go; then the log that held them was damaged, a torn
//! tail after a power cut on a lying disk, say, and its storage came up without them. The transactional store still has
//! them, so they go into the outbox once more, the same records with the same numbers.
//!
//! Owns finding them: what was accepted by an instant is looked for once everything that the outbox and the log held at
//! that instant has gone through. Looks after each start of the log's storage, because only there can a log lose
//! anything. Does not own the records, nor how they travel.

use std::sync::Arc;
use std::time::Duration;

use app::api::Millis;
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QuerySelect};
use tokio::sync::watch;

use super::Ops;
use crate::freshness::MeasureError;
use crate::records::QUIZ_ANSWERS;
use crate::registry::DeliveryStream;
use crate::store::tables::assignment;

/// Assignments that were closed longer ago than this have been looked at before.
const RECENT_MS: Millis = 7 * 86_400_000;
/// How often it is asked whether the outbox and the log have gone on.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);
/// How often it is asked whether the storage was opened anew, and how long to wait after a store did not answer.
const BETWEEN_CHECKS: Duration = Duration::from_secs(5);

impl Ops {
    /// Looks once now and once each time that the log's storage has been opened anew; until `stop` says true.
    pub async fn reconcile(self, mut stop: watch::Receiver<bool>) {
        let looking = async {
            let mut looked_at = None;
            loop {
                let generation = self.parts.registry.plant().logs.generation();
                if looked_at != Some(generation) {
                    match self.send_lost_again().await {
                        Ok(()) => looked_at = Some(generation),
                        Err(error) => tracing::warn!(%error, "it is not known yet whether the log has lost answers"),
                    }
                }
                tokio::time::sleep(BETWEEN_CHECKS).await;
            }
        };
        tokio::select! {
            () = looking => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    async fn send_lost_again(&self) -> Result<(), MeasureError> {
        // What goes by a stream elsewhere is in no log here, and what a function has dropped is not lost.
        let is_here = |stream: &Arc<DeliveryStream>| {
            stream.target().is_none() && stream.takes_records() && stream.transform().is_none()
        };
        let Some(stream) = self.parts.registry.get(QUIZ_ANSWERS).filter(is_here) else { return Ok(()) };
        let mut accepted = Vec::new();
        for id in self.recent_assignments().await? {
            accepted.push((id, self.measure.accepted(id).await?));
        }
        let last = accepted.iter().map(|(_, accepted)| accepted.last_seq()).max().unwrap_or(0);
        self.until_gone_through(&stream, last).await?;
        let mut has_lost = false;
        for (assignment, accepted) in accepted {
            let landed = self.warehouse.landed(assignment, accepted.last_seq()).await?;
            let lost = accepted.lacking(&landed);
            if lost.is_empty() {
                continue;
            }
            let answers = self.parts.outbox.send_again(&lost).await?;
            let attempts = lost.len();
            tracing::error!(assignment, attempts, answers, "the log has lost answers; they are sent again");
            has_lost = true;
        }
        if has_lost {
            // Nobody can tell whether this stream, which shares the storage, has lost anything; another time is harmless.
            self.parts.outbox.announce_everything(self.measure.now()).await?;
        }
        Ok(())
    }

    async fn recent_assignments(&self) -> Result<Vec<i64>, DbErr> {
        let recently = assignment::Column::ClosedAt.gt(self.measure.now() - RECENT_MS);
        assignment::Entity::find()
            .select_only()
            .column(assignment::Column::Id)
            .filter(Condition::any().add(assignment::Column::ClosedAt.is_null()).add(recently))
            .into_tuple()
            .all(&self.store.read)
            .await
    }

    /// Returns when nothing that was accepted up to `last` is in the outbox, and all that the log held then is loaded.
    /// What is parked is on its way, and is waited for.
    async fn until_gone_through(&self, stream: &DeliveryStream, last: i64) -> Result<(), MeasureError> {
        while self.parts.outbox.holds_up_to(stream.name(), last).await? {
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        let ends: Vec<(String, u64)> =
            stream.log().shards().iter().map(|shard| (shard.range().id(), shard.end_offset())).collect();
        loop {
            let landed = self.warehouse.stream_ends(stream.name().to_owned()).await?.by_shard;
            let is_loaded = |(shard, end): &(String, u64)| landed.get(shard).copied().unwrap_or(0) >= *end;
            let nothing_is_parked = stream.parked().await.is_ok_and(|parked| parked.is_empty());
            if nothing_is_parked && ends.iter().all(is_loaded) {
                return Ok(());
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }
}
