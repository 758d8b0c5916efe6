//! The warehouse: DuckDB in this process.
//!
//! Owns the tables, COPY, the load history and every SQL text that reads them. Does not own grading: keys come from
//! the room that asks. A load is all or nothing, and COPY is serial because one connection does all of it.

mod class;
pub mod columns;
mod copy;
pub mod fit;
mod reads;

use std::path::Path;
use std::sync::{Arc, Mutex};

use duckdb::{Config, Connection};

pub use class::{Cell, ChoiceCount, CountedAnswer, CountedAttempt, Counting, StudentAnswerRow, Totals};
pub use copy::{Load, Loaded, LocalFile, Objects};
pub(crate) use copy::{millis_of, sql_timestamp};
pub use reads::{Batch, Books, Landed, LoadedRow, ShardEnd, StreamEnds, Tally};

use self::columns::Table;

const SCHEMA: &str = include_str!("sql/schema.sql");
const VIEWS: &str = include_str!("sql/views.sql");
/// Statements that a connection keeps planned: results of each quiz and rule are one.
const KEPT_STATEMENTS: usize = 256;
/// Columns that came later: table, column, and what adds it.
const ADDED: [(&str, &str, &str); 2] = [
    ("load_history", "checkpoint", include_str!("sql/add_checkpoint.sql")),
    ("quiz_catalog", "is_void", include_str!("sql/add_is_void.sql")),
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
    /// Some thread panicked while it held the connection; the process should be restarted.
    #[error("the warehouse connection was lost to an earlier failure; restart the server")]
    Poisoned,
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
pub struct Warehouse(Arc<Inner>);

struct Inner {
    /// All writes. Whoever holds it runs the only COPY.
    writer: Mutex<Connection>,
    /// Idle connections for reads; each sees the last commit.
    readers: Mutex<Vec<Connection>>,
}

impl Warehouse {
    /// Opens, or creates, the database file at `path` and its tables.
    ///
    /// # Errors
    /// If the file cannot be opened, or is locked by another process.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, WarehouseError> {
        let config = Config::default()
            .max_memory(&format!("{}MiB", limits.memory_mib))?
            .threads(i64::from(limits.threads))?
            .enable_autoload_extension(false)?
            // It asks for the first row of each record by row number, without the ranges that the filter on the assignment
            // had: the whole table is read once more (DuckDB 1.5.6; 31 instead of 8 ms among 40 million rows). The price is paid
            // by a single assignment of a district: 9.0 instead of 5.7 s for 4 million answers.
            .with("disabled_optimizers", "top_n_window_elimination")?;
        let writer = Connection::open_with_flags(path, config)?;
        writer.execute_batch(SCHEMA)?;
        for (table, column, add) in ADDED {
            // Not `ADD COLUMN IF NOT EXISTS`, which Redshift lacks.
            let is_there = |found: &String| found.split(' ').next() == Some(column);
            if !columns_of(&writer, table)?.iter().any(is_there) {
                writer.execute_batch(add)?;
            }
        }
        writer.execute_batch(VIEWS)?;
        let inner = Inner { writer: Mutex::new(writer), readers: Mutex::default() };
        Ok(Self(Arc::new(inner)))
    }

    /// Brings one manifest's rows in, together with its row in the load history, in one transaction. A range that the
    /// history already knows is left alone.
    ///
    /// Blocks until the transaction is on disk.
    ///
    /// # Errors
    /// Nothing has changed if there is one.
    pub fn load(&self, load: &Load, lake: &dyn Objects) -> Result<Loaded, WarehouseError> {
        let mut writer = self.0.writer.lock().map_err(|_| WarehouseError::Poisoned)?;
        copy::load(&mut writer, load, lake)
    }

    /// Makes a stream's table if it is not there.
    ///
    /// # Errors
    /// If it is there with other columns.
    pub fn ensure_table(&self, table: &Table) -> Result<(), WarehouseError> {
        let writer = self.0.writer.lock().map_err(|_| WarehouseError::Poisoned)?;
        writer.execute_batch(&table.create_statement())?;
        let found = columns_of(&writer, &table.name)?;
        let expected: Vec<String> = table.columns.iter().map(|c| format!("{} {}", c.name, c.kind.sql())).collect();
        if found == expected {
            return Ok(());
        }
        let (found, expected) = (found.join(", "), expected.join(", "));
        Err(WarehouseError::OtherColumns { table: table.name.clone(), found, expected })
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
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || inner.read(ask)).await.map_err(|_| WarehouseError::Stopped)?
    }
}

/// A table's columns in their order, each with its type.
fn columns_of(connection: &Connection, table: &str) -> Result<Vec<String>, duckdb::Error> {
    connection.prepare(include_str!("sql/columns.sql"))?.query_map([table], |row| row.get(0))?.collect()
}

impl Inner {
    fn read<T>(&self, ask: impl FnOnce(&Connection) -> Result<T, duckdb::Error>) -> Result<T, WarehouseError> {
        let reader = self.reader()?;
        let answer = ask(&reader)?;
        // A connection that failed is dropped instead.
        self.readers.lock().map_err(|_| WarehouseError::Poisoned)?.push(reader);
        Ok(answer)
    }

    fn reader(&self) -> Result<Connection, WarehouseError> {
        let idle = self.readers.lock().map_err(|_| WarehouseError::Poisoned)?.pop();
        match idle {
            Some(reader) => Ok(reader),
            None => Ok(self.writer_clone()?),
        }
    }

    fn writer_clone(&self) -> Result<Connection, WarehouseError> {
        let reader = self.writer.lock().map_err(|_| WarehouseError::Poisoned)?.try_clone()?;
        reader.set_prepared_statement_cache_capacity(KEPT_STATEMENTS);
        Ok(reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_warehouse_of_an_older_version_is_brought_up_to_date_and_keeps_its_rows() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("w.duckdb");
        let old = Connection::open(&path).expect("made");
        let old_schema = SCHEMA.replace("NOT NULL,\n    checkpoint   VARCHAR(256)", "NOT NULL");
        assert_ne!(old_schema, SCHEMA);
        let older_schema = old_schema.replace("closed_at    TIMESTAMP,", "closed_at    TIMESTAMP");
        let older_schema: Vec<&str> = older_schema.lines().filter(|line| !line.contains("is_void")).collect();
        let old_schema = older_schema.join("\n");
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
