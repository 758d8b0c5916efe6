//! Questions about what has landed.
//!
//! Owns the SQL.

use std::collections::{BTreeMap, HashSet};

use duckdb::{Row, params};

use super::DuckDb;
use crate::warehouse::{Books, Landed, Landings, Tally, WarehouseError};

#[async_trait::async_trait]
impl Landings for DuckDb {
    async fn landed(&self, assignment: i64, accepted_seq: i64) -> Result<Landed, WarehouseError> {
        self.read(move |reader| {
            reader
                .prepare_cached(include_str!("sql/landed.sql"))?
                .query_map(params![assignment, accepted_seq], |row| {
                    Ok((row.get(0)?, Tally { records: row.get(1)?, numbers: row.get(2)? }))
                })?
                .collect()
        })
        .await
    }

    async fn landed_records(&self, assignment: i64, from: i64) -> Result<HashSet<String>, WarehouseError> {
        self.read(move |reader| {
            let mut statement = reader.prepare_cached(include_str!("sql/landed_records.sql"))?;
            statement.query_map(params![assignment, from], |row| row.get(0))?.collect()
        })
        .await
    }

    async fn books(&self) -> Result<BTreeMap<i64, Books>, WarehouseError> {
        self.read(|reader| {
            let books = |row: &Row<'_>| {
                let books =
                    Books { answers: row.get(1)?, numbers: row.get(2)?, choices: row.get(3)?, elapsed_ms: row.get(4)? };
                Ok((row.get(0)?, books))
            };
            reader.prepare_cached(include_str!("sql/books.sql"))?.query_map([], books)?.collect()
        })
        .await
    }

    async fn has_answer(&self, assignment: i64, record_id: String) -> Result<bool, WarehouseError> {
        self.has_any(include_str!("sql/record_landed.sql"), (assignment, record_id)).await
    }

    async fn has_catalog_record(&self, record_id: String) -> Result<bool, WarehouseError> {
        self.has_any(include_str!("sql/catalog_record_landed.sql"), [record_id]).await
    }

    async fn has_heartbeat(&self, stream: &'static str, record_id: String) -> Result<bool, WarehouseError> {
        self.has_any(include_str!("sql/heartbeat_landed.sql"), (stream, record_id)).await
    }
}

impl DuckDb {
    /// Whether a statement that counts rows counts any.
    async fn has_any(
        &self,
        sql: &'static str,
        parameters: impl duckdb::Params + Send + 'static,
    ) -> Result<bool, WarehouseError> {
        let count =
            self.read(move |reader| reader.prepare_cached(sql)?.query_row(parameters, |row| row.get::<_, i64>(0)));
        Ok(count.await? > 0)
    }
}
