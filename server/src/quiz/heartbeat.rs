//! A record of nobody that travels a stream's whole way when no one is answering, so that a quiet school and a dead
//! pipeline look different.
//!
//! Owns sending and recognising it. Does not own a verdict.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use app::api::Millis;
use app::api::pipeline::Heartbeat;
use sea_orm::DbErr;
use tokio::sync::watch;
use uuid::Uuid;

use super::catalog::CatalogRecord;
use super::{Quiz, record};
use crate::live::NO_ASSIGNMENT;
use crate::records::{QUIZ_ANSWERS, QUIZ_CATALOG};
use crate::warehouse::{Warehouse, WarehouseError};

/// The streams that carry heartbeats: those whose columns are known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beating {
    /// `quiz-answers`.
    Answers,
    /// `quiz-catalog`.
    Catalog,
}

impl Beating {
    /// Name of the stream.
    #[must_use]
    pub const fn stream(self) -> &'static str {
        match self {
            Self::Answers => QUIZ_ANSWERS,
            Self::Catalog => QUIZ_CATALOG,
        }
    }

    /// Whether something was loaded after this instant.
    async fn is_overtaken(self, warehouse: &Warehouse, sent_at: Millis) -> bool {
        let ends = warehouse.stream_ends(self.stream().to_owned()).await;
        ends.is_ok_and(|ends| ends.loaded_at.is_some_and(|at| at > sent_at))
    }

    /// Whether the heartbeat is there: in a batch of heartbeats alone, or in one with other records and so a row of the
    /// stream's table.
    async fn has_landed(self, warehouse: &Warehouse, id: Uuid) -> Result<bool, WarehouseError> {
        if warehouse.has_heartbeat(self.stream(), id.to_string()).await? {
            return Ok(true);
        }
        match self {
            Self::Answers => warehouse.has_answer(NO_ASSIGNMENT, id.to_string()).await,
            Self::Catalog => warehouse.has_catalog_record(id.to_string()).await,
        }
    }
}

/// The last heartbeat that arrived, and the one that has not. Clones share.
#[derive(Clone, Default)]
pub struct Heartbeats(Arc<Mutex<Sent>>);

#[derive(Clone, Copy, Default)]
struct Sent {
    last: Option<Heartbeat>,
    /// When the one was sent that is on its way.
    waiting_since: Option<Millis>,
}

impl Heartbeats {
    /// The last one that went the whole way.
    #[must_use]
    pub fn last(&self) -> Option<Heartbeat> {
        self.sent().last
    }

    /// Since when one has been on its way; `None` if none is.
    #[must_use]
    pub fn waiting_since(&self) -> Option<Millis> {
        self.sent().waiting_since
    }

