//! PutRecordBatch on the AWS listener → rows in the warehouse, beside PostgreSQL's multi-row INSERT.
//!
//! A real server on a new data folder, its driver on the same machine. The clock runs from the first put to the moment
//! at which the last record that was acknowledged is in the warehouse; afterwards DuckDB counts what is there. What the
//! driver itself takes of the machine is printed apart.
//!
//! `BENCH_SECONDS` (60) and `BENCH_CONNECTIONS` (4) may be set, and `FRESHMARK` to another binary.

mod answers;
mod cluster;
mod cpu;
mod drive;
mod ending;
mod firehose;
mod machine;
mod postgres;
mod running;

use std::path::Path;
use std::time::{Duration, Instant};

use app::api::accounts::Role;
use app::api::pipeline::Pipeline;
use reqwest::Client;
use server::store::Store;

use self::answers::{Template, templates};
use self::cpu::cpu_of;
use self::drive::{Batches, Tally};
use self::ending::end;
use self::firehose::Key;
use self::machine::peak_memory_of;
use self::postgres::Took;
use self::running::{Outcome, Server, add_staff, freshmark, sign_in};

const STREAM: &str = "quiz-answers";
/// Between two looks at what waits.
const LOOK: Duration = Duration::from_millis(20);
/// Longest wait for the last record.
const PATIENCE: Duration = Duration::from_secs(600);

/// What the server did.
struct Measured {
    tally: Tally,
    /// From the first put to the last acknowledgement.
    put: Duration,
    /// From the first put to the last row.
    landed: Duration,
    server_cpu: Duration,
    driver_cpu: Duration,
    peak_memory: u64,
    /// Rows in the warehouse, and how many of them are distinct records.
    rows: (u64, u64),
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let (seconds, connections) = (setting("BENCH_SECONDS", 60)?, setting("BENCH_CONNECTIONS", 4)? as usize);
    let time = Duration::from_secs(seconds);
    let size = templates(STREAM).first().map_or(0, Template::record_bytes);
    println!("PutRecordBatch on the AWS listener → rows in the warehouse; the driver is on the same machine");
    println!("({seconds} s, {connections} connections, batches of {} records of {size} bytes)", answers::BATCH);
    let mut ours = measure(time, connections).await?;
    show(&mut ours);
    if !cluster::is_installed() {
        println!("PostgreSQL 15 is not installed (Debian: apt-get install postgresql-15), so there is no ratio");
        return Ok(());
    }
    let mut theirs = postgres::insert(shares(connections), time).await?;
    show_postgres(&mut theirs);
    let ratio = ours.records_per_second() / (theirs.rows as f64 / theirs.time.as_secs_f64());
    println!("{ratio:>14.2}   × PostgreSQL; the goal is 2");
    Ok(())
}

fn setting(name: &str, default: u64) -> Outcome<u64> {
    std::env::var(name).map_or(Ok(default), |text| text.parse().map_err(|_| format!("{name} is no number").into()))
}

/// The templates, shared out to so many connections.
fn shares(connections: usize) -> Vec<Vec<Template>> {
    let mut shares: Vec<Vec<Template>> = (0..connections.clamp(1, answers::TEMPLATES)).map(|_| Vec::new()).collect();
    let of = shares.len();
    for (n, template) in templates(STREAM).into_iter().enumerate() {
        shares[n % of].push(template);
    }
    shares
}

async fn measure(time: Duration, connections: usize) -> Outcome<Measured> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("freshmark.db")).await?;
    add_staff(&store, Role::Admin).await?;
    store.close().await?;
    let (mut server, aws) = Server::start(folder.path())?;
    let process = server.child.id().to_string();
    let key = make_key(folder.path())?;
    let http = Client::builder().no_proxy().build()?;
    let cookie = sign_in(&http, &server.address).await?;
    let shares = shares(connections);

    let (server_before, driver_before) = (cpu_of(&process)?, cpu_of("self")?);
    let began = Instant::now();
    let batches = Batches::until(began + time);
    let tally = put_all(&aws, &key, shares, &batches)?;
    let put = began.elapsed();
    let driver_cpu = cpu_of("self")? - driver_before;
    landed(&http, &server.address, &cookie).await?;
    let landed = began.elapsed();
    let server_cpu = cpu_of(&process)? - server_before;
    let peak_memory = peak_memory_of(&process)?;
    // A polite end: what was accepted is safe, and the warehouse can be looked at.
    end(&mut server.child, "-TERM")?;

    let rows = count(&folder.path().join("warehouse.duckdb"))?;
    let expected = batches.given_out() * answers::BATCH as u64;
    if tally.records != expected || rows != (expected, expected) {
        let (acknowledged, (rows, records)) = (tally.records, rows);
        return Err(format!("{acknowledged} acknowledged, {rows} rows, {records} records; not {expected} each").into());
    }
    Ok(Measured { tally, put, landed, server_cpu, driver_cpu, peak_memory, rows })
}

