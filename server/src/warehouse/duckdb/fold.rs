//! The load history, kept short: the rows of old loads become one for each run of loads without a gap.
//!
//! Owns when and how rows are folded. The manifests in the lake still say what each of these loads was. Does not own what
//! the history is asked: a range within a row that was folded counts as loaded, wherever that is asked.

use std::sync::atomic::{AtomicU64, Ordering};

use duckdb::types::Value;
use duckdb::{Connection, Transaction, params};

use crate::warehouse::{FOLDED, WarehouseError};

/// Runs of one shard that one look folds, at the most: where gaps come often, far more than come in between two looks.
const RUNS_AT_ONCE: usize = 50;

/// How often is looked, and how much stays as it is.
pub(super) struct Folding {
    /// Counts loads. It is time to look at the first one of the process.
    loads: AtomicU64,
    /// Loads between two looks.
    every: u64,
    /// The newest rows of a shard, which stay as they are. With twice as many it is folded.
    kept: u64,
}

impl Default for Folding {
    fn default() -> Self {
        Self { loads: AtomicU64::new(0), every: 500, kept: 5_000 }
    }
}

impl Folding {
    pub fn is_due(&self) -> bool {
        self.loads.fetch_add(1, Ordering::Relaxed).is_multiple_of(self.every)
    }

    /// Rows of which a shard is folded.
    const fn fold_at(&self) -> u64 {
        2 * self.kept
    }
}

