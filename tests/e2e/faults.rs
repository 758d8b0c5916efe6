//! Faults of the machine: what people are told meanwhile, and that it recovers by itself when the fault goes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use app::api::freshness::State;
use memchr::memmem;
use server::clock::Clock;
use server::config::{Config, Flags};
use server::serve::{self, Running};

use crate::server::{OPEN, Server, Staff, Student, freshmark};

/// Every file below a folder, and the folders themselves.
fn everything(folder: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            let (more_files, more_folders) = everything(&path);
            files.extend(more_files);
            folders.extend(more_folders);
        } else {
            files.push(path);
        }
    }
    (files, folders)
}

/// The gateway has acknowledged the answers, the outbox has let them go, and the log comes up without them.
#[tokio::test]
async fn answers_that_a_damaged_log_has_lost_are_sent_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let server = Server::on(&data, &["--buffer-seconds", "900"]);
    let (ada, _) = Student::hand_in(&server, "Ada Lovelace", 0).await;
    Student::hand_in(&server, "Gabriel Costa", 0).await;
    until_acknowledged(&data).await;
    server.kill();
    let in_the_log = format!("\"attempt_id\":\"{}\"", ada.joined.attempt).into_bytes();
    let mut damaged = 0;
    for file in everything(&data.join("stream")).0 {
        let mut bytes = fs::read(&file).expect("readable");
        let found: Vec<usize> = memmem::find_iter(&bytes, &in_the_log).collect();
        damaged += found.len();
        found.iter().for_each(|place| bytes[*place] ^= 1);
        fs::write(&file, bytes).expect("writable");
    }
    assert!(damaged > 0, "the answers are nowhere in the log's files");

    let server = Server::on(&data, &[]);
    let teacher = Staff::teacher(&server).await;
    let healed = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 20).await.freshness;
    assert_eq!((healed.accepted, healed.oldest_waiting), (20, None));
    assert_eq!(healed.state(healed.measured_at), State::Live);
    server.stop();
    let verified = freshmark().args(["verify", "--data"]).arg(&data).output().expect("verify runs");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

/// Waits until the gateway has acknowledged what was accepted, and the relay has removed it from the outbox.
async fn until_acknowledged(data: &Path) {
    use sea_orm::{ConnectionTrait, Database, Statement};
    let store = Database::connect(format!("sqlite://{}?mode=ro", data.join("freshmark.db").display()));
    let store = store.await.expect("the transactional store");
    for _ in 0..100_000 {
        let ask = "SELECT COUNT(*) FROM outbox WHERE stream = 'quiz-answers'";
        let row = store.query_one_raw(Statement::from_string(store.get_database_backend(), ask)).await;
        let waiting: i64 = row.expect("an answer").expect("a row").try_get_by_index(0).expect("a number");
        if waiting == 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the gateway has not acknowledged the answers");
}

/// The relay could not bring them on for a while; then they arrive in a log whose batches are large on purpose.
#[tokio::test]
async fn answers_that_arrive_late_are_as_old_as_their_acceptance() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let cut_off = Server::on(&data, &["--gateway-url", "http://127.0.0.1:9/gateway/"]);
    let (_, receipt) = Student::hand_in(&cut_off, "Ada Lovelace", 0).await;
    cut_off.stop();
    let server = Server::on(&data, &["--buffer-seconds", "900"]);
    until_acknowledged(&data).await;
    let pipeline = Staff::admin(&server).await.pipeline_when(&server, |p| p.streams[0].freshness.waiting >= 10).await;
    let stream = &pipeline.streams[0].freshness;
    assert!(stream.oldest_waiting.is_some_and(|oldest| oldest <= receipt.accepted_at), "{stream:?}, {receipt:?}");
    assert_ne!(stream.state(pipeline.now), State::Delayed, "what waits on purpose is not delayed");
}

/// A server to which folders can be read-only, even if it is root's.
fn bound_by_permissions() -> Command {
    let mut command = Command::new("setpriv");
    command.env_clear().env("FRESHMARK_LOG", "off").env("PATH", "/usr/bin:/bin");
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.starts_with(b"0\n"));
    if is_root {
        command.arg("--bounding-set=-dac_override,-dac_read_search");
    }
    command.arg(env!("CARGO_BIN_EXE_freshmark"));
    command
}

