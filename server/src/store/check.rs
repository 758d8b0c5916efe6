//! A commit for its own sake: whether the store can be written, shown by writing.
//!
//! Owns the one row of the table `store_check`, and that however often somebody asks, one commit a second is made. Does
//! not own who asks.

use std::time::{Duration, Instant};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DbErr, EntityTrait};

use super::Store;
use super::tables::store_check;
use crate::clock::Clock;

/// How long a result stands. Anybody may ask, and each check costs a flush to disk.
const STANDS_FOR: Duration = Duration::from_secs(1);
/// The one row.
const ROW: i64 = 1;

/// When the last check was made, and what it found.
#[derive(Default)]
pub(super) struct Checks(tokio::sync::Mutex<Option<(Instant, Result<(), String>)>>);

impl Checks {
    pub(super) async fn check(&self, store: &Store, clock: &Clock) -> Result<(), String> {
        let mut last = self.0.lock().await;
        if let Some((at, found)) = last.as_ref().filter(|(at, _)| at.elapsed() < STANDS_FOR) {
            tracing::trace!(?at, "a check of the store still stands");
            return found.clone();
        }
        let found = write_and_read(store, clock.now()).await;
        *last = Some((Instant::now(), found.clone()));
        found
    }
}

async fn write_and_read(store: &Store, number: i64) -> Result<(), String> {
    write(store, number).await.map_err(|error| error.to_string())?;
    let row = store_check::Entity::find_by_id(ROW).one(&store.read).await.map_err(|error| error.to_string())?;
    match row {
        // Another process that checks the same store may have written since.
        Some(row) if row.number >= number => Ok(()),
        _ => Err("a commit was answered with success, and cannot be read".to_owned()),
    }
}

async fn write(store: &Store, number: i64) -> Result<(), DbErr> {
    let tx = store.begin().await?;
    let row = store_check::ActiveModel { id: Set(ROW), number: Set(number) };
    let newer = OnConflict::column(store_check::Column::Id).update_column(store_check::Column::Number).to_owned();
    store_check::Entity::insert(row).on_conflict(newer).exec_without_returning(&*tx).await?;
    tx.commit().await
}
