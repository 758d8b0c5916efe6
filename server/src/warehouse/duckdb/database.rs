//! DuckDB in this process, and how it comes back after a failure.
//!
//! A write that fails may leave a connection inside a transaction that can neither go on nor end, and one failed write of a
//! checkpoint makes DuckDB refuse everything until it is opened anew. So a connection that failed is closed and never used
//! again; the next one shows whether the database itself is sound, and if it is not, every connection is closed and the
//! file is opened anew. What has been committed is there then.
//!
//! Owns the connections: one that writes, and idle ones that read. Does not own what is asked over them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use duckdb::{Config, Connection};

use super::fold::Folding;
use super::{Limits, schema};
use crate::warehouse::WarehouseError;

/// Statements that a connection keeps planned: results of each quiz and rule are one.
const KEPT_STATEMENTS: usize = 256;
/// So much of the write-ahead log is written before it goes into the tables. With DuckDB's 16 MB a busy stream has each group
/// of rows written about twice: landing is 5 to 7 % slower, and p99 at 20,000 answers a second 200 instead of 100 ms. Much
/// more would take memory that the server is to stay within, and a start after a crash longer.
const CHECKPOINT_AFTER: &str = "64MB";
/// The file is opened anew at most this often.
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// The database file, open or about to be.
pub(super) struct Database {
    path: PathBuf,
    limits: Limits,
    /// Absent between a failure and the try that succeeds.
    open: RwLock<Option<Arc<Opened>>>,
    /// When it was last tried to open it anew.
    tried: Mutex<Option<Instant>>,
    /// How often it was opened.
    generation: AtomicU64,
    pub folding: Folding,
}

/// One time that the file was opened.
struct Opened {
    /// Makes every other connection. Never asks anything itself, so that no failure of a question is its own.
    root: Mutex<Connection>,
    /// All writes. Whoever holds it runs the only COPY. Absent after a failure.
    writer: Mutex<Option<Connection>>,
    /// Idle connections for reads; each sees the last commit.
    readers: Mutex<Vec<Connection>>,
    /// What it failed with, once it cannot be trusted.
    failure: Mutex<Option<String>>,
}

impl Database {
    pub fn open(path: &Path, limits: Limits) -> Result<Self, WarehouseError> {
        Ok(Self {
            path: path.to_owned(),
            limits,
            open: RwLock::new(Some(Arc::new(Opened::new(path, limits)?))),
            tried: Mutex::default(),
            generation: AtomicU64::new(1),
            folding: Folding::default(),
        })
    }

    /// Writes, one at a time. After an error, whoever's, the connection is never used again: a transaction may be open on it.
    pub fn write<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, WarehouseError>,
    ) -> Result<T, WarehouseError> {
        let opened = self.opened()?;
        let mut slot = lock(&opened.writer);
        // Taken out, so that a panic in between closes it.
        let mut writer = match slot.take() {
            Some(writer) => writer,
            None => opened.connection()?,
        };
        let done = work(&mut writer);
        if done.is_ok() {
            *slot = Some(writer);
            return done;
        }
        drop(writer);
        if matches!(done, Err(WarehouseError::Engine(_))) {
            opened.look();
        }
        done
    }

    /// Reads. A connection that failed is closed.
    pub fn read<T>(&self, ask: impl FnOnce(&Connection) -> Result<T, duckdb::Error>) -> Result<T, WarehouseError> {
        let opened = self.opened()?;
        let idle = lock(&opened.readers).pop();
        let reader = match idle {
            Some(reader) => reader,
            None => opened.connection()?,
        };
        let answer = ask(&reader);
        match answer {
            Ok(answer) => {
                lock(&opened.readers).push(reader);
                Ok(answer)
            }
            Err(error) => {
                drop(reader);
                opened.look();
                Err(error.into())
            }
        }
    }

    /// The file as it is open, after it was opened anew if it had failed.
    fn opened(&self) -> Result<Arc<Opened>, WarehouseError> {
        let current = self.open.read().unwrap_or_else(PoisonError::into_inner).clone();
        // Whoever holds on to a database that failed keeps it from being opened anew, so that nobody does who asks for it.
        match current.filter(|opened| lock(&opened.failure).is_none()) {
            Some(opened) => Ok(opened),
            None => self.reopen(),
        }
    }

    fn reopen(&self) -> Result<Arc<Opened>, WarehouseError> {
        let mut tried = lock(&self.tried);
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let mut reason = "it could not be opened".to_owned();
        if let Some(opened) = open.take() {
            // Somebody else may have been faster.
            let Some(failure) = lock(&opened.failure).clone() else {
                return Ok(Arc::clone(open.insert(opened)));
            };
            reason = failure;
            // Questions that are still under way fail soon. Only one instance may have the file.
            if let Err(opened) = Arc::try_unwrap(opened) {
                *open = Some(opened);
                return Err(WarehouseError::Reopening(reason));
            }
        }
        if tried.is_some_and(|at| at.elapsed() < BETWEEN_TRIES) {
            return Err(WarehouseError::Reopening(reason));
        }
        *tried = Some(Instant::now());
        let opened = Arc::new(Opened::new(&self.path, self.limits)?);
        *open = Some(Arc::clone(&opened));
        let generation = self.generation.fetch_add(1, Ordering::AcqRel) + 1;
        tracing::warn!(path = %self.path.display(), generation, reason, "the warehouse has been opened anew");
        Ok(opened)
    }
}

