//! Any text as a manifest, and any bytes as the object that it names: COPY brings rows in or changes nothing.
#![no_main]

use std::io::Write;
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use server::records::columns::quiz_answers;
use server::lake::{LocalFile, Objects};
use server::warehouse::{Limits, Load, Loaded, Warehouse};
use url::Url;

struct Given<'a> {
    manifest: &'a [u8],
    object: &'a [u8],
}

impl Objects for Given<'_> {
    fn open(&self, url: &Url) -> Result<Option<LocalFile>, String> {
        let bytes = match url.path() {
            path if path.ends_with("/manifest") => self.manifest,
            path if path.ends_with("/object.gz") => self.object,
            _ => return Ok(None),
        };
        let mut file = tempfile::Builder::new().suffix(".gz").tempfile().map_err(|e| e.to_string())?;
        file.write_all(bytes).map_err(|e| e.to_string())?;
        Ok(Some(LocalFile::copied(file.into_temp_path())))
    }
}

static WAREHOUSE: LazyLock<Warehouse> = LazyLock::new(|| {
    let folder = Box::leak(Box::new(tempfile::tempdir().expect("a folder")));
    let warehouse = Warehouse::open(&folder.path().join("warehouse.duckdb"), Limits { memory_mib: 256, threads: 1 })
        .expect("a warehouse");
    warehouse.ensure_table(&quiz_answers()).expect("a table");
    warehouse
});

// The manifest ends at the first zero byte; what follows is the object.
fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == 0).unwrap_or(input.len());
    let given = Given { manifest: &input[..end], object: input.get(end + 1..).unwrap_or_default() };
    let load = Load {
        table: Some(Arc::new(quiz_answers())),
        stream: "quiz-answers".to_owned(),
        shard: "shardId-000000000000".to_owned(),
        start: 0,
        end: 1,
        manifest: Url::parse("file:///lake/manifest").expect("a url"),
        rows: 1,
        object: "object.gz".to_owned(),
        object_bytes: given.object.len() as u64,
        checkpoint: None,
        now: 0,
    };
    if let Err(error) = WAREHOUSE.load(&load, &given) {
        assert!(!error.to_string().is_empty());
        return;
    }
    // It was right, or is known from an earlier input by now; either way a second time changes nothing.
    assert!(matches!(WAREHOUSE.load(&load, &given), Ok(Loaded::Already)));
});
