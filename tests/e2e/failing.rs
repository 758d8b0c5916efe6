//! Writes that fail: one, two, three and thirty of every file that the server writes, as a full disk and a broken one do.
//!
//! A recorder keeps what was acknowledged meanwhile. Afterwards the server is killed and started again without faults:
//! every acknowledged submission is there, counted once, and the stores agree.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug, Display, Formatter};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use app::api::freshness::State;
use app::api::results::ClassResults;
use reqwest::Client;
use serde_json::{Value, json};

use crate::server::{Door, OPEN, Server, Staff, Student, all, client, config, freshmark};

/// Errors of a full disk and of a broken one.
const ENOSPC: i64 = 28;
const EIO: i64 = 5;
/// Calls that fail in one go.
const BURSTS: [i64; 4] = [1, 2, 3, 30];
/// Students who hand in before a fault that does not strike is called one that cannot: some files are written now and then
/// only, and whoever failed pauses before the next try.
const PATIENCE: usize = 300;
/// Of these so many hand in between two ticks of the server's clock.
const AT_ONCE: usize = 10;
/// Each shard is delivered by itself, and tries again by itself: with records of many assignments, thirty calls fail within
/// seconds.
const SHARDS: &str = "[streams.quiz-answers]\nshards = 8\n";
const ASSIGNMENTS: i64 = 24;
/// Tries of one request before the test gives up, and what a device waits between two of them.
const TRIES: usize = 3_000;
const PAUSE: Duration = Duration::from_millis(10);

/// The faults of one server, which it shares with the test.
pub struct Faults {
    control: File,
    path: PathBuf,
    library: PathBuf,
}

impl Faults {
    /// Compiles what makes calls fail, and makes the file by which it is told.
    pub fn new(folder: &Path) -> Self {
        let library = folder.join("failing.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/faults/failing.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).args([source, "-ldl"]);
        assert!(compiler.status().expect("a C compiler").success());
        let path = folder.join("failing.control");
        let control =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path).expect("a file");
        control.set_len(4096).expect("its size");
        Self { control, path, library }
    }

    /// A server whose calls can be made to fail.
    pub fn server(&self, data: &Path, flags: &[&str]) -> Server {
        let mut command = freshmark();
        command.env("FRESHMARK_LOG", "off").env("LD_PRELOAD", &self.library).env("FAILING_CONTROL", &self.path);
        if let Ok(libraries) = std::env::var("LD_LIBRARY_PATH") {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        Server::by(command, data, flags)
    }

    /// So many of the next calls on these files fail with this error.
    pub fn arm(&self, files: &str, error: i64, calls: i64) {
        self.control.write_all_at(&0i64.to_ne_bytes(), 0).expect("told");
        let mut name = [0; 256];
        name[..files.len()].copy_from_slice(files.as_bytes());
        self.control.write_all_at(&name, 16).expect("told");
        self.control.write_all_at(&error.to_ne_bytes(), 8).expect("told");
        self.control.write_all_at(&calls.to_ne_bytes(), 0).expect("told");
    }

    pub fn left(&self) -> i64 {
        self.number(0).max(0)
    }

    /// How often the files that [`Faults::arm`] names have been flushed to the disk.
    fn flushes(&self) -> i64 {
        self.number(16 + 256)
    }

    fn number(&self, at: u64) -> i64 {
        let mut number = [0; 8];
        self.control.read_exact_at(&mut number, at).expect("read");
        i64::from_ne_bytes(number)
    }
}

/// Submissions that were acknowledged.
#[derive(Default)]
pub struct Recorder {
    pub acknowledged: Vec<Student>,
    /// Tries that were refused, or had no answer.
    pub refused: usize,
}

impl Recorder {
    /// One student joins and hands in, each as often as it takes.
    pub async fn hand_in(&mut self, http: &Client, server: &Server) {
        let name = format!("Student {}", self.acknowledged.len() + 1);
        let student = self.insist(async || Student::join(http, server, &name).await).await;
        let view = self.insist(async || student.view(server).await).await;
        let submission = all(&view, self.acknowledged.len() % 3);
        self.insist(async || student.submit(server, &submission).await).await;
        self.acknowledged.push(student);
    }

    /// Asks until it succeeds, as a student's device does.
    async fn insist<T, E: Debug>(&mut self, ask: impl AsyncFn() -> Result<T, E>) -> T {
        let mut last = None;
        for _ in 0..TRIES {
            match ask().await {
                Ok(answer) => return answer,
                Err(error) => last = Some(error),
            }
            self.refused += 1;
            // A device pauses, too; without a pause the disk would be full of what is said about it.
            tokio::time::sleep(PAUSE).await;
        }
        panic!("it never succeeded: {last:?}");
    }

