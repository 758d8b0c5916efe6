//! kill -9 under load, at moments left to chance: whatever was acknowledged is counted as it was given, exactly once.
//!
//! Two kinds of producers write down what they were acknowledged: students who hand in, and a system that puts records to
//! the gateway. The seed is printed; FRESHMARK_CRASH_SEED takes it again. FRESHMARK_CRASH_ROUNDS makes it longer; `make
//! soak` does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app::api::attempts::{AttemptView, GivenAnswer, Submission};
use app::api::results::ClassResults;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::server::{OPEN, Server, Staff, Student, client, freshmark, from_environment};
use crate::streams::nothing_waits;

const ROUNDS: usize = 10;
const STUDENTS: usize = 3;
/// Records of one request to the gateway.
const TICKS: u64 = 20;
/// The stream that the other system puts to.
const CONFIG: &str = r#"
[streams.ticks]
shards = 2
columns = [{ name = "tick", type = "varchar(36)" }, { name = "n", type = "bigint" }]
"#;
/// Longest life of a server under load, in milliseconds.
const LONGEST_LIFE: u64 = 700;
/// Most acknowledgements that a server lives to give.
const MOST_HEARD: usize = 80;

/// When a server is killed.
enum Moment {
    /// After so long.
    After(Duration),
    /// As soon as a student has heard the so manyth acknowledgement, when one that came too early is still not saved.
    Heard(usize),
}

impl Moment {
    fn by(chance: &mut StdRng) -> Self {
        if chance.random() {
            Self::After(Duration::from_millis(chance.random_range(1..=LONGEST_LIFE)))
        } else {
            Self::Heard(chance.random_range(1..=MOST_HEARD))
        }
    }
}

/// Question and choice.
type Given = (i64, Option<i64>);

/// A submission that was sent, whatever became of it.
struct Sent {
    student: Student,
    given: Vec<Given>,
    acknowledged: bool,
}

/// What the producers did, over all rounds, and what they are to do in this one.
#[derive(Default)]
struct Told {
    sent: Mutex<Vec<Sent>>,
    /// Ticks that the gateway has acknowledged.
    ticks: Mutex<BTreeSet<String>>,
    students: AtomicUsize,
    /// Acknowledgements until the kill.
    left: AtomicUsize,
    stop: AtomicBool,
}

