//! What the stream's function makes of a batch, if the stream has one.
//!
//! Owns how records are named to the function, and that a stop does not wait for it. Does not own the function: the room
//! `transform` does.

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::{Delivery, Failing, Health};
use crate::records::source::{Gathered, Source};
use crate::transform::{InvokeError, Outcome, Record, Transformer};

/// What a function made of a batch.
pub(super) struct Transformed<'a> {
    /// How the error output names it.
    pub arn: &'a str,
    /// For each record of the batch, in order.
    pub outcomes: Vec<Outcome>,
}

impl<S: Source> Delivery<S> {
    /// What the function made of a batch; `None` for `stop`, which ends an invocation under way. The cut is recorded:
    /// after the next start the same records are sent again.
    pub(super) fn transformed<'a>(
        &self,
        transformer: &'a Transformer,
        runtime: &Handle,
        health: &Health,
        batch: &Gathered,
        stop: &mut watch::Receiver<bool>,
    ) -> Option<Transformed<'a>> {
        let (shard, start) = (self.source.shard(), batch.cut().start);
        let records = batch.items().zip(start..).map(|(item, offset)| Record {
            id: format!("{shard}-{offset:020}"),
            arrived: item.arrived,
            data: item.data,
        });
        let records: Vec<Record<'_>> = records.collect();
        let failing =
            |error: &InvokeError| health.set_failing(Some(Failing { stage: "delivery", says: error.to_string() }));
        let outcomes = runtime.block_on(async {
            tokio::select! {
                outcomes = transformer.run(&records, &health.counts.invocations, failing) => Some(outcomes),
                _ = stop.wait_for(|stop| *stop) => None,
            }
        })?;
        Some(Transformed { arn: transformer.arn(), outcomes })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::super::Layout;
    use super::super::prepared::{PreparedBatch, Route};
    use super::super::test_bench::{HINTS, TestBench, files};
    use super::*;
    use crate::records::columns::{Column, Kind, Table};
    use crate::registry::terms::StreamConfig;
    use crate::transform::{Function, Transform};

    /// A function that answers with its process's id, and fails a record once: after a crash it answers otherwise.
    fn fickle(notes: &Path) -> Transform {
        let environment = [("NOTES".to_owned(), notes.to_string_lossy().into_owned())].into();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/functions/behaving.py").into();
        Transform {
            function: Function::Executable { path, environment },
            region: "us-east-1".to_owned(),
            timeout: Duration::from_secs(60),
            retries: 0,
        }
    }

    /// The first answer is in the lake, whole, when the crash comes; the second one is what is loaded, and what is left.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_function_that_answers_otherwise_after_a_crash_has_said_one_thing_in_the_end() {
        let (folder, notes) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let say = Column { name: "say".to_owned(), kind: Kind::Varchar(64), nullable: false };
        let table = Table {
            name: "s".to_owned(),
            columns: vec![say],
            partition_by: "say".to_owned(),
            names_producer: false,
            heartbeat: None,
        };
        let mut config = StreamConfig::to_table("s", table, HINTS);
        if let Some(destination) = &mut config.destination {
            destination.transform = Some(fickle(notes.path()));
        }
        let first = {
            let bench = TestBench::with(folder.path(), config.clone()).await.without_deliveries().await;
            bench.put_data([b"{\"say\":\"pid\"}".to_vec(), b"{\"say\":\"fail-once\"}".to_vec()]).await;
            let transform = Some(Transformer::new(&fickle(notes.path()), "s").expect("ready"));
            let (delivery, batch, runtime) =
                (Delivery { transform, ..bench.delivery() }, bench.read(), Handle::current());
            let put = tokio::task::spawn_blocking(move || {
                delivery.source.record_cut(batch.cut()).expect("cut");
                let (health, stop) = (Health::default(), watch::Sender::new(false));
                let transformer = delivery.transform.as_ref().expect("a function");
                let transformed = delivery.transformed(transformer, &runtime, &health, &batch, &mut stop.subscribe());
                let (shard, layout) = (delivery.source.shard(), Layout::default());
                let route = Route { stream: "s", shard: &shard, layout: &layout, table: delivery.table.as_deref() };
                let url = |key: &str| delivery.lake.url(key);
                let mut prepared = PreparedBatch::take(&route, &batch, Some(transformed.expect("no stop")), url, 1)
                    .expect("in prepared");
                delivery.put(&runtime, &mut prepared, &health.counts).expect("put");
                assert_eq!((prepared.rows, prepared.tally.unprocessed), (1, 1));
            });
            put.await.expect("no panic");
            bench.end().await;
            objects(folder.path())
        };
        let bench = TestBench::with(folder.path(), config).await;
        bench.settle().await;
        let loads = bench.history().await;
        assert_eq!((loads.len(), loads[0].records), (1, 2), "both are rows now");
        bench.end().await;
        let second = objects(folder.path());
        assert_eq!((first.lines().count(), second.lines().count()), (1, 2));
        assert!(!second.contains(first.trim_end()), "another process: {first} {second}");
        let [failed] = &files(&folder.path().join("lake/processing-failed"))[..] else { panic!("one file") };
        assert_eq!(std::fs::read_to_string(failed).expect("readable"), "", "no record has failed in the end");
        let warehouse = duckdb::Connection::open(folder.path().join("w.duckdb")).expect("the warehouse");
        let rows: String =
            warehouse.query_row("SELECT string_agg(say, ' ' ORDER BY say) FROM s", [], |row| row.get(0)).expect("rows");
        for say in rows.split(' ') {
            assert!(second.contains(&format!("\"{say}\"")), "{rows} is loaded, the lake has {second}");
        }
    }

    /// What the objects of stream `s` hold, together.
    fn objects(folder: &Path) -> String {
        let read = |path: &String| {
            let mut text = String::new();
            let file = std::fs::File::open(path).expect("readable");
            std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).expect("gzip");
            text
        };
        files(&folder.join("lake/s")).iter().map(read).collect()
    }
}
