//! Loads, one at a time, and questions about the load history.
//!
//! Owns the order of a load: what it needs is fetched first, then it waits for its turn to write. Does not own COPY (`copy`).

use std::sync::Arc;

use app::api::pipeline::LoadRow;
use duckdb::{Connection, Row, params};

use super::database::Database;
use super::fold::fold;
use super::schema::columns_of;
use super::values::millis;
use super::{DuckDb, copy};
use crate::lake::Objects;
use crate::records::columns::Table;
use crate::warehouse::{Batch, Load, Loaded, Loads, ShardEnd, StreamEnds, WarehouseError};

#[async_trait::async_trait]
impl Loads for DuckDb {
    async fn load(&self, load: Load, lake: Arc<dyn Objects>) -> Result<Loaded, WarehouseError> {
        self.blocking(move |database| {
            if load.body.is_none() && lake.is_remote() && database.read(|reader| copy::is_loaded(reader, &load))? {
                return Ok(Loaded::Already);
            }
            let objects = copy::fetch(&load, &*lake)?;
            let loaded = database.write(|writer| copy::load(writer, &load, &objects))?;
            fold_now_and_then(database);
            Ok(loaded)
        })
        .await
    }

    async fn ensure_table(&self, table: Arc<Table>) -> Result<(), WarehouseError> {
        self.blocking(move |database| database.write(|writer| ensure_table(writer, &table))).await
    }

    async fn shard_end(&self, stream: String, shard: String) -> Result<ShardEnd, WarehouseError> {
        self.read(move |reader| {
            let mut statement = reader.prepare_cached(include_str!("sql/shard_end.sql"))?;
            let mut rows = statement.query(params![stream, shard])?;
            let Some(row) = rows.next()? else { return Ok(ShardEnd::default()) };
            Ok(ShardEnd { offset: row.get(0)?, checkpoint: row.get(1)? })
        })
        .await
    }

    async fn stream_ends(&self, stream: String) -> Result<StreamEnds, WarehouseError> {
        self.read(move |reader| {
            let mut statement = reader.prepare_cached(include_str!("sql/stream_ends.sql"))?;
            let mut rows = statement.query(params![stream])?;
            let mut ends = StreamEnds::default();
            while let Some(row) = rows.next()? {
                ends.by_shard.insert(row.get(0)?, row.get(1)?);
                ends.loaded_at = ends.loaded_at.max(millis(&row.get(2)?));
            }
            Ok(ends)
        })
        .await
    }

    async fn loads(&self, most: u32) -> Result<Vec<LoadRow>, WarehouseError> {
        self.read(move |reader| {
            reader
                .prepare_cached(include_str!("sql/loads.sql"))?
                .query_map(params![most], |row| {
                    Ok(LoadRow {
                        loaded_at: millis(&row.get(0)?).unwrap_or_default(),
                        stream: row.get(1)?,
                        records: row.get(2)?,
                        object_bytes: row.get(3)?,
                        copy_ms: row.get(4)?,
                        object: row.get(5)?,
                    })
                })?
                .collect()
        })
        .await
    }

    async fn history(&self, stream: String) -> Result<Vec<Batch>, WarehouseError> {
        self.read(move |reader| {
            let batch = |row: &Row<'_>| {
                Ok(Batch {
                    shard: row.get(0)?,
                    start: row.get(1)?,
                    end: row.get(2)?,
                    records: row.get(3)?,
                    object: row.get(4)?,
                })
            };
            reader.prepare_cached(include_str!("sql/history.sql"))?.query_map(params![stream], batch)?.collect()
        })
        .await
    }
}

/// Folds the load history, now and then. What was loaded is safe whatever becomes of this.
fn fold_now_and_then(database: &Database) {
    let folding = &database.folding;
    if folding.is_due()
        && let Err(error) = database.write(|writer| fold(writer, folding))
    {
        tracing::warn!(%error, "the load history was not folded");
    }
}

fn ensure_table(writer: &Connection, table: &Table) -> Result<(), WarehouseError> {
    writer.execute_batch(&table.create_statement())?;
    let found = columns_of(writer, &table.name)?;
    let expected: Vec<String> = table.columns.iter().map(|c| format!("{} {}", c.name, c.kind.sql())).collect();
    if found == expected {
        return Ok(());
    }
    let (found, expected) = (found.join(", "), expected.join(", "));
    Err(WarehouseError::OtherColumns { table: table.name.clone(), found, expected })
}
