//! Submit acknowledged → a results query shows it.
//!
//! A real server on a new data folder, its driver on the same machine. Students hand in 10 answers at a time, at a
//! steady rate, to 40 assignments; one of these is watched as an open results page does it: the query is asked when an
//! event says that something has changed. A submission is visible when an answer has come that declares its instant of
//! acceptance complete.
//!
//! At most [`IN_FLIGHT`] submissions are under way. Where the server accepts fewer than are wanted, students wait for
//! their turn, and the row says which rate was reached.

mod running;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use app::api::Millis;
use app::api::accounts::Role;
use app::api::attempts::{GivenAnswer, Join, Joined, Receipt, Submission};
use app::api::results::ClassResults;
use reqwest::Client;
use server::clock::Clock;
use server::demo::school::QUIZZES;
use server::live::Live;
use server::quiz::{NewAssignment, Quiz};
use server::store::Store;
use tokio::sync::Semaphore;

use self::running::{Outcome, Server, add_staff, sign_in};

const ASSIGNMENTS: usize = 40;
const SECONDS: usize = 15;
/// Submissions a second to the assignment that is watched, whatever the whole rate is.
const WATCHED_RATE: usize = 10;
const ANSWERS: usize = 10;
/// A whole school's submissions at once.
const IN_FLIGHT: usize = 512;

#[tokio::main]
async fn main() -> Outcome<()> {
    println!("submit acknowledged → a results query shows it ({SECONDS} s each, {ASSIGNMENTS} assignments)");
    println!("{:>10} {:>10} {:>8} {:>9} {:>9} {:>9}   goal", "answers/s", "reached", "samples", "p50", "p99", "max");
    for (rate, goal) in
        [(200, "p50 ≤ 20 ms, p99 ≤ 100 ms at 2,000/s"), (2_000, "p50 ≤ 20 ms, p99 ≤ 100 ms"), (20_000, "p99 ≤ 250 ms")]
    {
        let Measured { reached, mut latencies } = measure(rate).await?;
        latencies.sort();
        let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share).round() as usize].as_secs_f64() * 1e3;
        println!(
            "{rate:>10} {reached:>10.0} {:>8} {:>6.1} ms {:>6.1} ms {:>6.1} ms   {goal}{}",
            latencies.len(),
            at(0.5),
            at(0.99),
            at(1.0),
            if reached < rate as f64 * 0.95 { ", at the full rate: not reached" } else { "" }
        );
    }
    Ok(())
}

struct Measured {
    /// Answers a second that were acknowledged.
    reached: f64,
    /// Of the submissions to the assignment that is watched.
    latencies: Vec<Duration>,
}

/// What the page has shown, and what it has still to show.
#[derive(Default)]
struct Seen {
    /// Instant of acceptance, and when the student heard of it.
    waiting: Vec<(Millis, Instant)>,
    complete_through: Millis,
    latencies: Vec<Duration>,
    /// Nobody hands in any more.
    is_over: bool,
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

async fn measure(rate: usize) -> Outcome<Measured> {
    let folder = tempfile::tempdir()?;
    let students = prepare(folder.path(), rate / ANSWERS * SECONDS).await?;
    let (server, _) = Server::start(folder.path())?;
    let http = Client::builder().no_proxy().build()?;
    let seen = Shared::default();
    let watcher = tokio::spawn(watch(server.address.clone(), Arc::clone(&seen)));
    let reached = hand_in(&http, &server.address, students, rate / ANSWERS, &seen).await?;
    seen.lock().map_err(|_| "poisoned")?.is_over = true;
    let latencies = watcher.await??;
    drop(server);
    Ok(Measured { reached, latencies })
}

/// A school with many open assignments and `count` students who have joined, made through the rooms' own doors.
async fn prepare(folder: &Path, count: usize) -> Outcome<Vec<Ready>> {
    let clock = Clock::system();
    let store = Store::open(&folder.join("freshmark.db")).await?;
    let teacher = add_staff(&store, Role::Teacher).await?;
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

/// Hands in at a steady rate for so long, on time whatever the answers take as long as they are few enough, and says how
/// many answers a second were acknowledged.
async fn hand_in(http: &Client, address: &str, students: Vec<Ready>, per_second: usize, seen: &Shared) -> Outcome<f64> {
    let mut pace = tokio::time::interval(Duration::from_secs_f64(1.0 / per_second as f64));
    let mut sent = tokio::task::JoinSet::new();
    let room = Arc::new(Semaphore::new(IN_FLIGHT));
    let (began, mut handed_in) = (Instant::now(), 0);
    // A little longer, so that a rate that is reached is reached by all.
    let until = began + Duration::from_secs_f64(SECONDS as f64 * 1.01);
    for student in students {
        pace.tick().await;
        let turn = Arc::clone(&room).acquire_owned().await?;
        if Instant::now() > until {
            break;
        }
        handed_in += 1;
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
            drop(turn);
            Ok::<(), reqwest::Error>(())
        });
    }
    while let Some(done) = sent.join_next().await {
        done??;
    }
    Ok((handed_in * ANSWERS) as f64 / began.elapsed().as_secs_f64())
}

/// Follows the watched assignment as its open page does, until every submission has been seen.
async fn watch(address: String, seen: Shared) -> Outcome<Vec<Duration>> {
    let http = Client::builder().no_proxy().build()?;
    let cookie = sign_in(&http, &address).await?;
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
        if seen.is_over && seen.waiting.is_empty() {
            return Ok(std::mem::take(&mut seen.latencies));
        }
    }
}
