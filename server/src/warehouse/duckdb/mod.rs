//! DuckDB in this process, as the warehouse.
//!
//! Owns the tables, COPY, the load history and every SQL text that reads them. A load is all or nothing, and loads are serial
//! because one connection does all of them. The SQL stays within what Redshift accepts, where it can.

mod aside;
mod assignment;
mod copy;
mod database;
mod fold;
mod history;
mod landed;
mod schema;
mod sent;
mod values;

use std::path::Path;
use std::sync::Arc;

use duckdb::Connection;

pub use aside::{RebuildOwed, open_or_set_aside};
#[cfg(test)]
pub(crate) use schema::TABLES;

use self::database::Database;
use super::{Engine, Warehouse, WarehouseError};

/// How much of the machine DuckDB may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Threads.
    pub threads: u32,
}

/// Opens, or creates, the database file at `path` and its tables.
///
/// # Errors
/// If the file cannot be opened, is locked by another process, or was written by a later version.
pub fn open(path: &Path, limits: Limits) -> Result<Warehouse, WarehouseError> {
    Ok(Arc::new(DuckDb(Arc::new(Database::open(path, limits)?))))
}

/// The engine: the one database.
struct DuckDb(Arc<Database>);

impl DuckDb {
    /// Does something with the database that may wait for disks, off the async threads, to its end.
    async fn blocking<T, F>(&self, work: F) -> Result<T, WarehouseError>
    where
        T: Send + 'static,
        F: FnOnce(&Database) -> Result<T, WarehouseError> + Send + 'static,
    {
        let database = Arc::clone(&self.0);
        match tokio::task::spawn_blocking(move || work(&database)).await {
            Ok(done) => done,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(WarehouseError::Stopped),
        }
    }

    /// Runs `ask` on a connection of its own. One statement sees one snapshot; no question here needs two.
    async fn read<T, F>(&self, ask: F) -> Result<T, WarehouseError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, duckdb::Error> + Send + 'static,
    {
        self.blocking(move |database| database.read(ask)).await
    }
}

#[async_trait::async_trait]
impl Engine for DuckDb {
    async fn ping(&self) -> Result<(), WarehouseError> {
        self.read(|reader| reader.query_row("SELECT 1", [], |_| Ok(()))).await
    }
}

impl From<duckdb::Error> for WarehouseError {
    fn from(error: duckdb::Error) -> Self {
        Self::Engine(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> (Warehouse, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = Limits { memory_mib: 128, threads: 1 };
        (open(&folder.path().join("w.duckdb"), limits).expect("opened"), folder)
    }

    crate::warehouse::suite::warehouse_suite!(opened);
}
