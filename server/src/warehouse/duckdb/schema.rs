//! The tables and views, and how those of an older version are brought up to date.
//!
//! Owns the version of the schema, which stands in the database: what is up to date is left alone, so that views, and the
//! rights that were given to them, stay. Does not own what is asked of the tables.

use duckdb::Connection;

use crate::warehouse::WarehouseError;

pub(crate) const TABLES: &str = include_str!("sql/schema.sql");
const VIEWS: &str = include_str!("sql/views.sql");
/// Columns that came before there was a version: table, column, and what adds it.
const ADDED: [(&str, &str, &str); 4] = [
    ("load_history", "checkpoint", include_str!("sql/add_checkpoint.sql")),
    ("quiz_catalog", "is_void", include_str!("sql/add_is_void.sql")),
    ("quiz_answers", "producer", include_str!("sql/add_answers_producer.sql")),
    ("quiz_catalog", "producer", include_str!("sql/add_catalog_producer.sql")),
];
/// The version that this program writes and reads. A later one gets a step of its own in [`bring_up_to_date`].
const VERSION: i64 = 1;

/// Makes the schema what this program needs, in one transaction.
///
/// # Errors
/// [`WarehouseError::Newer`] if a later version of Freshmark has written it; nothing has changed then.
pub(super) fn bring_up_to_date(root: &mut Connection) -> Result<(), WarehouseError> {
    let found = version(root)?;
    if found > VERSION {
        return Err(WarehouseError::Newer { found, known: VERSION });
    }
    if found == VERSION {
        return Ok(());
    }
    let tx = root.transaction()?;
    tx.execute_batch(TABLES)?;
    for (table, column, add) in ADDED {
        // Not `ADD COLUMN IF NOT EXISTS`, which Redshift lacks.
        let is_there = |found: &String| found.split(' ').next() == Some(column);
        if !columns_of(&tx, table)?.iter().any(is_there) {
            tx.execute_batch(add)?;
        }
    }
    tx.execute_batch(VIEWS)?;
    tx.execute_batch("DELETE FROM schema_version")?;
    tx.execute("INSERT INTO schema_version VALUES (?)", [VERSION])?;
    Ok(tx.commit()?)
}

/// Returns 0 for a database that is new, or that was written before there was a version.
fn version(root: &Connection) -> Result<i64, duckdb::Error> {
    if columns_of(root, "schema_version")?.is_empty() {
        return Ok(0);
    }
    root.query_row("SELECT COALESCE(MAX(version), 0) FROM schema_version", [], |row| row.get(0))
}

/// A table's columns in their order, each with its type.
pub(super) fn columns_of(connection: &Connection, table: &str) -> Result<Vec<String>, duckdb::Error> {
    connection.prepare(include_str!("sql/columns.sql"))?.query_map([table], |row| row.get(0))?.collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, open};
    use super::*;
    use crate::warehouse::ShardEnd;

    const LIMITS: Limits = Limits { memory_mib: 128, threads: 1 };

    #[tokio::test]
    async fn a_warehouse_of_an_older_version_is_brought_up_to_date_and_keeps_its_rows() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("w.duckdb");
        let old = Connection::open(&path).expect("made");
        // Every later column is nullable; without its comment, the comma before it goes with it.
        let lines = TABLES.lines().map(|line| line.split("--").next().unwrap_or_default().trim_end());
        let is_later = |line: &str| ADDED.iter().any(|(_, column, _)| line.trim_start().starts_with(column));
        let old_schema: Vec<&str> = lines.filter(|line| !is_later(line)).collect();
        let old_schema = old_schema.join("\n").replace(",\n)", "\n)");
        assert!(ADDED.iter().all(|(_, column, _)| !old_schema.contains(column)), "{old_schema}");
        old.execute_batch(&old_schema).expect("its tables");
        old.execute_batch("DROP TABLE schema_version").expect("which came later");
        let row = "INSERT INTO load_history VALUES ('s', 'x', 0, 7, 7, 1, 'o', 'm', 1.5, CURRENT_TIMESTAMP)";
        old.execute_batch(row).expect("a load");
        drop(old);
        for _ in 0..2 {
            let warehouse = open(&path, LIMITS).expect("opened");
            let end = warehouse.shard_end("s".to_owned(), "x".to_owned()).await.expect("its end");
            assert_eq!(end, ShardEnd { offset: 7, checkpoint: None });
        }
    }

    #[test]
    fn a_warehouse_that_is_up_to_date_keeps_its_views_and_one_of_a_later_version_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("w.duckdb");
        drop(open(&path, LIMITS).expect("made"));
        let by_hand = Connection::open(&path).expect("opened");
        by_hand.execute_batch("CREATE OR REPLACE VIEW classes AS SELECT 7 AS seven").expect("another view");
        drop(by_hand);
        drop(open(&path, LIMITS).expect("opened again"));
        let by_hand = Connection::open(&path).expect("opened");
        let seven: i64 =
            by_hand.query_row("SELECT seven FROM classes", [], |row| row.get(0)).expect("it is still there");
        assert_eq!(seven, 7);
        by_hand.execute_batch("UPDATE schema_version SET version = 99").expect("as if a later version had written it");
        drop(by_hand);
        assert!(matches!(open(&path, LIMITS), Err(WarehouseError::Newer { found: 99, known: VERSION })));
    }
}