impl Told {
    fn heard(&self, server: &Server) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.kill(server);
        }
    }

    fn kill(&self, server: &Server) {
        server.kill();
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn seed() -> u64 {
    from_environment("FRESHMARK_CRASH_SEED").unwrap_or_else(|| rand::rng().random())
}

/// A pattern of choices of one's own, a skipped question now and then.
fn answers(view: &AttemptView, chance: &mut StdRng) -> Submission {
    let answers = view.questions.iter().map(|question| GivenAnswer {
        question: question.id,
        choice: question.choices.get(chance.random_range(0..=question.choices.len())).map(|choice| choice.id),
        elapsed_ms: 4_000,
    });
    Submission { answers: answers.collect() }
}

/// One student after the other hands in until the server is gone.
async fn produce(server: Arc<Server>, told: Arc<Told>, mut chance: StdRng) {
    let http = client();
    while !told.stop.load(Ordering::Relaxed) {
        let name = format!("Student {}", told.students.fetch_add(1, Ordering::Relaxed));
        let _ = hand_in(&http, &server, &told, &name, &mut chance).await;
    }
}

async fn hand_in(
    http: &Client,
    server: &Server,
    told: &Told,
    name: &str,
    chance: &mut StdRng,
) -> Result<(), reqwest::Error> {
    let student = Student::join(http, server, name).await?;
    let submission = answers(&student.view(server).await?, chance);
    let acknowledged = student.submit(server, &submission).await.is_ok();
    if acknowledged {
        told.heard(server);
    }
    let given = submission.answers.iter().map(|answer| (answer.question, answer.choice)).collect();
    told.sent.lock().expect("lock").push(Sent { student, given, acknowledged });
    Ok(())
}

fn rounds() -> usize {
    from_environment("FRESHMARK_CRASH_ROUNDS").unwrap_or(ROUNDS)
}

/// A system that puts records of its own until the server is gone.
async fn tick(server: Arc<Server>, told: Arc<Told>, mut chance: StdRng) {
    let http = client();
    let key = std::fs::read_to_string(server.data().join("gateway.key")).expect("the key");
    while !told.stop.load(Ordering::Relaxed) {
        let ticks: Vec<String> = (0..TICKS).map(|_| format!("{:032x}", chance.random::<u128>())).collect();
        let records: Vec<Value> = ticks.iter().map(|tick| json!({ "tick": tick, "n": 1 })).collect();
        let put = http.post(server.url("/gateway/ticks")).header("x-api-key", key.trim());
        let Ok(answer) = put.json(&json!({ "records": records })).send().await else { continue };
        let Ok(answer) = answer.json::<Value>().await else { continue };
        let entries = answer["RequestResponses"].as_array().cloned().unwrap_or_default();
        let taken = ticks.into_iter().zip(entries).filter(|(_, entry)| entry["RecordId"].is_string());
        told.ticks.lock().expect("lock").extend(taken.map(|(tick, _)| tick));
    }
}

/// Puts a server under load and kills it.
async fn load_and_kill(data: &Path, told: &Arc<Told>, moment: Moment, chance: &mut StdRng) {
    let server = Arc::new(Server::on(data, &["--config", &config(data)]));
    let left = if let Moment::Heard(left) = moment { left } else { usize::MAX };
    told.left.store(left, Ordering::Relaxed);
    told.stop.store(false, Ordering::Relaxed);
    let mut producers = JoinSet::new();
    for _ in 0..STUDENTS {
        producers.spawn(produce(Arc::clone(&server), Arc::clone(told), StdRng::seed_from_u64(chance.random())));
    }
    producers.spawn(tick(Arc::clone(&server), Arc::clone(told), StdRng::seed_from_u64(chance.random())));
    if let Moment::After(life) = moment {
        // Not a wait for something to happen: it is what happens.
        tokio::time::sleep(life).await;
        told.kill(&server);
    }
    while producers.join_next().await.is_some() {}
}

/// Beside the data folder.
fn config(data: &Path) -> String {
    let file = data.with_extension("toml");
    std::fs::write(&file, CONFIG).expect("written");
    file.to_string_lossy().into_owned()
}

/// What is really there, asked attempt by attempt: what was acknowledged has to be, the rest may.
async fn saved(server: &Server, sent: &[Sent], seed: u64) -> (i64, BTreeMap<Given, i64>) {
    let (mut submitted, mut counts) = (0, BTreeMap::new());
    for Sent { student, given, acknowledged } in sent {
        let receipt = student.view(server).await.expect("the attempt is known").receipt;
        assert!(
            receipt.is_some() || !acknowledged,
            "seed {seed}: {} was acknowledged and is lost",
            student.joined.attempt
        );
        let Some(receipt) = receipt else { continue };
        let answered = given.iter().filter(|(_, choice)| choice.is_some()).count() as i64;
        assert_eq!((receipt.answered, receipt.questions), (answered, 10), "seed {seed}");
        submitted += 1;
        for answer in given {
            *counts.entry(*answer).or_default() += 1;
        }
    }
    (submitted, counts)
}

/// The same, as the results have it.
fn counted(results: &ClassResults) -> BTreeMap<Given, i64> {
    let choices = |q: &app::api::results::QuestionResult| {
        let omitted = std::iter::once(((q.id, None), q.omitted));
        let given = q.choices.iter().map(|c| ((q.id, Some(c.id)), c.answers));
        omitted.chain(given).collect::<Vec<_>>()
    };
    results.questions.iter().flat_map(choices).filter(|(_, answers)| *answers > 0).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_kill_9_every_acknowledged_answer_is_counted_exactly_once() {
    let seed = seed();
    println!("FRESHMARK_CRASH_SEED={seed}");
    let mut chance = StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let told = Arc::new(Told::default());
    let rounds = rounds();
    for _ in 0..rounds {
        let moment = Moment::by(&mut chance);
        load_and_kill(&data, &told, moment, &mut chance).await;
    }

    let config = config(&data);
    let server = Server::on(&data, &["--config", &config]);
    let sent = std::mem::take(&mut *told.sent.lock().expect("lock"));
    let (submitted, expected) = saved(&server, &sent, seed).await;
    let acknowledged = sent.iter().filter(|sent| sent.acknowledged).count() as i64;
    assert!(acknowledged > 0, "seed {seed}: no load");
    assert!(submitted <= acknowledged + (rounds * STUDENTS) as i64, "seed {seed}: {submitted} of {acknowledged}");
    println!("{acknowledged} acknowledged, {submitted} saved");

    let teacher = Staff::teacher(&server).await;
    let landed = |r: &ClassResults| r.freshness.landed == r.freshness.accepted && r.freshness.oldest_waiting.is_none();
    let results = teacher.results_when(&server, OPEN, landed).await;
    assert_eq!((results.participation.submitted, results.counted), (submitted, submitted), "seed {seed}");
    assert_eq!(results.freshness.accepted, submitted * 10, "seed {seed}");
    assert_eq!(counted(&results), expected, "seed {seed}");

    nothing_waits(&server, "ticks").await;
    server.stop();
    let ticks = std::mem::take(&mut *told.ticks.lock().expect("lock"));
    assert!(!ticks.is_empty(), "seed {seed}: the gateway had no load");
    let lost: Vec<String> = ticks.difference(&landed_ticks(&data)).cloned().collect();
    assert!(
        lost.is_empty(),
        "seed {seed}: {} of {} acknowledged ticks are lost: {:?}",
        lost.len(),
        ticks.len(),
        lost.first()
    );
    println!("{} ticks acknowledged, none lost", ticks.len());
    let verified = freshmark().args(["verify", "--config", &config, "--data"]).arg(&data).output().expect("verified");
    let said = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success() && said.contains("the stores agree"), "seed {seed}: {said}");
}

fn landed_ticks(data: &Path) -> BTreeSet<String> {
    let warehouse = duckdb::Connection::open(data.join("warehouse.duckdb")).expect("the warehouse");
    let mut ticks = warehouse.prepare("SELECT DISTINCT tick FROM ticks").expect("query");
    let rows = ticks.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("ticks")
}
