//! What open pages cost, and when they show what a student has handed in.
//!
//! A real server on a new data folder, its driver on the same machine. A thousand pages are open on fifty assignments,
//! each with a connection of its own for events, and behave as those in a browser: a page asks again when an event says
//! that something changed, one question at a time, by the same rules (`app::state::refresh`). Meanwhile students hand in
//! 10 answers at a time, to all assignments in turn. Measured, for each page and submission: from its acknowledgement to
//! the answer that declares its instant of acceptance complete; what the pages cost is the server's CPU beyond what it
//! takes without them.
//!
//! `BENCH_SECONDS` (10), `BENCH_PAGES` (1000) and `BENCH_ANSWERS` (2000, a second) may be set, and `FRESHMARK` to another
//! binary.

mod cpu;
mod running;
mod students;

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use app::api::Millis;
use app::api::freshness::Freshness;
use app::api::live::{CHANGED, TICK, Tick};
use app::state::refresh::Refresh;
use bytes::Bytes;
use reqwest::{Client, Response};
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::cpu::cpu_of;
use self::running::{Outcome, Server, sign_in};
use self::students::{ANSWERS, hand_in, prepare};

const ASSIGNMENTS: usize = 50;

#[tokio::main]
async fn main() -> Outcome<()> {
    let (seconds, pages) = (setting("BENCH_SECONDS", 10)?, setting("BENCH_PAGES", 1_000)?);
    let rate = setting("BENCH_ANSWERS", 2_000)?;
    println!(
        "open pages ({seconds} s each, {ASSIGNMENTS} assignments, {rate} answers/s; a page asks when it is told to)"
    );
    println!(
        "{:>6} {:>10} {:>11} {:>11} {:>9} {:>9} {:>9} {:>8} {:>11} {:>16}",
        "pages",
        "answers/s",
        "server CPU",
        "driver CPU",
        "p50",
        "p99",
        "max",
        "loads/s",
        "questions/s",
        "asked/worked out"
    );
    for pages in [0, pages] {
        measure(rate, seconds, pages).await?.show(pages);
    }
    Ok(())
}

fn setting(name: &str, default: usize) -> Outcome<usize> {
    std::env::var(name).map_or(Ok(default), |text| text.parse().map_err(|_| format!("{name} is no number").into()))
}

/// Submissions to one assignment that were acknowledged: instant of acceptance, and when the student heard of it.
type Acknowledged = Arc<Vec<Mutex<Vec<(Millis, Instant)>>>>;

struct Measured {
    reached: f64,
    /// Cores.
    server_cpu: f64,
    driver_cpu: f64,
    latencies: Vec<Duration>,
    questions_per_second: f64,
    loads_per_second: f64,
    /// Absent for a binary that does not count them.
    asked_per_worked_out: Option<f64>,
}

impl Measured {
    fn show(mut self, pages: usize) {
        self.latencies.sort_unstable();
        let last = self.latencies.len().saturating_sub(1);
        let at = |share: f64| {
            let latency = self.latencies.get((last as f64 * share).round() as usize);
            latency.map_or("–".to_owned(), |latency| format!("{:.1} ms", latency.as_secs_f64() * 1e3))
        };
        let shared = self.asked_per_worked_out.map_or("–".to_owned(), |n| format!("{n:.2}"));
        println!(
            "{pages:>6} {:>10.0} {:>9.0} % {:>9.0} % {:>9} {:>9} {:>9} {:>8.0} {:>11.0} {shared:>16}",
            self.reached,
            self.server_cpu * 100.0,
            self.driver_cpu * 100.0,
            at(0.5),
            at(0.99),
            at(1.0),
            self.loads_per_second,
            self.questions_per_second,
        );
    }
}

