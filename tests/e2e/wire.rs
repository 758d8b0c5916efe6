//! What tests of streams elsewhere need: keys, clients, ferrokinesis, and what a server says of a stream.

use std::collections::BTreeMap;
use std::path::Path;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use duckdb::Connection;
use ferrokinesis::store::StoreOptions;
use serde_json::Value;

use crate::server::{self, OPEN, Server, Staff, freshmark};

const REGION: &str = "eu-west-1";

/// What AWS's clients sign with.
#[derive(Clone)]
pub struct Keys {
    pub id: String,
    pub secret: String,
}

impl Keys {
    /// A new key of a server.
    pub fn of(server: &Server) -> Self {
        let mut create = freshmark();
        create.args(["key", "create", "--json", "--name", "other", "--data"]).arg(server.data());
        for right in ["--stream", "--read", "--manage"] {
            // A star does not reach the server's own streams.
            create.args([right, "*", right, "quiz-answers", right, "quiz-catalog"]);
        }
        let made = create.output().expect("a key");
        let made: Value = serde_json::from_slice(&made.stdout).expect("json");
        let field = |name: &str| made[name].as_str().expect(name).to_owned();
        Self { id: field("access_key_id"), secret: field("secret_access_key") }
    }

    pub fn wrong() -> Self {
        Self { id: "AKIAIOSFODNN7EXAMPLE".to_owned(), secret: "wrong".to_owned() }
    }
}

/// A server whose streams are elsewhere, as `config` says.
pub fn server(folder: &Path, config: &str, keys: &Keys) -> Server {
    let file = server::config(folder, config);
    let mut command = freshmark();
    command.env("AWS_ACCESS_KEY_ID", &keys.id).env("AWS_SECRET_ACCESS_KEY", &keys.secret).env("AWS_REGION", REGION);
    Server::by(command, &folder.join("data"), &["--config", &file])
}

pub fn kinesis(endpoint: &str, keys: &Keys) -> Client {
    let config = aws_sdk_kinesis::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new(&keys.id, &keys.secret, None, None, "test"))
        .endpoint_url(endpoint);
    Client::from_conf(config.build())
}

pub async fn put(kinesis: &Client, stream: &str, records: impl Iterator<Item = (String, Value)>) {
    let entries = records.map(|(key, record)| {
        let entry = PutRecordsRequestEntry::builder().partition_key(key).data(Blob::new(format!("{record}\n")));
        entry.build().expect("an entry")
    });
    let answer = kinesis.put_records().stream_name(stream).set_records(Some(entries.collect())).send().await;
    assert_eq!(answer.expect("put").failed_record_count(), Some(0));
}

/// The state of one stream, as an admin sees it.
async fn state(server: &Server, admin: &Staff, stream: &str) -> Value {
    let pipeline: Value = admin.get(server, "/api/pipeline").await.json().await.expect("json");
    let mut streams = pipeline["streams"].as_array().expect("streams").iter();
    let mut state = streams.find(|found| found["name"] == stream).cloned().expect("the stream is shown");
    let loads = pipeline["loads"].as_array().expect("loads").iter().filter(|load| load["stream"] == stream);
    state["loads"] = loads.clone().count().into();
    state["newest"] = loads.map(|load| load["object"].clone()).next().unwrap_or_default();
    state
}

/// Asks at once and again for a while, to be there soon, and then at every event, until the stream is as wanted.
pub async fn until(server: &Server, stream: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let admin = Staff::admin(server).await;
    for _ in 0..1_000 {
        let state = state(server, &admin, stream).await;
        if wanted(&state) {
            return state;
        }
        tokio::task::yield_now().await;
    }
    admin.until(server, OPEN, async || state(server, &admin, stream).await, wanted).await
}

/// Whether all that is known of has landed, and it is known.
pub fn is_whole(state: &Value) -> bool {
    let freshness = &state["freshness"];
    !freshness["measured_at"].is_null() && freshness["waiting"] == 0 && freshness["problem"].is_null()
}

pub fn warehouse(server: &Server) -> Connection {
    Connection::open(server.data().join("warehouse.duckdb")).expect("the warehouse")
}

pub fn count(warehouse: &Connection, sql: &str) -> i64 {
    warehouse.query_row(sql, [], |row| row.get(0)).expect(sql)
}

/// Whether the stores agree, and what is said of it.
pub fn verify(server: &Server) -> (bool, String) {
    let file = server.data().with_file_name("freshmark.toml");
    let done = freshmark().arg("verify").arg("--config").arg(file).arg("--data").arg(server.data()).output();
    let done = done.expect("verified");
    (done.status.success(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
}

/// A Kinesis that nobody here wrote, by its address.
pub async fn ferrokinesis() -> String {
    let quick =
        StoreOptions { create_stream_ms: 0, delete_stream_ms: 0, update_stream_ms: 0, ..StoreOptions::default() };
    let (app, _) = ferrokinesis::create_app(quick);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

/// The open shards once there are so many, each with where its keys begin.
pub async fn open_shards(wire: &Client, many: usize) -> BTreeMap<u128, String> {
    loop {
        let page = wire.list_shards().stream_name("ticks").send().await.expect("shards");
        let is_open = |shard: &&aws_sdk_kinesis::types::Shard| {
            shard.sequence_number_range().is_some_and(|range| range.ending_sequence_number().is_none())
        };
        let begin = |shard: &aws_sdk_kinesis::types::Shard| {
            let first = shard.hash_key_range().expect("a range").starting_hash_key().parse().expect("a number");
            (first, shard.shard_id().to_owned())
        };
        let open: BTreeMap<u128, String> = page.shards().iter().filter(is_open).map(begin).collect();
        let summary = wire.describe_stream_summary().stream_name("ticks").send().await.expect("a summary");
        let status = summary.stream_description_summary().expect("a summary").stream_status().as_str().to_owned();
        if open.len() == many && status == "ACTIVE" {
            return open;
        }
        tokio::task::yield_now().await;
    }
}

pub async fn split(wire: &Client, shard: &str, at: u128) {
    let split = wire.split_shard().stream_name("ticks").shard_to_split(shard).new_starting_hash_key(at.to_string());
    split.send().await.expect("split");
}

/// What is said of the stream's own stage.
pub fn note(state: &Value) -> &str {
    let stages = state["stages"].as_array().map(Vec::as_slice).unwrap_or_default();
    stages.iter().find(|stage| stage["stage"] == "stream").and_then(|stage| stage["note"].as_str()).unwrap_or_default()
}