#[tokio::test]
async fn a_data_folder_that_becomes_read_only_holds_rows_back_and_loses_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let server = Server::by(bound_by_permissions(), &data, &[]);
    let teacher = Staff::teacher(&server).await;
    Student::hand_in(&server, "Ada Lovelace", 0).await;
    teacher.results_when(&server, OPEN, |r| r.freshness.landed == 10).await;

    let set = |mode: u32| {
        for folder in everything(&data).1 {
            fs::set_permissions(folder, Permissions::from_mode(mode)).expect("the folder is ours");
        }
    };
    set(0o555);
    let (_, receipt) = Student::hand_in(&server, "Gabriel Costa", 0).await;
    let told = Staff::admin(&server).await.pipeline_when(&server, |p| p.streams[0].freshness.problem.is_some()).await;
    let stream = &told.streams[0].freshness;
    let problem = stream.problem.as_deref().unwrap_or_default();
    assert!(problem.contains("Permission denied"), "what the operator sees: {problem}");
    assert_eq!((stream.waiting, stream.state(receipt.accepted_at + 60_000)), (10, State::Delayed));
    let failing = told.streams[0].stages.iter().filter(|stage| stage.problem.is_some());
    let failing: Vec<&str> = failing.map(|stage| stage.stage.as_str()).collect();
    assert_eq!(failing, ["lake"], "the stage that an admin has to look at");
    let waits = teacher.results(&server, OPEN).await.freshness;
    assert_eq!((waits.accepted, waits.landed), (20, 10));
    assert_eq!((waits.submissions, waits.submissions_waiting), (2, 1));
    assert_eq!(waits.state(receipt.accepted_at + 60_000), State::Delayed);

    set(0o755);
    let healed = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 20).await.freshness;
    assert_eq!(healed.state(healed.measured_at), State::Live);
    let well = Staff::admin(&server).await.pipeline_when(&server, |p| p.streams[0].freshness.problem.is_none()).await;
    assert!(well.streams[0].stages.iter().all(|stage| stage.problem.is_none()));
}

/// A server in this process, by a wall clock that is so many milliseconds behind.
async fn start_by_clock(data: &Path, behind: &Arc<AtomicU64>) -> (Running, Server) {
    let (began, behind) = (Instant::now(), Arc::clone(behind));
    let wall = move || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        now.saturating_sub(Duration::from_millis(behind.load(Ordering::SeqCst)))
    };
    let any = Some("127.0.0.1:0".parse().expect("an address"));
    let flags = Flags { data: Some(data.to_owned()), listen: any, aws_listen: any, demo: true, ..Flags::default() };
    let config = Config::load(flags).expect("a configuration");
    let running = serve::start(config, Clock::steadied(wall, move || began.elapsed())).await.expect("it starts");
    let server = Server::within(&running, data);
    (running, server)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_an_hour_changes_no_order_and_claims_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, behind_ms) = (folder.path().join("data"), Arc::new(AtomicU64::new(0)));
    let (running, server) = start_by_clock(&data, &behind_ms).await;
    let teacher = Staff::teacher(&server).await;
    let (_, before) = Student::hand_in(&server, "Ada Lovelace", 0).await;
    teacher.results_when(&server, OPEN, |r| r.freshness.landed == 10).await;

    behind_ms.store(3_600_000, Ordering::SeqCst);
    let (_, after) = Student::hand_in(&server, "Gabriel Costa", 0).await;
    assert!(after.accepted_at >= before.accepted_at, "{before:?}, {after:?}");
    let back = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 20).await.freshness;
    assert_eq!(back.state(back.measured_at), State::Live);
    assert!(back.complete_through > after.accepted_at);
    running.stop().await;

    // A new process knows no other clock than the one that is an hour behind: what it finds lies in its future.
    let (running, server) = start_by_clock(&data, &behind_ms).await;
    let teacher = Staff::teacher(&server).await;
    let (_, behind) = Student::hand_in(&server, "Hannah Lindqvist", 0).await;
    assert!(behind.accepted_at < before.accepted_at, "the fault is there: {behind:?}");
    teacher.results_when(&server, OPEN, |r| r.freshness.landed == 30).await;
    running.stop().await;

    behind_ms.store(0, Ordering::SeqCst);
    let (running, server) = start_by_clock(&data, &behind_ms).await;
    let teacher = Staff::teacher(&server).await;
    let (_, last) = Student::hand_in(&server, "Ines Moreau", 0).await;
    assert!(last.accepted_at > after.accepted_at);
    let healed = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 40).await.freshness;
    assert_eq!((healed.accepted, healed.state(healed.measured_at)), (40, State::Live));
    running.stop().await;
}
