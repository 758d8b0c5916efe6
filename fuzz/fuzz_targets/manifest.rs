//! Any text as a manifest, and any bytes as the object that it names: COPY brings rows in or changes nothing.
#![no_main]

use std::sync::{Arc, LazyLock};

use freshmark_fuzz::rooms;
use libfuzzer_sys::fuzz_target;
use server::lake::{LocalFile, Objects};
use server::records::columns::quiz_answers;
use server::warehouse::duckdb::{self, Limits};
use server::warehouse::{Load, Loaded, Warehouse};
use url::Url;

struct Given {
    manifest: Vec<u8>,
    object: Vec<u8>,
}

impl Objects for Given {
    fn open(&self, url: &Url) -> Result<Option<LocalFile>, String> {
        let bytes = match url.path() {
            path if path.ends_with("/manifest") => &self.manifest,
            path if path.ends_with("/object.gz") => &self.object,
            _ => return Ok(None),
        };
        LocalFile::copy_of(bytes).map(Some).map_err(|error| error.to_string())
    }

    fn is_remote(&self) -> bool {
        true
    }
}

static WAREHOUSE: LazyLock<Warehouse> = LazyLock::new(|| {
    let folder = Box::leak(Box::new(tempfile::tempdir().expect("a folder")));
    let warehouse = duckdb::open(&folder.path().join("warehouse.duckdb"), Limits { memory_mib: 256, threads: 1 })
        .expect("a warehouse");
    rooms().runtime.block_on(warehouse.ensure_table(Arc::new(quiz_answers()))).expect("a table");
    warehouse
});

// The manifest ends at the first zero byte; what follows is the object.
fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == 0).unwrap_or(input.len());
    let (manifest, object) = (input[..end].to_vec(), input.get(end + 1..).unwrap_or_default().to_vec());
    let object_bytes = object.len() as u64;
    let given: Arc<dyn Objects> = Arc::new(Given { manifest, object });
    let load = || Load {
        table: Some(Arc::new(quiz_answers())),
        stream: "quiz-answers".to_owned(),
        shard: "shardId-000000000000".to_owned(),
        start: 0,
        end: 1,
        is_heartbeats: false,
        manifest: Url::parse("file:///lake/manifest").expect("a url"),
        rows: 1,
        object: "object.gz".to_owned(),
        object_bytes,
        body: None,
        checkpoint: None,
        now: 0,
    };
    let bring_in = || rooms().runtime.block_on(WAREHOUSE.load(load(), Arc::clone(&given)));
    if let Err(error) = bring_in() {
        assert!(!error.to_string().is_empty());
        return;
    }
    // It was right, or is known from an earlier input by now; either way a second time changes nothing.
    assert!(matches!(bring_in(), Ok(Loaded::Already)));
});
