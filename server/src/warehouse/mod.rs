//! The warehouse: DuckDB in this process.
//!
//! Owns the tables, COPY, the load history and every SQL text that reads them. Does not own grading: keys come from
//! the room that asks. A load is all or nothing, and COPY is serial because one connection does all of it.

mod aside;
mod class;
mod copy;
mod database;
mod fold;
mod own;
mod reads;

use std::path::Path;
use std::sync::Arc;

use duckdb::Connection;

pub use aside::RebuildOwed;
pub use class::{Cell, ChoiceCount, CountedAnswer, CountedAttempt, Counting, StudentAnswerRow, Totals};
pub use copy::{Load, Loaded};
pub use fold::{FOLDED, is_folded};
pub use own::{Closed, Highest, KINDS, Ruled, RuledVersion, SentAnswer, SentAttempt};
pub use reads::{Batch, Books, Landed, LoadedRow, ShardEnd, StreamEnds, Tally};

use self::database::Database;
use crate::lake::Objects;
use crate::records::columns::Table;

pub(crate) const SCHEMA: &str = include_str!("sql/schema.sql");
const VIEWS: &str = include_str!("sql/views.sql");
/// Columns that came later: table, column, and what adds it.
const ADDED: [(&str, &str, &str); 4] = [
    ("load_history", "checkpoint", include_str!("sql/add_checkpoint.sql")),
    ("quiz_catalog", "is_void", include_str!("sql/add_is_void.sql")),
    ("quiz_answers", "producer", include_str!("sql/add_answers_producer.sql")),
    ("quiz_catalog", "producer", include_str!("sql/add_catalog_producer.sql")),
];

/// Why the warehouse did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    /// DuckDB said no.
    #[error("the warehouse answered: {0}")]
    Sql(#[from] duckdb::Error),
    /// The manifest is not one, or names what is not there.
    #[error("manifest {manifest}: {problem}")]
    Manifest {
        /// Where it lies.
        manifest: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A range that the load history knows in part.
    #[error("{start}..{end} of {stream}/{shard} overlaps {known_start}..{known_end}, which has been loaded already")]
    Overlap {
        /// Delivery stream.
        stream: String,
        /// Shard of it.
        shard: String,
        /// First record of the range.
        start: u64,
        /// One past its last.
        end: u64,
        /// First record of the range that was loaded.
        known_start: u64,
        /// One past its last.
        known_end: u64,
    },
    /// A table of the configuration is there with other columns.
    #[error("the table {table} has the columns {found}, the configuration says {expected}; choose another table")]
    OtherColumns {
        /// Which table.
        table: String,
        /// What it has.
        found: String,
        /// What it should have.
        expected: String,
    },
    /// DuckDB trusts itself no more after a failure, and has not been opened anew yet.
    #[error("the warehouse is being opened again after a failure: {0}")]
    Reopening(String),
    /// Damaged files could not be set aside, or the mark of that could not be written or removed.
    #[error("the warehouse's damaged files cannot be set aside: {0}")]
    Files(#[from] std::io::Error),
    /// The task that should have asked was stopped.
    #[error("the warehouse is shutting down")]
    Stopped,
}

/// How much of the machine DuckDB may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Threads.
    pub threads: u32,
}

/// A handle on the one database. Cheap to clone.
#[derive(Clone)]
pub struct Warehouse(Arc<Database>);

impl Warehouse {
    /// Opens, or creates, the database file at `path` and its tables.
    ///
    /// # Errors
    /// If the file cannot be opened, or is locked by another process.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, WarehouseError> {
        Ok(Self(Arc::new(Database::open(path, limits)?)))
    }

    /// Brings one manifest's rows in, together with its row in the load history, in one transaction. A range that the
    /// history already knows is left alone. What the manifest names is fetched before it is this load's turn to write, so
    /// that a slow download holds up no other stream.
    ///
    /// Blocks until the transaction is on disk.
    ///
    /// # Errors
    /// Nothing has changed if there is one.
    pub fn load(&self, load: &Load, lake: &dyn Objects) -> Result<Loaded, WarehouseError> {
        if load.body.is_none() && lake.is_remote() && self.0.read(|reader| copy::is_loaded(reader, load))? {
            return Ok(Loaded::Already);
        }
        let objects = copy::fetch(load, lake)?;
        let loaded = self.0.write(|writer| copy::load(writer, load, &objects))?;
        self.fold_now_and_then();
        Ok(loaded)
    }

    /// Makes a stream's table if it is not there.
    ///
    /// # Errors
    /// If it is there with other columns.
    pub fn ensure_table(&self, table: &Table) -> Result<(), WarehouseError> {
        self.0.write(|writer| {
            writer.execute_batch(&table.create_statement())?;
            let found = columns_of(writer, &table.name)?;
            let expected: Vec<String> = table.columns.iter().map(|c| format!("{} {}", c.name, c.kind.sql())).collect();
            if found == expected {
                return Ok(());
            }
            let (found, expected) = (found.join(", "), expected.join(", "));
            Err(WarehouseError::OtherColumns { table: table.name.clone(), found, expected })
        })
    }

    /// Whether it answers at all.
    ///
    /// # Errors
    /// If it does not.
    pub async fn ping(&self) -> Result<(), WarehouseError> {
        self.read(|reader| reader.query_row("SELECT 1", [], |_| Ok(()))).await
    }

    /// Runs `ask` on a connection of its own, off the async threads. One statement sees one snapshot; no question here
    /// needs two.
    async fn read<T, F>(&self, ask: F) -> Result<T, WarehouseError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, duckdb::Error> + Send + 'static,
    {
        let database = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || database.read(ask)).await.map_err(|_| WarehouseError::Stopped)?
    }
}

/// A table's columns in their order, each with its type.
fn columns_of(connection: &Connection, table: &str) -> Result<Vec<String>, duckdb::Error> {
    connection.prepare(include_str!("sql/columns.sql"))?.query_map([table], |row| row.get(0))?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_warehouse_of_an_older_version_is_brought_up_to_date_and_keeps_its_rows() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("w.duckdb");
        let old = Connection::open(&path).expect("made");
        // Every later column is nullable; without its comment, the comma before it goes with it.
        let lines = SCHEMA.lines().map(|line| line.split("--").next().unwrap_or_default().trim_end());
        let is_later = |line: &str| ADDED.iter().any(|(_, column, _)| line.trim_start().starts_with(column));
        let old_schema: Vec<&str> = lines.filter(|line| !is_later(line)).collect();
        let old_schema = old_schema.join("\n").replace(",\n)", "\n)");
        assert!(ADDED.iter().all(|(_, column, _)| !old_schema.contains(column)), "{old_schema}");
        old.execute_batch(&old_schema).expect("its tables");
        let row = "INSERT INTO load_history VALUES ('s', 'x', 0, 7, 7, 1, 'o', 'm', 1.5, CURRENT_TIMESTAMP)";
        old.execute_batch(row).expect("a load");
        drop(old);
        for _ in 0..2 {
            let warehouse = Warehouse::open(&path, Limits { memory_mib: 128, threads: 1 }).expect("opened");
            let end = warehouse.shard_end("s".to_owned(), "x".to_owned()).await.expect("its end");
            assert_eq!(end, ShardEnd { offset: 7, checkpoint: None });
        }
    }
}