impl Opened {
    fn new(path: &Path, limits: Limits) -> Result<Self, WarehouseError> {
        let config = Config::default()
            .max_memory(&format!("{}MiB", limits.memory_mib))?
            .threads(i64::from(limits.threads))?
            .enable_autoload_extension(false)?
            .with("checkpoint_threshold", CHECKPOINT_AFTER)?
            // It asks for the first row of each record by row number, without the ranges that the filter on the assignment
            // had: the whole table is read once more (DuckDB 1.5.6; 31 instead of 8 ms among 40 million rows). The price is paid
            // by a single assignment of a district: 9.0 instead of 5.7 s for 4 million answers.
            .with("disabled_optimizers", "top_n_window_elimination")?;
        let mut root = Connection::open_with_flags(path, config)?;
        schema::bring_up_to_date(&mut root)?;
        let (writer, readers, failure) = (Mutex::default(), Mutex::default(), Mutex::default());
        Ok(Self { root: Mutex::new(root), writer, readers, failure })
    }

    fn connection(&self) -> Result<Connection, WarehouseError> {
        let connection = lock(&self.root).try_clone()?;
        connection.set_prepared_statement_cache_capacity(KEPT_STATEMENTS);
        Ok(connection)
    }

    /// After an error: whether a new connection can begin a transaction and end it. If not, the database itself failed.
    fn look(&self) {
        let probe = || {
            self.connection()?
                .execute_batch("BEGIN; SELECT COUNT(*) FROM load_history; ROLLBACK")
                .map_err(WarehouseError::from)
        };
        if let Err(error) = probe() {
            tracing::error!(%error, "the warehouse trusts itself no more; it is opened anew");
            lock(&self.failure).get_or_insert(error.to_string());
            // So that nobody but those who are at work keeps the file open.
            lock(&self.readers).clear();
        }
    }
}

/// A panic leaves nothing half-done behind any of these locks: what they hold is taken out and put back whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { memory_mib: 128, threads: 1 };

    fn opened(folder: &Path) -> Database {
        Database::open(&folder.join("w.duckdb"), LIMITS).expect("opened")
    }

    fn rows(database: &Database) -> Result<i64, WarehouseError> {
        database.read(|reader| reader.query_row("SELECT COUNT(*) FROM heartbeats", [], |row| row.get(0)))
    }

    fn insert(database: &Database) -> Result<(), WarehouseError> {
        let sql = "INSERT INTO heartbeats VALUES ('s', 'r', CURRENT_TIMESTAMP)";
        database.write(|writer| Ok(writer.execute_batch(sql)?))
    }

    #[test]
    fn a_database_that_failed_is_opened_anew_with_all_that_was_committed() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = opened(folder.path());
        insert(&database).expect("written");
        assert_eq!(rows(&database).expect("read"), 1);
        for generation in 2..4 {
            let failed = database.opened().expect("open");
            lock(&failed.failure).get_or_insert("as after a checkpoint that failed".to_owned());
            assert!(matches!(rows(&database), Err(WarehouseError::Reopening(_))), "somebody is still at work in it");
            drop(failed);
            // Not more often than every half second.
            *lock(&database.tried) = None;
            insert(&database).expect("written");
            assert_eq!(database.generation.load(Ordering::Acquire), generation);
            assert_eq!(rows(&database).expect("read"), i64::try_from(generation).expect("small"));
        }
    }

    #[test]
    fn a_write_that_fails_costs_its_connection_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = opened(folder.path());
        let failed = database.write(|writer| Ok(writer.execute_batch("BEGIN; INSERT INTO nowhere VALUES (1)")?));
        assert!(matches!(failed, Err(WarehouseError::Engine(_))));
        insert(&database).expect("written by another connection, outside of that transaction");
        assert_eq!((rows(&database).expect("read"), database.generation.load(Ordering::Acquire)), (1, 1));
    }
}
