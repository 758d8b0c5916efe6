//! Submit acknowledged → a results query shows it.
//!
//! A real server on a new data folder, its driver on the same machine. Students hand in 10 answers at a time, at a
//! steady rate, to 40 assignments; one of these is watched as an open results page does it: the query is asked when an
//! event says that something has changed. A submission is visible when an answer has come that declares its instant of
//! acceptance complete.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use app::api::Millis;
use app::api::accounts::{Me, Role};
use app::api::attempts::{GivenAnswer, Join, Joined, Receipt, Submission};
use app::api::results::ClassResults;
use reqwest::Client;
use serde_json::json;
use server::accounts::Accounts;
use server::clock::Clock;
use server::demo::school::QUIZZES;
use server::live::Live;
use server::quiz::{NewAssignment, Quiz};
use server::store::Store;

const ASSIGNMENTS: usize = 40;
const SECONDS: usize = 15;
/// Submissions a second to the assignment that is watched, whatever the whole rate is.
const WATCHED_RATE: usize = 10;
const ANSWERS: usize = 10;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    println!("submit acknowledged → a results query shows it ({SECONDS} s each, {ASSIGNMENTS} assignments)");
    println!("{:>10} {:>8} {:>9} {:>9} {:>9}   goal", "answers/s", "samples", "p50", "p99", "max");
    for (rate, goal) in [(200, "p50 ≤ 20 ms, p99 ≤ 100 ms at 2,000/s"), (2_000, "p50 ≤ 20 ms, p99 ≤ 100 ms")] {
        let mut latencies = measure(rate).await?;
        latencies.sort();
        let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share).round() as usize].as_secs_f64() * 1e3;
        println!(
            "{rate:>10} {:>8} {:>6.1} ms {:>6.1} ms {:>6.1} ms   {goal}",
            latencies.len(),
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
    Ok(())
}

/// What the page has shown, and what it has still to show.
#[derive(Default)]
struct Seen {
    /// Instant of acceptance, and when the student heard of it.
    waiting: Vec<(Millis, Instant)>,
    complete_through: Millis,
    latencies: Vec<Duration>,
}

type Shared = Arc<Mutex<Seen>>;

impl Seen {
    /// A student has heard that a submission is accepted. The page may have shown it before that.
    fn acknowledged(&mut self, accepted_at: Millis, at: Instant) {
        if accepted_at < self.complete_through {
            self.latencies.push(Duration::ZERO);
        } else {
            self.waiting.push((accepted_at, at));
        }
    }

    /// The page has results that are complete up to an instant.
    fn answered(&mut self, complete_through: Millis, at: Instant) {
        self.complete_through = complete_through;
        let latencies = &mut self.latencies;
        self.waiting.retain(|(accepted_at, acknowledged)| {
            let waits = *accepted_at >= complete_through;
            if !waits {
                latencies.push(at.saturating_duration_since(*acknowledged));
            }
            waits
        });
    }
}

/// A student who has read the quiz and will hand in.
struct Ready {
    joined: Joined,
    submission: Submission,
    watched: bool,
}

async fn measure(rate: usize) -> Outcome<Vec<Duration>> {
    let folder = tempfile::tempdir()?;
    let students = prepare(folder.path(), rate / ANSWERS * SECONDS).await?;
    let server = Server::start(folder.path())?;
    let http = Client::builder().no_proxy().build()?;
    let seen = Shared::default();
    let watcher = tokio::spawn(watch(server.address.clone(), Arc::clone(&seen)));
    hand_in(&http, &server.address, students, rate / ANSWERS, &seen).await?;
    let latencies = watcher.await??;
    drop(server);
    Ok(latencies)
}

/// A school with many open assignments and `count` students who have joined, made through the rooms' own doors.
async fn prepare(folder: &Path, count: usize) -> Outcome<Vec<Ready>> {
    let clock = Clock::system();
    let store = Store::open(&folder.join("freshmark.db")).await?;
    let me = Me { name: "T".into(), email: "t@x".into(), role: Role::Teacher };
    let teacher = Accounts::new(store.clone(), clock.clone()).add(&me, "pw").await?;
    let quiz = Quiz::new(store.clone(), Live::default(), clock.clone());
    let photosynthesis = quiz.import_gift(teacher, QUIZZES[0].0, QUIZZES[0].1).await?;
    let mut codes = Vec::new();
    for n in 0..ASSIGNMENTS {
        let class = quiz.add_class(teacher, &format!("Class {n}"), &["A", "B"]).await?;
        let code = format!("AAA-{n:03}");
        quiz.assign(&NewAssignment { class, quiz: photosynthesis, join_code: &code, opened_at: clock.now() }).await?;
        codes.push(code);
    }
    let students = join_all(&quiz, &codes, count).await?;
    store.write.close_by_ref().await?;
    store.read.close_by_ref().await?;
    Ok(students)
}