async fn measure(rate: usize, seconds: usize, pages: usize) -> Outcome<Measured> {
    let folder = tempfile::tempdir()?;
    let students = prepare(folder.path(), ASSIGNMENTS, rate / ANSWERS * seconds, |n| n % ASSIGNMENTS).await?;
    let (server, _) = Server::start(folder.path())?;
    let process = server.child.id().to_string();
    let http = Client::builder().no_proxy().build()?;
    let cookie = sign_in(&http, &server.address).await?;
    let acknowledged: Acknowledged = Arc::new((0..ASSIGNMENTS).map(|_| Mutex::default()).collect());
    let shared = Arc::new(Shared {
        http: http.clone(),
        address: server.address.clone(),
        cookie,
        acknowledged: Arc::clone(&acknowledged),
        questions: AtomicU64::new(0),
        is_over: AtomicBool::new(false),
        showing: Semaphore::new(0),
    });
    let mut open = JoinSet::new();
    for n in 0..pages {
        let page = Page::open(Arc::clone(&shared), n % ASSIGNMENTS).await?;
        open.spawn(page.follow());
    }
    // Everybody shows something.
    let _all = shared.showing.acquire_many(u32::try_from(pages)?).await?;

    let before = Reading::take(&shared, &process).await?;
    let noted = Arc::clone(&acknowledged);
    let note = move |place: usize, accepted_at, at| {
        noted[place].lock().unwrap_or_else(PoisonError::into_inner).push((accepted_at, at));
    };
    let reached = hand_in(&http, &server.address, students, rate / ANSWERS, seconds, note).await?;
    let after = Reading::take(&shared, &process).await?;
    shared.is_over.store(true, Ordering::Relaxed);
    let mut latencies = Vec::new();
    while let Some(page) = open.join_next().await {
        latencies.extend(page??);
    }
    Ok(after.since(&before, reached, latencies))
}

/// What has been counted up to an instant.
struct Reading {
    at: Instant,
    server_cpu: Duration,
    driver_cpu: Duration,
    questions: u64,
    loads: f64,
    worked_out: Option<f64>,
}

impl Reading {
    async fn take(shared: &Shared, process: &str) -> Outcome<Self> {
        let metrics = shared.http.get(format!("{}/metrics", shared.address)).send().await?.text().await?;
        let value = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name))?;
            line.rsplit(' ').next()?.parse::<f64>().ok()
        };
        Ok(Self {
            at: Instant::now(),
            server_cpu: cpu_of(process)?,
            driver_cpu: cpu_of("self")?,
            questions: shared.questions.load(Ordering::Relaxed),
            loads: value("freshmark_delivery_to_redshift_success_total{stream=\"quiz-answers\"}").unwrap_or_default(),
            worked_out: value("freshmark_results_worked_out_total"),
        })
    }

    fn since(&self, before: &Self, reached: f64, latencies: Vec<Duration>) -> Measured {
        let seconds = (self.at - before.at).as_secs_f64();
        let (loads, questions) = (self.loads - before.loads, self.questions - before.questions);
        let worked_out = self.worked_out.zip(before.worked_out).map(|(after, before)| after - before);
        Measured {
            reached,
            server_cpu: (self.server_cpu - before.server_cpu).as_secs_f64() / seconds,
            driver_cpu: (self.driver_cpu - before.driver_cpu).as_secs_f64() / seconds,
            latencies,
            questions_per_second: questions as f64 / seconds,
            loads_per_second: loads / seconds,
            asked_per_worked_out: worked_out.map(|worked_out| questions as f64 / worked_out.max(1.0)),
        }
    }
}

/// What all pages share.
struct Shared {
    http: Client,
    address: String,
    cookie: String,
    acknowledged: Acknowledged,
    questions: AtomicU64,
    /// Nobody hands in any more.
    is_over: AtomicBool,
    /// A permit for each page that has had its first answer.
    showing: Semaphore,
}

impl Shared {
    async fn get(&self, path: &str) -> Outcome<Response> {
        let request = self.http.get(format!("{}{path}", self.address)).header("cookie", &self.cookie);
        Ok(request.send().await?.error_for_status()?)
    }

