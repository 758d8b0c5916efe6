//! The running numbers of rows.
//!
//! Owns that a number which has left the store is not given out again, even by a store that was set back to an earlier
//! state. Does not own how high the numbers are that have left: whoever compares the store with the others says so.

use sea_orm::{ConnectionTrait, DbErr, Statement, Value};

use super::Store;

impl Store {
    /// The tables whose next row would bear such a number again, or a lower one.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn tables_behind<'a>(&self, last: &[(&'a str, i64)]) -> Result<Vec<&'a str>, DbErr> {
        let mut behind = Vec::new();
        for (table, last) in last {
            let sql = "SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = ?1";
            let row = self.read.query_one_raw(statement(&self.read, sql, [(*table).into()])).await?;
            let reached: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
            if reached < *last {
                behind.push(*table);
            }
        }
        Ok(behind)
    }

    /// Leaves out so many numbers in every table that numbers its rows, one that has never had a row among them.
    ///
    /// # Errors
    /// If the store says no.
    pub async fn skip_numbers(&self, margin: i64) -> Result<(), DbErr> {
        let tx = self.begin().await?;
        let raise = "UPDATE sqlite_sequence SET seq = seq + ?1";
        let begin = "INSERT INTO sqlite_sequence (name, seq) SELECT name, ?1 FROM sqlite_master \
                     WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%' AND name NOT IN (SELECT name FROM sqlite_sequence)";
        for sql in [raise, begin] {
            tx.execute_raw(statement(&*tx, sql, [margin.into()])).await?;
        }
        tx.commit().await
    }
}

/// Makes the next row of each table bear a higher number than this one, within the caller's transaction.
///
/// # Errors
/// If the store says no.
pub async fn number_on_after<C: ConnectionTrait>(tx: &C, last: &[(&str, i64)]) -> Result<(), DbErr> {
    // SQLite keeps the highest number of each table with AUTOINCREMENT in a table that may be written.
    let raise = "UPDATE sqlite_sequence SET seq = MAX(seq, ?1) WHERE name = ?2";
    let begin = "INSERT INTO sqlite_sequence (name, seq) SELECT ?2, ?1 \
                 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?2)";
    for (table, last) in last {
        for sql in [raise, begin] {
            tx.execute_raw(statement(tx, sql, [(*last).into(), (*table).into()])).await?;
        }
    }
    Ok(())
}

fn statement<C: ConnectionTrait>(on: &C, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(on.get_database_backend(), sql, values)
}
