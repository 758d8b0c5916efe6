//! What a commit proves, and what becomes of a connection whose state is not certain.

use sea_orm::{ConnectionTrait, Statement};

use super::*;

struct Opened {
    store: Store,
    _folder: tempfile::TempDir,
}

async fn opened() -> Opened {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("freshmark.db")).await.expect("a store");
    Opened { store, _folder: folder }
}

async fn pragma(store: &Store, name: &str) -> String {
    let ask = Statement::from_string(store.write.get_database_backend(), format!("PRAGMA {name}"));
    let row = store.write.query_one_raw(ask).await.expect("an answer").expect("a row");
    row.try_get_by_index::<String>(0)
        .or_else(|_| row.try_get_by_index::<i64>(0).map(|number| number.to_string()))
        .expect("a value")
}

/// What a reader sees of the number that [`commit`] writes.
async fn committed(store: &Store) -> Option<i64> {
    let ask = Statement::from_string(store.read.get_database_backend(), "SELECT max(number) FROM store_check");
    store.read.query_one_raw(ask).await.expect("an answer").expect("a row").try_get_by_index(0).expect("a number")
}

async fn commit(store: &Store, number: i64) -> Result<(), DbErr> {
    let tx = store.begin().await?;
    tx.execute_unprepared(&format!("INSERT INTO store_check VALUES ({number}, {number})")).await?;
    tx.commit().await
}

/// A kill does not show it, because the kernel keeps what was written; only a power cut would.
#[tokio::test]
async fn a_commit_is_on_disk_when_it_returns() {
    let Opened { store, _folder } = opened().await;
    assert_eq!(pragma(&store, "journal_mode").await, "wal");
    assert_eq!(pragma(&store, "synchronous").await, "2", "FULL");
}

/// As after a failed write: SQLite has rolled back by itself, and the driver does not know.
#[tokio::test]
async fn a_connection_whose_transaction_sqlite_has_ended_is_never_used_again() {
    let Opened { store, _folder } = opened().await;
    for number in 1..=5 {
        let tx = store.begin().await.expect("begun");
        tx.execute_unprepared("ROLLBACK").await.expect("ended beneath the driver");
        drop(tx);
        commit(&store, number).await.expect("committed");
        assert_eq!(committed(&store).await, Some(number), "acknowledged, and not there");
    }
}

/// The other way round: SQLite is inside a transaction that the driver knows nothing of.
#[tokio::test]
async fn a_connection_with_a_transaction_that_the_driver_does_not_know_is_never_used_again() {
    let Opened { store, _folder } = opened().await;
    store.write.execute_unprepared("BEGIN IMMEDIATE").await.expect("begun beneath the driver");
    commit(&store, 1).await.expect("committed");
    assert_eq!(committed(&store).await, Some(1));
}

#[tokio::test]
async fn a_commit_of_a_transaction_that_has_ended_is_an_error_and_a_fault_until_one_succeeds() {
    let Opened { store, _folder } = opened().await;
    let tx = store.begin().await.expect("begun");
    tx.execute_unprepared("ROLLBACK").await.expect("ended beneath the driver");
    tx.commit().await.expect_err("there is nothing to commit");
    assert!(store.health().fault().is_some());
    commit(&store, 1).await.expect("committed");
    assert!(store.health().fault().is_none());
}

#[tokio::test]
async fn a_check_commits_and_reads_back() {
    let Opened { store, _folder } = opened().await;
    let (clock, _) = Clock::manual(7);
    store.check_commit(&clock).await.expect("it can commit");
    assert_eq!(committed(&store).await, Some(7));
}

/// Two transactions that are dropped half-way, by their own mistakes, leave the writer as it was.
#[tokio::test]
async fn a_transaction_that_is_dropped_is_rolled_back() {
    let Opened { store, _folder } = opened().await;
    for _ in 0..2 {
        let tx = store.begin().await.expect("begun");
        tx.execute_unprepared("INSERT INTO store_check VALUES (1, 1)").await.expect("written");
        tx.execute_unprepared("INSERT INTO store_check VALUES (1, 1)").await.expect_err("the row is there");
    }
    assert_eq!(committed(&store).await, None);
    commit(&store, 1).await.expect("committed");
}

/// The number of one more row.
async fn next(store: &Store) -> i64 {
    let record = "INSERT INTO outbox (stream, payload, accepted_at) VALUES ('s', '{}', 1)";
    let tx = store.begin().await.expect("begun");
    let id = tx.execute_unprepared(record).await.expect("written").last_insert_id();
    tx.commit().await.expect("committed");
    id as i64
}

#[tokio::test]
async fn numbers_are_left_out_in_a_table_that_never_had_a_row_too() {
    let Opened { store, _folder } = opened().await;
    store.skip_numbers(1_000).await.expect("left out");
    assert_eq!(next(&store).await, 1_001);
}

#[tokio::test]
async fn a_number_that_has_left_the_store_is_not_given_out_again() {
    let Opened { store, _folder } = opened().await;
    let raise = async |last: &[(&str, i64)]| {
        let tx = store.begin().await.expect("begun");
        number_on_after(&*tx, last).await.expect("raised");
        tx.commit().await.expect("committed");
    };
    let left = [("outbox", 40), ("quiz", 0)];
    assert_eq!(store.tables_behind(&left).await.expect("compared"), ["outbox"]);
    raise(&left).await;
    assert!(store.tables_behind(&left).await.expect("compared").is_empty());
    assert_eq!(next(&store).await, 41);
    raise(&[("outbox", 7)]).await;
    assert_eq!(next(&store).await, 42, "it never goes back");
    raise(&[("outbox", 99)]).await;
    assert_eq!(next(&store).await, 100);
    store.skip_numbers(1_000).await.expect("left out");
    assert_eq!(next(&store).await, 1_101);
}

#[tokio::test]
async fn a_row_that_another_writer_has_made_is_a_conflict_and_any_other_error_is_none() {
    let Opened { store, _folder } = opened().await;
    let tx = store.begin().await.expect("begun");
    let of_nobody = "INSERT INTO session (token_hash, account_id, expires_at) VALUES ('t', 999, 1)";
    let add_account = "INSERT INTO account (email, name, role, password_hash) VALUES ('a@x', 'A', 'teacher', '')";
    tx.execute_unprepared(add_account).await.expect("added");
    let again = tx.execute_unprepared(add_account).await.expect_err("the address is unique");
    assert!(is_conflict(&again), "{again:?}");
    for wrong in [of_nobody, "INSERT INTO nothing VALUES (1)"] {
        let error = tx.execute_unprepared(wrong).await.expect_err("wrong");
        assert!(!is_conflict(&error), "{error:?}");
    }
}
