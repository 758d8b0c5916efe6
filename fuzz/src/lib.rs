//! The rooms that the targets knock at: real stores on a folder that goes with the process.
//!
//! Owns putting them together once. Does not own what is put to them.

use std::sync::OnceLock;

use server::access::Rights;
use server::clock::Clock;
use server::delivery::BufferingHints;
use server::gateway::Gateway;
use server::keys::{Keys, MadeKey, NewKey, Own};
use server::lake::Lake;
use server::listen::Bodies;
use server::live::Live;
use server::records::columns::quiz_answers;
use server::registry::terms::StreamConfig;
use server::registry::{Plant, Registry};
use server::store::Store;
use server::stream::Logs;
use server::warehouse::duckdb::{self, Limits};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Name of the stream that there is.
pub const STREAM: &str = "quiz-answers";

/// Everything that runs.
pub struct Rooms {
    /// What asynchronous calls run on.
    pub runtime: Runtime,
    /// The front door.
    pub gateway: Gateway,
    /// The AWS wire's one route.
    pub wire: axum::Router,
    /// Opens both.
    pub key: MadeKey,
    _folder: TempDir,
}

/// The rooms, put together at the first call.
pub fn rooms() -> &'static Rooms {
    static ROOMS: OnceLock<Rooms> = OnceLock::new();
    ROOMS.get_or_init(|| {
        let runtime = Runtime::new().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let (gateway, wire, key) = runtime.block_on(open(folder.path()));
        Rooms { runtime, gateway, wire, key, _folder: folder }
    })
}

async fn open(folder: &std::path::Path) -> (Gateway, axum::Router, MadeKey) {
    let clock = Clock::system();
    let store = Store::open(&folder.join("freshmark.db")).await.expect("a store");
    let plant = Plant {
        logs: Logs::open(&folder.join("stream")).expect("logs"),
        lake: Lake::local(&folder.join("lake")).expect("a lake"),
        warehouse: duckdb::open(&folder.join("warehouse.duckdb"), Limits { memory_mib: 256, threads: 1 })
            .expect("a warehouse"),
        live: Live::default(),
        clock: clock.clone(),
    };
    let registry = Registry::new(plant);
    let hints = BufferingHints { size_bytes: 1 << 20, interval: std::time::Duration::ZERO };
    let stream = StreamConfig::to_table(STREAM, quiz_answers(), hints);
    registry.start(stream).await.expect("the stream starts");
    let own = |name: &str| format!("fuzz-{name}");
    let own = Own { relay: own("relay"), folder: own("folder"), wire: own("wire") };
    let keys = Keys::new(store.clone(), own, clock);
    // The stream is the server's own: a key has to name it.
    let rights = Rights { put: vec![STREAM.to_owned()], ..Rights::everything() };
    let (rate, burst) = (Some(1_000_000), Some(1_000_000));
    let key = keys
        .create(&NewKey { name: "fuzz".to_owned(), rights, rate, burst, ..NewKey::default() })
        .await
        .expect("a key");
    let wire = server::aws::AwsService::open(registry.clone(), keys.clone(), store, "secret".to_owned(), Bodies::default()).await;
    (Gateway::new(registry, keys), wire.expect("the wire").router(), key)
}
