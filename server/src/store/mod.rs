//! The transactional store: connections, tables, migrations.
//!
//! Owns how to reach the database and what a row looks like. Does not own a rule: the rooms `quiz`, `accounts` and
//! `results` say what may be written and what it means. It stands below all of them.

mod migrations;
pub mod tables;

use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;

/// Readers that SQLite serves beside the one writer.
const READERS: u32 = 4;

/// Two handles on one database.
///
/// SQLite has one writer at a time; a pool of exactly one connection makes writers queue here, in order, instead of
/// failing with `SQLITE_BUSY` in the middle of a transaction.
#[derive(Clone)]
pub struct Store {
    /// Every transaction that writes.
    pub write: DatabaseConnection,
    /// Reads, which see the last commit.
    pub read: DatabaseConnection,
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
        Ok(Self { write, read })
    }

    /// Begins a transaction that writes. It is the only writer from its first statement on, so that what it has read
    /// is still true when it writes, whoever else has the file open.
    ///
    /// # Errors
    /// If another process writes for too long.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let immediate = Some(SqliteTransactionMode::Immediate);
        self.write
            .begin_with_options(TransactionOptions { sqlite_transaction_mode: immediate, ..Default::default() })
            .await
    }
}

async fn connect(path: &Path, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let file = path.to_owned();
    let mut options = ConnectOptions::new("sqlite://");
    options
        .max_connections(connections)
        .min_connections(connections)
        .acquire_timeout(Duration::from_secs(30))
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |options| tune(options.filename(&file)));
    Database::connect(options).await
}

fn tune(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, Statement};

    use super::*;

    async fn pragma(store: &Store, name: &str) -> String {
        let ask = Statement::from_string(store.write.get_database_backend(), format!("PRAGMA {name}"));
        let row = store.write.query_one_raw(ask).await.expect("an answer").expect("a row");
        row.try_get_by_index::<String>(0)
            .or_else(|_| row.try_get_by_index::<i64>(0).map(|number| number.to_string()))
            .expect("a value")
    }

    /// A kill does not show it, because the kernel keeps what was written; only a power cut would.
    #[tokio::test]
    async fn a_commit_is_on_disk_when_it_returns() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("freshmark.db")).await.expect("a store");
        assert_eq!(pragma(&store, "journal_mode").await, "wal");
        assert_eq!(pragma(&store, "synchronous").await, "2", "FULL");
    }
}