/// Joins everybody before the clock runs, every so many of them at the watched assignment. Not over HTTP: so many do not
/// come from one address.
async fn join_all(quiz: &Quiz, codes: &[String], count: usize) -> Outcome<Vec<Ready>> {
    let every = count / (WATCHED_RATE * SECONDS);
    let mut ready = Vec::with_capacity(count);
    for n in 0..count {
        let watched = n % every.max(1) == 0;
        let code = if watched { &codes[0] } else { &codes[1 + n % (codes.len() - 1)] };
        let join = Join { code: code.clone(), name: format!("Student {n}") };
        let joined = quiz.join(&join).await?;
        let view = quiz.view(&joined.attempt, &joined.token).await?;
        let answers = view.questions.iter().map(|question| GivenAnswer {
            question: question.id,
            choice: question.choices.get(n % question.choices.len()).map(|choice| choice.id),
            elapsed_ms: 5_000,
        });
        ready.push(Ready { joined, submission: Submission { answers: answers.collect() }, watched });
    }
    Ok(ready)
}

/// Hands in at a steady rate, on time whatever the answers take.
async fn hand_in(http: &Client, address: &str, students: Vec<Ready>, per_second: usize, seen: &Shared) -> Outcome<()> {
    let mut pace = tokio::time::interval(Duration::from_secs_f64(1.0 / per_second as f64));
    let mut sent = tokio::task::JoinSet::new();
    for student in students {
        pace.tick().await;
        let (http, address, seen) = (http.clone(), address.to_owned(), Arc::clone(seen));
        sent.spawn(async move {
            let url = format!("{address}/api/attempts/{}/answers", student.joined.attempt);
            let request = http.post(url).bearer_auth(&student.joined.token).json(&student.submission);
            let receipt: Receipt = request.send().await?.error_for_status()?.json().await?;
            if student.watched
                && let Ok(mut seen) = seen.lock()
            {
                seen.acknowledged(receipt.accepted_at, Instant::now());
            }
            Ok::<(), reqwest::Error>(())
        });
    }
    while let Some(done) = sent.join_next().await {
        done??;
    }
    Ok(())
}

/// Follows the watched assignment as its open page does, until every submission has been seen.
async fn watch(address: String, seen: Shared) -> Outcome<Vec<Duration>> {
    let http = Client::builder().no_proxy().build()?;
    let signed_in =
        http.post(format!("{address}/api/session")).json(&json!({ "email": "t@x", "password": "pw" })).send().await?;
    let cookie = signed_in.headers()["set-cookie"].to_str()?.split(';').next().unwrap_or_default().to_owned();
    let ask = |path: &str| http.get(format!("{address}{path}")).header("cookie", &cookie).send();
    let mut events = ask("/api/live/assignments/1").await?.error_for_status()?;
    loop {
        let heard = events.chunk().await?.ok_or("the server ended the events")?;
        // A tick carries freshness too, but a page asks only when something has changed.
        if String::from_utf8_lossy(&heard).contains("event: changed") {
            let answer = ask("/api/class_results?assignment=1").await?.error_for_status()?;
            let results: ClassResults = answer.json().await?;
            let now = Instant::now();
            seen.lock().map_err(|_| "poisoned")?.answered(results.freshness.complete_through, now);
        }
        let mut seen = seen.lock().map_err(|_| "poisoned")?;
        if seen.latencies.len() >= WATCHED_RATE * SECONDS {
            return Ok(std::mem::take(&mut seen.latencies));
        }
    }
}

/// The real binary; ended when dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path) -> Outcome<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_freshmark"))
            .args(["serve", "--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let address =
            lines.find_map(|line| line.strip_prefix("Freshmark is at ").map(str::to_owned)).ok_or("no address")?;
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, address })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
