//! The outbox: records that are saved and that the gateway has not acknowledged.
//!
//! Owns the rows, the wake-up of the relays, and the form of the two kinds of records that the server itself makes: answers
//! and the catalog. A row is written in the transaction that it speaks of, and is removed only when the gateway has
//! acknowledged its record. Does not own what becomes of a record at the gateway.

mod again;
mod catalog;
mod record;
mod relay;

pub use catalog::CatalogRecord;
pub(crate) use catalog::label;
pub use record::AnswerRecord;
pub use relay::{Relay, RelayHealth};

use std::sync::Arc;

use app::api::Millis;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use tokio::sync::watch;

use crate::store::Store;
use crate::store::tables::outbox::{ActiveModel, Column, Entity, Model};

/// What waits in the outbox for one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Records.
    pub records: u64,
    /// When the oldest was accepted.
    pub oldest: Option<Millis>,
}

/// The queue. Clones share.
#[derive(Clone)]
pub struct Outbox {
    store: Store,
    /// Counts transactions that wrote records; each relay follows it.
    written: Arc<watch::Sender<u64>>,
}

impl Outbox {
    /// The outbox of a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, written: Arc::new(watch::Sender::new(0)) }
    }

    /// Writes records within the caller's transaction and returns their running numbers, in the same order. The caller calls
    /// [`Outbox::wake`] once the transaction has committed.
    ///
    /// # Errors
    /// If the transactional store does not take them.
    pub async fn write<C: ConnectionTrait>(
        &self,
        tx: &C,
        stream: &str,
        accepted_at: Millis,
        records: &[impl Serialize],
    ) -> Result<Vec<i64>, DbErr> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = Vec::with_capacity(records.len());
        for record in records {
            let payload = serde_json::to_string(record).map_err(|e| DbErr::Custom(e.to_string()))?;
            rows.push(ActiveModel {
                accepted_seq: NotSet,
                stream: Set(stream.to_owned()),
                payload: Set(payload),
                accepted_at: Set(accepted_at),
            });
        }
        let mut numbers = Entity::insert_many(rows).exec_with_returning_keys(tx).await?;
        // Numbers rise in the order of the VALUES; the order of RETURNING is not promised.
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Writes records in a transaction of its own.
    ///
    /// # Errors
    /// If the transactional store does not take them.
    pub async fn save(&self, stream: &str, accepted_at: Millis, records: &[impl Serialize]) -> Result<(), DbErr> {
        let tx = self.store.begin().await?;
        self.write(&*tx, stream, accepted_at, records).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    /// Tells the relays that a transaction with records has committed.
    pub fn wake(&self) {
        self.written.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn follow(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    /// The oldest records of a stream.
    async fn head(&self, stream: &str, most: u64) -> Result<Vec<Model>, DbErr> {
        Entity::find()
            .filter(Column::Stream.eq(stream))
            .order_by_asc(Column::AcceptedSeq)
            .limit(most)
            .all(&self.store.read)
            .await
    }

    /// Removes records that the gateway has acknowledged.
    async fn acknowledge(&self, numbers: &[i64]) -> Result<(), DbErr> {
        let Some((first, last)) = numbers.first().zip(numbers.last()) else { return Ok(()) };
        let contiguous = last - first + 1 == numbers.len() as i64;
        let these = if contiguous {
            Column::AcceptedSeq.between(*first, *last)
        } else {
            Column::AcceptedSeq.is_in(numbers.iter().copied())
        };
        let tx = self.store.begin().await?;
        Entity::delete_many().filter(these).exec(&*tx).await?;
        tx.commit().await
    }

    /// Whether a record of `stream` waits whose running number is `last` or lower.
    ///
    /// # Errors
    /// If the transactional store does not answer.
    pub async fn holds_up_to(&self, stream: &str, last: i64) -> Result<bool, DbErr> {
        Ok(self.head(stream, 1).await?.first().is_some_and(|row| row.accepted_seq <= last))
    }

    /// Writes records that had running numbers before, within the caller's transaction. Those that wait already are
    /// left alone.
    async fn write_again<C: ConnectionTrait>(&self, tx: &C, rows: &[Model]) -> Result<(), DbErr> {
        if rows.is_empty() {
            return Ok(());
        }
        let rows = rows.iter().map(|row| ActiveModel {
            accepted_seq: Set(row.accepted_seq),
            stream: Set(row.stream.clone()),
            payload: Set(row.payload.clone()),
            accepted_at: Set(row.accepted_at),
        });
        let known = OnConflict::column(Column::AcceptedSeq).do_nothing().to_owned();
        Entity::insert_many(rows).on_conflict(known).exec_without_returning(tx).await.map(|_| ())
    }

    /// What waits for `stream`.
    ///
    /// # Errors
    /// If the transactional store does not answer.
    pub async fn waiting(&self, stream: &str) -> Result<Waiting, DbErr> {
        let records = Entity::find().filter(Column::Stream.eq(stream)).count(&self.store.read).await?;
        let oldest = self.head(stream, 1).await?.first().map(|row| row.accepted_at);
        Ok(Waiting { records, oldest })
    }
}
