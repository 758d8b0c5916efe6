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

use crate::clock::Clock;
use crate::live::{Live, NO_ASSIGNMENT};
use crate::outbox::{AnswerRecord, CatalogRecord, Outbox};
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
    pub async fn run(self, way: Way, mut stop: watch::Receiver<bool>) {
        // One that was on its way when this task panicked is not waited for any more.
        self.sent().waiting_since = None;
        loop {
            let beating = async {
                if way.is_quiet().await
                    && let Err(error) = self.beat(&way).await
                {
                    tracing::warn!(stream = way.on.stream(), %error, "a heartbeat was not sent");
                }
                tokio::time::sleep(way.every).await;
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
    async fn beat(&self, way: &Way) -> Result<(), DbErr> {
        let Way { on, every, ref warehouse, .. } = *way;
        let mut landings = way.live.listen(NO_ASSIGNMENT);
        let id = Uuid::new_v4();
        let sent_at = way.send(id).await?;
        self.sent().waiting_since = Some(sent_at);
        loop {
            // Asked before the heartbeat is looked for: one that is not there then has been overtaken.
            let is_overtaken = on.is_overtaken(warehouse, sent_at).await;
            match on.has_landed(warehouse, id).await {
                Ok(true) => break,
                Ok(false) if is_overtaken && way.is_quiet().await => {
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
        let last = Some(Heartbeat { sent_at, took_ms: way.clock.now() - sent_at });
        *self.sent() = Sent { last, waiting_since: None };
        Ok(())
    }
}

/// The way of one stream's heartbeats.
#[derive(Clone)]
pub struct Way {
    /// The stream.
    pub on: Beating,
    /// A heartbeat is sent when nothing has landed for so long.
    pub every: Duration,
    /// Takes them.
    pub outbox: Outbox,
    /// Where they arrive.
    pub warehouse: Warehouse,
    /// Tells of loads.
    pub live: Live,
    /// The server's clock.
    pub clock: Clock,
}

impl Way {
    /// Whether nothing has landed for `every`. A warehouse that does not answer counts as quiet: a heartbeat that waits is
    /// what makes that visible. So does one whose last load lies in the future, because the clock was set back since.
    async fn is_quiet(&self) -> bool {
        let Ok(ends) = self.warehouse.stream_ends(self.on.stream().to_owned()).await else { return true };
        let quiet_for = |at: Millis| self.clock.now() - at;
        ends.loaded_at.is_none_or(|at| !(0..self.every.as_millis() as i64).contains(&quiet_for(at)))
    }

    /// Puts a heartbeat into the outbox, and returns when that was.
    async fn send(&self, id: Uuid) -> Result<Millis, DbErr> {
        let now = self.clock.now();
        match self.on {
            Beating::Answers => self.outbox.save(QUIZ_ANSWERS, now, &[AnswerRecord::heartbeat(id, now)]).await?,
            Beating::Catalog => self.outbox.save(QUIZ_CATALOG, now, &[CatalogRecord::heartbeat(id, now)]).await?,
        }
        Ok(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::for_tests::Room;
    use crate::lake::Lake;
    use crate::warehouse::Load;
    use crate::warehouse::duckdb::{self, Limits};

    #[tokio::test]
    async fn a_heartbeat_that_other_records_have_overtaken_is_given_up() {
        let room = Room::new().await;
        let limits = Limits { memory_mib: 128, threads: 1 };
        let warehouse = duckdb::open(&room.folder.path().join("w.duckdb"), limits).expect("a warehouse");
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
            now: room.clock.now() + 1,
        };
        warehouse.load(later, Arc::new(lake)).await.expect("loaded");
        let heartbeats = Heartbeats::default();
        let (outbox, live, clock) = (room.outbox.clone(), room.live.clone(), room.clock.clone());
        let way = Way { on: Beating::Answers, every: Duration::from_millis(1), outbox, warehouse, live, clock };
        // Nothing brings the heartbeat on: it would be waited for for ever.
        heartbeats.beat(&way).await.expect("sent");
        assert!(heartbeats.waiting_since().is_none() && heartbeats.last().is_none());
    }
}