/// Folds every shard that has many rows, all but the newest.
pub(super) fn fold(writer: &mut Connection, folding: &Folding) -> Result<(), WarehouseError> {
    let tx = writer.transaction()?;
    let long = {
        let mut statement = tx.prepare_cached(include_str!("sql/long_histories.sql"))?;
        let shards = statement.query_map([folding.fold_at()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        shards.collect::<Result<Vec<(String, String)>, _>>()?
    };
    for (stream, shard) in &long {
        for _ in 0..RUNS_AT_ONCE {
            if !fold_longest_run(&tx, stream, shard, folding)? {
                break;
            }
        }
    }
    tx.commit()?;
    Ok(())
}

/// Folds the longest run of loads without a gap, if there is one. A load that stands alone between two gaps stays as it is.
fn fold_longest_run(
    tx: &Transaction<'_>,
    stream: &str,
    shard: &str,
    folding: &Folding,
) -> Result<bool, WarehouseError> {
    let found = tx.prepare_cached(include_str!("sql/longest_run.sql"))?.query_row(
        params![stream, shard, folding.kept],
        |row| {
            let sums: (u64, u64, f64, Value) = (row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?);
            Ok((row.get::<_, u64>(0)?, row.get::<_, u64>(1)?, sums, row.get::<_, Option<String>>(6)?))
        },
    );
    let (start, end, (records, object_bytes, copy_ms, loaded_at), checkpoint) = match found {
        Err(duckdb::Error::QueryReturnedNoRows) => return Ok(false),
        found => found?,
    };
    let these = "DELETE FROM load_history WHERE stream = ? AND shard = ? AND start_offset >= ? AND end_offset <= ?";
    let rows = tx.prepare_cached(these)?.execute(params![stream, shard, start, end])?;
    let object = format!("{FOLDED}/{stream}/{shard}");
    let row = params![stream, shard, start, end, records, object_bytes, object, "", copy_ms, loaded_at, checkpoint];
    tx.prepare_cached(include_str!("sql/insert_load.sql"))?.execute(row)?;
    tracing::info!(stream, shard, rows, "old rows of the load history were folded");
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use url::Url;

    use super::super::database::Database;
    use super::super::{DuckDb, Limits};
    use super::*;
    use crate::lake::{LocalFile, Objects};
    use crate::warehouse::{Load, Loaded, ShardEnd, Warehouse};

    /// Nothing lies here: loads without a table read nothing.
    struct Nothing;

    impl Objects for Nothing {
        fn open(&self, _: &Url) -> Result<Option<LocalFile>, String> {
            Ok(None)
        }

        fn is_remote(&self) -> bool {
            true
        }
    }

    async fn load(warehouse: &Warehouse, start: u64, end: u64, is_heartbeats: bool) -> Loaded {
        let object = if is_heartbeats { "heartbeats/s/x.gz".to_owned() } else { format!("s/{start}") };
        let load = Load {
            table: None,
            stream: "s".to_owned(),
            shard: "x".to_owned(),
            start,
            end,
            is_heartbeats,
            manifest: Url::parse("file:///m").expect("an address"),
            rows: end - start,
            object,
            object_bytes: 10,
            body: None,
            checkpoint: Some(end.to_string()),
            now: start as i64,
        };
        warehouse.load(load, Arc::new(Nothing)).await.expect("loaded")
    }

    fn open(folder: &std::path::Path) -> Warehouse {
        let mut database = Database::open(&folder.join("w"), Limits { memory_mib: 128, threads: 1 }).expect("opened");
        database.folding = Folding { loads: AtomicU64::new(0), every: 5, kept: 3 };
        Arc::new(DuckDb(Arc::new(database)))
    }

    async fn history(warehouse: &Warehouse) -> Vec<(u64, u64, u64, String)> {
        let rows = warehouse.history("s".to_owned()).await.expect("the history");
        rows.into_iter().map(|row| (row.start, row.end, row.records, row.object)).collect()
    }

    fn row(start: u64, end: u64, records: u64, object: &str) -> (u64, u64, u64, String) {
        (start, end, records, object.to_owned())
    }

    /// Every fifth load looks, and six rows are many here.
    #[tokio::test]
    async fn old_rows_become_one_for_each_run_and_what_they_stood_for_stays_loaded() {
        let folder = tempfile::tempdir().expect("a folder");
        let warehouse = open(folder.path());
        for start in (0..110).step_by(10) {
            load(&warehouse, start, start + 10, start == 20).await;
        }
        let newest = [row(80, 90, 10, "s/80"), row(90, 100, 10, "s/90"), row(100, 110, 10, "s/100")];
        let folded = row(0, 80, 70, "folded/s/x");
        assert_eq!(history(&warehouse).await, [&[folded][..], &newest].concat(), "heartbeats are no records");
        let end = warehouse.shard_end("s".to_owned(), "x".to_owned()).await.expect("its end");
        assert_eq!(end, ShardEnd { offset: 110, checkpoint: Some("110".to_owned()) });
        assert_eq!(warehouse.loads(20).await.expect("the loads").len(), 3);
        assert_eq!(load(&warehouse, 10, 20, false).await, Loaded::Already);
        assert_eq!(load(&warehouse, 20, 30, true).await, Loaded::Already);
    }

    #[tokio::test]
    async fn however_often_gaps_come_one_look_folds_every_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let warehouse = open(folder.path());
        for start in [0, 10, 30, 40, 60, 70, 90, 100, 120, 130, 150] {
            load(&warehouse, start, start + 10, false).await;
        }
        let folded = [0, 30, 60, 90].map(|start| row(start, start + 20, 20, "folded/s/x"));
        let newest = [120, 130, 150].map(|start| row(start, start + 10, 10, &format!("s/{start}")));
        assert_eq!(history(&warehouse).await, [&folded[..], &newest].concat());
    }

    #[tokio::test]
    async fn a_gap_stays_one_until_what_was_parked_comes_and_a_load_between_two_stays_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let warehouse = open(folder.path());
        for start in [0, 20, 30, 40, 50, 60, 80, 100, 110, 120, 130] {
            load(&warehouse, start, start + 10, false).await;
        }
        let expected = [row(0, 10, 10, "s/0"), row(20, 70, 50, "folded/s/x"), row(80, 90, 10, "s/80")];
        assert_eq!(history(&warehouse).await.get(..3), Some(&expected[..]));
        assert_eq!(load(&warehouse, 10, 20, false).await, Loaded::Rows(10));
        assert_eq!(load(&warehouse, 20, 30, false).await, Loaded::Already);
    }
}