fn make_key(folder: &Path) -> Outcome<Key> {
    let made = freshmark()
        .args(["key", "create", "--json", "--name", "bench", "--stream", STREAM, "--data"])
        .arg(folder)
        .output()?;
    Ok(serde_json::from_slice(&made.stdout)?)
}

/// One thread a connection.
fn put_all(host: &str, key: &Key, shares: Vec<Vec<Template>>, batches: &Batches) -> Outcome<Tally> {
    std::thread::scope(|scope| {
        let put = |share| scope.spawn(move || firehose::put(host, key, STREAM, share, batches));
        let threads: Vec<_> = shares.into_iter().map(put).collect();
        let mut all = Tally::default();
        for thread in threads {
            all.add(thread.join().map_err(|_| "a connection panicked")??);
        }
        Ok(all)
    })
}

/// Waits until nothing waits any more.
async fn landed(http: &Client, address: &str, cookie: &str) -> Outcome<()> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let answer = http.get(format!("{address}/api/pipeline")).header("cookie", cookie).send().await?;
        let pipeline: Pipeline = answer.error_for_status()?.json().await?;
        let stream = pipeline.streams.iter().find(|stream| stream.name == STREAM).ok_or("no stream")?;
        if stream.freshness.measured_at.is_some() && stream.freshness.waiting == 0 {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    Err("not everything has landed".into())
}

/// Rows of the fact table but for heartbeats, and the distinct records among them.
fn count(warehouse: &Path) -> Outcome<(u64, u64)> {
    let db = duckdb::Connection::open(warehouse)?;
    let sql = "SELECT count(*), count(DISTINCT record_id) FROM quiz_answers WHERE assignment_id <> 0";
    Ok(db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

impl Measured {
    fn records_per_second(&self) -> f64 {
        self.rows.1 as f64 / self.landed.as_secs_f64()
    }
}

fn show(ours: &mut Measured) {
    let (landed, put) = (ours.landed.as_secs_f64(), ours.put.as_secs_f64());
    let per_million = |cpu: Duration| cpu.as_secs_f64() / (ours.rows.1 as f64 / 1e6);
    println!("{:>14.0}   records/s from the first put to the last row; the goal is 200000", ours.records_per_second());
    println!("{:>14.0}   records/s acknowledged; {:.1} s later all had landed", ours.rows.1 as f64 / put, landed - put);
    println!("{:>14.1}   MB/s of requests", ours.tally.bytes as f64 / 1e6 / put);
    println!("{:>14.1}   ms p50, {:.1} ms p99 put → acknowledged", ours.tally.wait_ms(0.5), ours.tally.wait_ms(0.99));
    println!("{:>14.2}   s of the server's CPU a million records", per_million(ours.server_cpu));
    println!("{:>14.2}   s of the driver's CPU a million records", per_million(ours.driver_cpu));
    println!("{:>14.0}   MB of memory at the server's peak; the goal is 500", ours.peak_memory as f64 / 1e6);
    println!("{:>14}   records sent again; every record is in the warehouse once", ours.tally.again);
}

fn show_postgres(theirs: &mut Took) {
    let seconds = theirs.time.as_secs_f64();
    let per_million = |cpu: Duration| cpu.as_secs_f64() / (theirs.rows as f64 / 1e6);
    println!("{:>14.0}   rows/s by PostgreSQL 15, multi-row INSERT, one index", theirs.rows as f64 / seconds);
    println!("{:>14.2}   s of PostgreSQL's CPU a million rows", per_million(theirs.server_cpu));
    println!("{:>14.2}   s of its driver's CPU a million rows", per_million(theirs.driver_cpu));
    println!("{:>14.1}   ms p50, {:.1} ms p99 INSERT", theirs.tally.wait_ms(0.5), theirs.tally.wait_ms(0.99));
}