    /// Everything is there, as the students see it and as the teacher does.
    pub async fn check(&self, server: &Server) {
        for student in &self.acknowledged {
            let receipt = student.view(server).await.expect("the attempt is known").receipt;
            assert!(receipt.is_some(), "attempt {} was acknowledged and is lost", student.joined.attempt);
        }
        let results = Staff::teacher(server).await.results_when(server, OPEN, has_landed).await;
        let submitted = self.acknowledged.len() as i64;
        assert_eq!((results.participation.submitted, results.counted), (submitted, submitted));
        assert_eq!(results.freshness.accepted, submitted * 10);
    }
}

pub fn has_landed(results: &ClassResults) -> bool {
    results.freshness.landed == results.freshness.accepted && results.freshness.oldest_waiting.is_none()
}

pub fn verify(data: &Path, flags: &[&str]) {
    let verified = freshmark().args(["verify", "--data"]).arg(data).args(flags).output().expect("verify runs");
    let said = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success() && said.contains("the stores agree"), "{said}");
}

/// Fails writes of the files whose path has `files` in it.
async fn survives(files: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, faults) = (folder.path().join("data"), Faults::new(folder.path()));
    let config = config(folder.path(), SHARDS);
    let flags = ["--config", &*config];
    let server = faults.server(&data, &flags);
    let (http, mut recorder) = (client(), Recorder::default());
    recorder.hand_in(&http, &server).await;
    let (teacher, door, mut healing) = (Staff::teacher(&server).await, Door::of(&server), Healing::default());
    for (error, calls) in bursts() {
        let mut events = teacher.events(&server, OPEN).await;
        faults.arm(files, error, calls);
        for student in 1.. {
            recorder.hand_in(&http, &server).await;
            if faults.left() == 0 {
                break;
            }
            assert!(student < PATIENCE, "{} of {calls} never failed", faults.left());
            if student % AT_ONCE == 0 {
                // Taken or not: it is another one's to send again.
                door.put(
                    json!({ "records": (900..900 + ASSIGNMENTS).map(stranger_s).collect::<Vec<_>>() }).to_string(),
                )
                .await;
                events.until_ticks(1).await;
            }
        }
        let over = Instant::now();
        recorder.hand_in(&http, &server).await;
        healing.watch(&teacher, &server, over).await;
    }
    let acknowledged = recorder.acknowledged.len();
    lost_nothing(&recorder, server, &data, &flags).await;
    println!(
        "{files}: bursts of {BURSTS:?} calls failed, of each error; {acknowledged} acknowledged, 0 lost, 0 doubled; {healing}"
    );
}

/// How a server comes back after its faults, and what its page says meanwhile.
#[derive(Default)]
struct Healing {
    longest: Duration,
    said: BTreeSet<&'static str>,
}

impl Healing {
    /// From the end of a fault until everything has landed.
    async fn watch(&mut self, teacher: &Staff, server: &Server, over: Instant) {
        let mut events = teacher.events(server, OPEN).await;
        loop {
            let results = teacher.results(server, OPEN).await;
            let state = results.freshness.state(results.freshness.measured_at);
            assert!(
                !matches!(state, State::Final | State::Unknown | State::Disconnected),
                "{state:?} while answers wait"
            );
            self.said.insert(state.word());
            if has_landed(&results) {
                break;
            }
            events.next().await;
        }
        self.longest = self.longest.max(over.elapsed());
    }
}

impl Display for Healing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let said: Vec<&str> = self.said.iter().copied().collect();
        write!(f, "healed after {} ms at the latest, the page said {}", self.longest.as_millis(), said.join(", "))
    }
}

/// A record of another producer, of an assignment that this server does not know.
fn stranger_s(assignment: i64) -> Value {
    json!({
        "record_id": format!("r{assignment}"), "accepted_seq": assignment, "accepted_at": "2026-01-31 10:41:07.123",
        "assignment_id": assignment, "class_id": 1, "quiz_id": 1, "attempt_id": "a", "attempt_no": 1, "student_key": "s",
        "question_id": 1, "choice_id": null, "elapsed_ms": 1,
    })
}

/// Of an error that has failed no call nothing is shown.
fn all_struck(struck: &BTreeMap<i64, i64>) {
    assert!([ENOSPC, EIO].iter().all(|error| struck.get(error).is_some_and(|calls| *calls > 0)), "{struck:?}");
}

fn bursts() -> impl Iterator<Item = (i64, i64)> {
    [ENOSPC, EIO].into_iter().flat_map(|error| BURSTS.map(|calls| (error, calls)))
}

