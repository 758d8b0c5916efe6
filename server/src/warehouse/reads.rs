//! Questions that other rooms ask of the warehouse, but for those about what counts of one assignment (`class`). Each runs
//! one or more of the SQL files beside it.
//!
//! Owns the rows that these return. Does not own what they are used for.

use std::collections::{BTreeMap, HashMap, HashSet};

use app::api::Millis;
use duckdb::types::{TimeUnit, Value};
use duckdb::{Row, params};

use super::{Warehouse, WarehouseError};

/// Some records: how many, and the sum of their running numbers. The records of one attempt that have been accepted and
/// those that have landed are the same if their tallies are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Distinct records.
    pub records: i64,
    /// Sum of their running numbers.
    pub numbers: i64,
}

/// What has landed of one assignment, by attempt. Includes every row with the assignment's id, and so the rows of other
/// producers: the caller keeps the attempts that it knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Landed(HashMap<String, Tally>);

impl Landed {
    /// What has landed of one attempt.
    #[must_use]
    pub fn of(&self, attempt: &str) -> Tally {
        self.0.get(attempt).copied().unwrap_or_default()
    }

    /// The attempts of which anything has landed.
    pub fn attempts(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Takes in one attempt.
    pub(super) fn insert(&mut self, attempt: String, tally: Tally) {
        self.0.insert(attempt, tally);
    }

    /// Records of all attempts.
    #[must_use]
    pub fn records(&self) -> i64 {
        self.0.values().map(|tally| tally.records).sum()
    }
}

impl FromIterator<(String, Tally)> for Landed {
    fn from_iter<I: IntoIterator<Item = (String, Tally)>>(attempts: I) -> Self {
        Self(attempts.into_iter().collect())
    }
}

/// One row of the load history.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedRow {
    /// When it was committed.
    pub loaded_at: Millis,
    /// Delivery stream.
    pub stream: String,
    /// Rows.
    pub records: i64,
    /// Compressed size.
    pub object_bytes: i64,
    /// Duration of the COPY.
    pub copy_ms: f64,
    /// Key of the object.
    pub object: String,
}

/// One batch, as the load history has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Shard of the stream.
    pub shard: String,
    /// First record.
    pub start: u64,
    /// One past the last.
    pub end: u64,
    /// Rows that it brought.
    pub records: u64,
    /// Key of its object.
    pub object: String,
}

/// Some answers of one assignment: how many, and sums that two stores have in common if the answers are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// Distinct answers.
    pub answers: i64,
    /// Sum of their running numbers.
    pub numbers: i64,
    /// Sum of the numbers of their choices; none counts as 0.
    pub choices: i64,
    /// Sum of their times, in milliseconds.
    pub elapsed_ms: i64,
}

/// How far a stream has landed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamEnds {
    /// For each shard, one past the last offset that has landed.
    pub by_shard: BTreeMap<String, u64>,
    /// When something landed last.
    pub loaded_at: Option<Millis>,
}

/// How far one shard has landed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShardEnd {
    /// One past the last offset that has landed.
    pub offset: u64,
    /// What the source calls the record before.
    pub checkpoint: Option<String>,
}

impl Warehouse {
    /// What has landed of `assignment`, among what was accepted up to `accepted_seq`.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn landed(&self, assignment: i64, accepted_seq: i64) -> Result<Landed, WarehouseError> {
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

    /// Whether an answer, a heartbeat perhaps, is there.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn has_answer(&self, assignment: i64, record_id: String) -> Result<bool, WarehouseError> {
        self.has_any(include_str!("sql/record_landed.sql"), (assignment, record_id)).await
    }

    /// Whether a record of the catalog, a heartbeat perhaps, is there.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn has_catalog_record(&self, record_id: String) -> Result<bool, WarehouseError> {
        self.has_any(include_str!("sql/catalog_record_landed.sql"), [record_id]).await
    }

    /// Whether a heartbeat is there that came in a batch of heartbeats alone. Any other is a row of its stream's table.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn has_heartbeat(&self, stream: &'static str, record_id: String) -> Result<bool, WarehouseError> {
        self.has_any(include_str!("sql/heartbeat_landed.sql"), (stream, record_id)).await
    }

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

    /// The newest loads of all streams, those of heartbeats left out.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn loads(&self, most: u32) -> Result<Vec<LoadedRow>, WarehouseError> {
        self.read(move |reader| {
            reader
                .prepare_cached(include_str!("sql/loads.sql"))?
                .query_map(params![most], |row| {
                    Ok(LoadedRow {
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

    /// Every batch of a stream that was loaded, by shard and range.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn history(&self, stream: String) -> Result<Vec<Batch>, WarehouseError> {
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

    /// The answers of each assignment, summed up.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn books(&self) -> Result<BTreeMap<i64, Books>, WarehouseError> {
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

    /// The answers of an assignment that have landed, among those with a running number of `from` or more.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn landed_records(&self, assignment: i64, from: i64) -> Result<HashSet<String>, WarehouseError> {
        self.read(move |reader| {
            let mut statement = reader.prepare_cached(include_str!("sql/landed_records.sql"))?;
            statement.query_map(params![assignment, from], |row| row.get(0))?.collect()
        })
        .await
    }

    /// How far one shard of `stream` has landed.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn shard_end(&self, stream: String, shard: String) -> Result<ShardEnd, WarehouseError> {
        self.read(move |reader| {
            let mut statement = reader.prepare_cached(include_str!("sql/shard_end.sql"))?;
            let mut rows = statement.query(params![stream, shard])?;
            let Some(row) = rows.next()? else { return Ok(ShardEnd::default()) };
            Ok(ShardEnd { offset: row.get(0)?, checkpoint: row.get(1)? })
        })
        .await
    }

    /// How far `stream` has landed.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn stream_ends(&self, stream: String) -> Result<StreamEnds, WarehouseError> {
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
}

/// A TIMESTAMP in milliseconds.
pub(super) fn millis(value: &Value) -> Option<Millis> {
    match value {
        Value::Timestamp(TimeUnit::Second, t) => Some(t * 1_000),
        Value::Timestamp(TimeUnit::Millisecond, t) => Some(*t),
        Value::Timestamp(TimeUnit::Microsecond, t) => Some(t / 1_000),
        Value::Timestamp(TimeUnit::Nanosecond, t) => Some(t / 1_000_000),
        _ => None,
    }
}