    fn sent(&self) -> MutexGuard<'_, Sent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends one now, and one each time that nothing has landed for `every`; until `stop` says true. There is never more
    /// than one on its way: however long the pipeline stands still, heartbeats do not pile up.
    pub async fn run(
        self,
        on: Beating,
        quiz: Quiz,
        warehouse: Warehouse,
        every: Duration,
        mut stop: watch::Receiver<bool>,
    ) {
        // One that was on its way when this task panicked is not waited for any more.
        self.sent().waiting_since = None;
        loop {
            let beating = async {
                if is_quiet(on, &quiz, &warehouse, every).await
                    && let Err(error) = self.beat(on, &quiz, &warehouse, every).await
                {
                    tracing::warn!(stream = on.stream(), %error, "a heartbeat was not sent");
                }
                tokio::time::sleep(every).await;
            };
            tokio::select! {
                () = beating => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Sends one, and waits until it has landed. It is looked for at each load, and now and then: the delivery may be
    /// Amazon's, and say nothing of its loads. One that later records have overtaken is given up: its batch was parked, or a
    /// function has dropped it.
    async fn beat(&self, on: Beating, quiz: &Quiz, warehouse: &Warehouse, every: Duration) -> Result<(), DbErr> {
        let mut landings = quiz.live.listen(NO_ASSIGNMENT);
        let id = Uuid::new_v4();
        let sent_at = quiz.send_heartbeat(on, id).await?;
        self.sent().waiting_since = Some(sent_at);
        loop {
            // Asked before the heartbeat is looked for: one that is not there then has been overtaken.
            let is_overtaken = on.is_overtaken(warehouse, sent_at).await;
            match on.has_landed(warehouse, id).await {
                Ok(true) => break,
                Ok(false) if is_overtaken && is_quiet(on, quiz, warehouse, every).await => {
                    tracing::info!(stream = on.stream(), %id, "a heartbeat has not arrived, while other records have");
                    self.sent().waiting_since = None;
                    return Ok(());
                }
                Ok(false) => {}
                Err(error) => tracing::debug!(stream = on.stream(), %error, "a heartbeat was not looked for"),
            }
            let landing = tokio::time::timeout(every, landings.changed()).await;
            if landing == Ok(false) {
                // Nobody is left who could tell of a load.
                tokio::time::sleep(every).await;
            }
        }
        let last = Some(Heartbeat { sent_at, took_ms: quiz.clock.now() - sent_at });
        *self.sent() = Sent { last, waiting_since: None };
        Ok(())
    }
}

/// Whether nothing has landed for `every`. A warehouse that does not answer counts as quiet: a heartbeat that waits is
/// what makes that visible. So does one whose last load lies in the future, because the clock was set back since.
async fn is_quiet(on: Beating, quiz: &Quiz, warehouse: &Warehouse, every: Duration) -> bool {
    let Ok(ends) = warehouse.stream_ends(on.stream().to_owned()).await else { return true };
    ends.loaded_at.is_none_or(|at| !(0..every.as_millis() as i64).contains(&(quiz.clock.now() - at)))
}

impl Quiz {
    async fn send_heartbeat(&self, on: Beating, id: Uuid) -> Result<i64, DbErr> {
        let accepted_at = self.clock.now();
        let tx = self.store.begin().await?;
        match on {
            Beating::Answers => {
                let record = record::heartbeat(id, accepted_at);
                self.outbox.write(&*tx, QUIZ_ANSWERS, accepted_at, &[record]).await?;
            }
            Beating::Catalog => self.announce(&*tx, accepted_at, &[CatalogRecord::heartbeat(id, accepted_at)]).await?,
        }
        tx.commit().await?;
        self.outbox.wake();
        Ok(accepted_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::Lake;
    use crate::quiz::for_tests::Room;
    use crate::warehouse::{Limits, Load};

    #[tokio::test]
    async fn a_heartbeat_that_other_records_have_overtaken_is_given_up() {
        let room = Room::new().await;
        let limits = Limits { memory_mib: 128, threads: 1 };
        let warehouse = Warehouse::open(&room.folder.path().join("w.duckdb"), limits).expect("a warehouse");
        let lake = Lake::local(&room.folder.path().join("lake")).expect("a lake");
        let later = Load {
            table: None,
            stream: QUIZ_ANSWERS.to_owned(),
            shard: "shardId-000000000000".to_owned(),
            start: 0,
            end: 1,
            is_heartbeats: false,
            manifest: lake.url("m"),
            rows: 1,
            object: "o".to_owned(),
            object_bytes: 1,
            body: None,
            checkpoint: None,
            now: room.quiz.clock.now() + 1,
        };
        warehouse.load(&later, &lake).expect("loaded");
        let heartbeats = Heartbeats::default();
        let every = Duration::from_millis(1);
        // Nothing brings the heartbeat on: it would be waited for for ever.
        heartbeats.beat(Beating::Answers, &room.quiz, &warehouse, every).await.expect("sent");
        assert!(heartbeats.waiting_since().is_none() && heartbeats.last().is_none());
    }
}
