//! Submit acknowledged → a results query shows it.
//!
//! A real server on a new data folder, its driver on the same machine. Students hand in 10 answers at a time, at a
//! steady rate, to 40 assignments; one of these is watched as an open results page does it: the query is asked when an
//! event says that something has changed. A submission is visible when an answer has come that declares its instant of
//! acceptance complete.
//!
//! Where the server accepts fewer answers than are wanted, the row says which rate was reached.

mod running;
mod students;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use app::api::Millis;
use app::api::results::ClassResults;
use reqwest::Client;

use self::running::{Outcome, Server, sign_in};
use self::students::{ANSWERS, hand_in, prepare};

const ASSIGNMENTS: usize = 40;
const SECONDS: usize = 15;
/// Submissions a second to the assignment that is watched, whatever the whole rate is.
const WATCHED_RATE: usize = 10;

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

async fn measure(rate: usize) -> Outcome<Measured> {
    let folder = tempfile::tempdir()?;
    let count = rate / ANSWERS * SECONDS;
    // Every so many of them are at the watched assignment, which is the first.
    let every = (count / (WATCHED_RATE * SECONDS)).max(1);
    let place = |n: usize| if n.is_multiple_of(every) { 0 } else { 1 + n % (ASSIGNMENTS - 1) };
    let students = prepare(folder.path(), ASSIGNMENTS, count, place).await?;
    let (server, _) = Server::start(folder.path())?;
    let http = Client::builder().no_proxy().build()?;
    let seen = Shared::default();
    let watcher = tokio::spawn(watch(server.address.clone(), Arc::clone(&seen)));
    let watched = Arc::clone(&seen);
    let acknowledged = move |place: usize, accepted_at, at| {
        if place == 0 {
            watched.lock().unwrap_or_else(PoisonError::into_inner).acknowledged(accepted_at, at);
        }
    };
    let reached = hand_in(&http, &server.address, students, rate / ANSWERS, SECONDS, acknowledged).await?;
    seen.lock().map_err(|_| "poisoned")?.is_over = true;
    let latencies = watcher.await??;
    drop(server);
    Ok(Measured { reached, latencies })
}

/// Follows the watched assignment as its open page does, until every submission has been seen.
async fn watch(address: String, seen: Shared) -> Outcome<Vec<Duration>> {
    let http = Client::builder().no_proxy().build()?;
    let cookie = sign_in(&http, &address).await?;
    let ask = |path: &str| http.get(format!("{address}{path}")).header("cookie", &cookie).send();
    let mut events = ask("/api/live?assignments=1").await?.error_for_status()?;
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