/// The server has healed, and another one finds the same after a kill.
async fn lost_nothing(recorder: &Recorder, server: Server, data: &Path, flags: &[&str]) {
    let teacher = Staff::teacher(&server).await;
    let healed = teacher.results_when(&server, OPEN, has_landed).await.freshness;
    assert_eq!(healed.state(healed.measured_at), State::Live, "it heals by itself");
    recorder.check(&server).await;
    server.kill();

    let server = Server::on(data, flags);
    recorder.check(&server).await;
    server.stop();
    verify(data, flags);
}

#[tokio::test]
async fn failed_writes_of_the_stores_wal_lose_nothing_that_was_acknowledged() {
    survives("/freshmark.db-wal").await;
}

#[tokio::test]
async fn failed_writes_of_the_store_lose_nothing_that_was_acknowledged() {
    survives("/freshmark.db$").await;
}

#[tokio::test]
async fn failed_writes_of_the_log_lose_nothing_that_was_acknowledged() {
    survives("/data/stream/").await;
}

#[tokio::test]
async fn failed_writes_of_the_lake_lose_nothing_that_was_acknowledged() {
    survives("/data/lake/").await;
}

/// DuckDB writes its file when it is closed, and once its log has grown far more than here.
#[tokio::test]
async fn failed_writes_of_the_warehouse_lose_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, faults) = (folder.path().join("data"), Faults::new(folder.path()));
    let (http, mut recorder, mut struck) = (client(), Recorder::default(), BTreeMap::new());
    for (error, calls) in bursts() {
        faults.arm("/warehouse.duckdb$", error, 0);
        let server = faults.server(&data, &[]);
        recorder.hand_in(&http, &server).await;
        Staff::teacher(&server).await.results_when(&server, OPEN, has_landed).await;
        faults.arm("/warehouse.duckdb$", error, calls);
        server.stop();
        *struck.entry(error).or_default() += calls - faults.left();
    }
    all_struck(&struck);
    faults.arm("/warehouse.duckdb$", EIO, 0);
    lost_nothing(&recorder, faults.server(&data, &[]), &data, &[]).await;
}

#[tokio::test]
async fn failed_writes_of_the_warehouses_wal_lose_nothing_that_was_acknowledged() {
    survives("/warehouse.duckdb.wal$").await;
}

#[tokio::test]
async fn failed_writes_of_everything_lose_nothing_that_was_acknowledged() {
    survives("/data/").await;
}

#[tokio::test]
async fn a_secret_that_could_not_be_written_is_not_half_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let faults = Faults::new(folder.path());
    for (error, calls) in bursts() {
        let data = folder.path().join(format!("{error}-{calls}")).join("data");
        faults.arm("/data/", error, calls);
        while faults.left() > 0 {
            let mut command = freshmark();
            command.env("LD_PRELOAD", &faults.library).env("FAILING_CONTROL", &faults.path);
            let listen = ["serve", "--demo", "--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0", "--data"];
            let refused = command.args(listen).arg(&data).output().expect("it runs");
            let said = String::from_utf8_lossy(&refused.stderr);
            assert!(!refused.status.success() && said.contains("cannot use the data folder"), "{said}");
        }
        let server = Server::on(&data, &[]);
        for secret in ["gateway.key", "wire.secret"] {
            let text = std::fs::read_to_string(data.join(secret)).expect("there");
            assert_eq!(text.trim().len(), 43, "{secret}");
        }
        Student::hand_in(&server, "Ada Lovelace", 0).await;
    }
}

/// kill -9 keeps what the kernel has not written yet; a power cut does not. So each acknowledgement has a flush before it.
#[tokio::test]
async fn nothing_is_acknowledged_before_it_was_flushed_to_the_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, faults) = (folder.path().join("data"), Faults::new(folder.path()));
    let server = faults.server(&data, &[]);
    let (http, mut recorder) = (client(), Recorder::default());
    for _ in 0..8 {
        faults.arm("/freshmark.db-wal", ENOSPC, 0);
        let name = format!("Student {}", recorder.acknowledged.len());
        let student = Student::join(&http, &server, &name).await.expect("joined");
        let view = student.view(&server).await.expect("the quiz");
        let before = faults.flushes();
        student.submit(&server, &all(&view, 0)).await.expect("accepted");
        assert!(faults.flushes() > before, "a submission was acknowledged before the store was flushed");
        recorder.acknowledged.push(student);
    }
    let door = Door::of(&server);
    // Nothing else is on its way through the log.
    Staff::teacher(&server).await.results_when(&server, OPEN, has_landed).await;
    for n in 0..8 {
        faults.arm("/data/stream/", ENOSPC, 0);
        let before = faults.flushes();
        door.put_all(&[stranger_s(900 + n)]).await;
        assert!(faults.flushes() > before, "a record was acknowledged before the log was flushed");
    }
}
