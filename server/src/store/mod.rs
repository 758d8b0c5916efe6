//! The transactional store: connections, tables, migrations, and what a commit proves.
//!
//! Owns how to reach the database, what a row looks like, and the rule *certain, or closed*: a connection goes back to
//! its pool only while neither the driver nor SQLite has a transaction open on it. Any other state is closed, and a new
//! connection takes its place. Without that rule a failed write (a full disk) can leave the driver inside a transaction
//! that SQLite has rolled back by itself; each later "commit" then releases a savepoint of a transaction that nobody
//! ever commits, and reports success.
//!
//! So a commit is proven by its steps: the connection had no transaction open, `BEGIN IMMEDIATE` opened one, and SQLite
//! answered `COMMIT` without an error, which it does only with that transaction on disk.
//!
//! Whoever decides something by what was read writes on a condition (`WHERE submitted_at IS NULL`, a unique index) and looks at
//! what was written, or locks the row that was read. SQLite has one writer, so that neither is ever the loser there; another
//! database has several, and [`decide_again_if`] does what was overtaken anew.
//!
//! Does not own a rule: the rooms `attempts`, `quizzes`, `school` and `accounts` say what may be
//! written and what it means. The store stands below all of them.

mod check;
mod conflict;
mod health;
mod migrations;
mod numbers;
pub mod tables;

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sea_orm::sqlx::{self, Connection};
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, SqliteTransactionMode, SqlxSqliteConnector,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;

pub use conflict::{decide_again_if, is_conflict};
pub use health::{Fault, Health};
pub use numbers::number_on_after;

use self::check::Checks;
use crate::clock::Clock;

/// Readers that SQLite serves beside the one writer.
const READERS: u32 = 4;
/// How long a request waits for a connection, and a writer for another process's transaction.
const CONNECTION_WAIT: Duration = Duration::from_secs(30);
const BUSY_WAIT: Duration = Duration::from_secs(10);

/// Two handles on one database.
///
/// SQLite has one writer at a time; a pool of exactly one connection makes writers queue here, in order, instead of
/// failing with `SQLITE_BUSY` in the middle of a transaction.
#[derive(Clone)]
pub struct Store {
    write: DatabaseConnection,
    /// Reads, which see the last commit.
    pub read: DatabaseConnection,
    health: Arc<Health>,
    checks: Arc<Checks>,
}

impl Store {
    /// Opens, or creates, the SQLite file at `path` and brings its tables up to date.
    ///
    /// A commit is on disk when it returns: journal mode WAL with `synchronous=FULL`.
    ///
    /// # Errors
    /// If the file cannot be opened or a migration fails.
    pub async fn open(path: &Path) -> Result<Self, DbErr> {
        let write = connect(path, 1).await?;
        migrations::Migrator::up(&write, None).await?;
        let read = connect(path, READERS).await?;
        Ok(Self { write, read, health: Arc::default(), checks: Arc::default() })
    }

    /// Begins a transaction that writes. It is the only writer from its first statement on, so that what it has read
    /// is still true when it writes, whoever else has the file open.
    ///
    /// # Errors
    /// If another process writes for too long, or no connection can be opened.
    pub async fn begin(&self) -> Result<Writing, DbErr> {
        let immediate = Some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode: immediate, ..Default::default() };
        let begun = self.write.begin_with_options(options).await;
        let transaction = begun.inspect_err(|error| self.health.failed(error))?;
        Ok(Writing { transaction, health: Arc::clone(&self.health) })
    }

    /// Whether the last transaction could be committed, and if not, since when none could.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Commits a number and reads it back on another connection. Asked often, it does so once a second and returns what
    /// it found then.
    ///
    /// # Errors
    /// Says why nothing can be committed just now.
    pub async fn check_commit(&self, clock: &Clock) -> Result<(), String> {
        self.checks.check(self, clock).await
    }

    /// Closes every connection, so that another process has the file to itself.
    ///
    /// # Errors
    /// If a connection cannot be closed.
    pub async fn close(self) -> Result<(), DbErr> {
        self.write.close_by_ref().await?;
        self.read.close_by_ref().await
    }
}

/// A transaction that writes. Nothing of it counts before [`Writing::commit`] has returned without an error; dropped, it
/// is rolled back.
pub struct Writing {
    transaction: DatabaseTransaction,
    health: Arc<Health>,
}

impl Writing {
    /// Makes the transaction count. It is on disk when this returns.
    ///
    /// # Errors
    /// If there is one, nothing of the transaction may be acknowledged. The connection is closed unless its state is
    /// certain.
    pub async fn commit(self) -> Result<(), DbErr> {
        match self.transaction.commit().await {
            Ok(()) => {
                self.health.committed();
                Ok(())
            }
            Err(error) => {
                self.health.failed(&error);
                Err(error)
            }
        }
    }
}

impl Deref for Writing {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.transaction
    }
}

async fn connect(path: &Path, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(connections)
        .acquire_timeout(CONNECTION_WAIT)
        .test_before_acquire(false)
        .after_release(|connection, _| Box::pin(is_certain(connection)))
        .connect_with(options(path))
        .await
        .map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))))?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

fn options(path: &Path) -> SqliteConnectOptions {
    use sqlx::ConnectOptions;
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_WAIT)
        .disable_statement_logging()
}

/// Whether a connection that comes back to its pool has no transaction open, by SQLite's word and by the driver's.
///
/// SQLite refuses a `ROLLBACK` outside of a transaction, and that refusal is the proof. The driver's worker does one
/// thing after the other, so the rollback of a dropped transaction, which is only queued, has been tried by then.
async fn is_certain(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let is_outside = match sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await {
        Ok(_) => false,
        Err(sqlx::Error::Database(refusal)) => refusal.message().contains("no transaction is active"),
        Err(_) => false,
    };
    let is_certain = is_outside && !connection.is_in_transaction();
    if !is_certain {
        tracing::error!("a connection to the transactional store is in an unknown state; it is closed");
    }
    Ok(is_certain)
}

#[cfg(test)]
mod tests;