    /// The results, as far as a page needs them to know how current it is.
    async fn ask(self: Arc<Self>, assignment: usize) -> Outcome<Freshness> {
        #[derive(Deserialize)]
        struct Results {
            freshness: Freshness,
        }
        self.questions.fetch_add(1, Ordering::Relaxed);
        let answer = self.get(&format!("/api/class_results?assignment={assignment}")).await?.bytes().await?;
        Ok(serde_json::from_slice::<Results>(&answer)?.freshness)
    }
}

type Question = Pin<Box<dyn Future<Output = Outcome<Freshness>> + Send>>;

/// An open page.
struct Page {
    shared: Arc<Shared>,
    place: usize,
    events: Response,
    heard: String,
    refresh: Refresh,
    asking: Option<Question>,
    shown: Option<Freshness>,
    began: Instant,
    /// So many of the acknowledged submissions have been looked at.
    looked_at: usize,
    waiting: Vec<(Millis, Instant)>,
    latencies: Vec<Duration>,
}

impl Page {
    async fn open(shared: Arc<Shared>, place: usize) -> Outcome<Self> {
        let events = shared.get(&format!("/api/live?assignments={}", place + 1)).await?;
        Ok(Self {
            shared,
            place,
            events,
            heard: String::new(),
            refresh: Refresh::default(),
            asking: None,
            shown: None,
            began: Instant::now(),
            looked_at: 0,
            waiting: Vec::new(),
            latencies: Vec::new(),
        })
    }

    /// Until nobody hands in any more, and the page has shown all that was.
    async fn follow(mut self) -> Outcome<Vec<Duration>> {
        self.ask_if(Refresh::changed);
        loop {
            tokio::select! {
                answer = answer(&mut self.asking) => {
                    self.asking = None;
                    self.answered(answer?);
                    self.ask_if(Refresh::answered);
                }
                more = self.events.chunk() => {
                    let more: Bytes = more?.ok_or("the server ended the events")?;
                    self.heard.push_str(std::str::from_utf8(&more)?);
                    self.hear()?;
                }
            }
            if self.shared.is_over.load(Ordering::Relaxed) && self.has_shown_all() {
                return Ok(self.latencies);
            }
        }
    }

    fn ask_if(&mut self, wanted: impl FnOnce(&mut Refresh, Millis) -> bool) {
        let now = self.began.elapsed().as_millis() as Millis;
        if wanted(&mut self.refresh, now) {
            self.asking = Some(Box::pin(Arc::clone(&self.shared).ask(self.place + 1)));
        }
    }

    /// Takes in whole events.
    fn hear(&mut self) -> Outcome<()> {
        while let Some(end) = self.heard.find("\n\n") {
            let event: String = self.heard.drain(..end + 2).collect();
            let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            match field("event: ") {
                CHANGED => self.ask_if(Refresh::changed),
                TICK => {
                    let tick: Tick = serde_json::from_str(field("data: "))?;
                    let landed = |freshness: Option<Freshness>| freshness.map(|freshness| freshness.landed);
                    if self.shown.is_some() && tick.freshness.is_some() && landed(tick.freshness) != landed(self.shown)
                    {
                        self.ask_if(Refresh::changed);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn answered(&mut self, freshness: Freshness) {
        let now = Instant::now();
        if self.shown.replace(freshness).is_none() {
            self.shared.showing.add_permits(1);
        }
        self.look();
        let latencies = &mut self.latencies;
        self.waiting.retain(|(accepted_at, acknowledged)| {
            let waits = *accepted_at >= freshness.complete_through;
            if !waits {
                latencies.push(now.saturating_duration_since(*acknowledged));
            }
            waits
        });
    }

    fn look(&mut self) {
        let all = self.shared.acknowledged[self.place].lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.extend(&all[self.looked_at..]);
        self.looked_at = all.len();
    }

    fn has_shown_all(&mut self) -> bool {
        self.look();
        self.waiting.is_empty() && self.asking.is_none()
    }
}

/// The answer to the question, if one is under way.
async fn answer(question: &mut Option<Question>) -> Outcome<Freshness> {
    match question {
        Some(question) => question.await,
        None => std::future::pending().await,
    }
}
