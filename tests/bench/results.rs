//! One assignment's results among many answers, beside PostgreSQL.
//!
//! A warehouse is filled with `BENCH_ROWS` (2,000,000) answers and a district's 4,000,000. A real server on it answers
//! `GET /api/class_results` for 30 students who have handed in through its own rooms; then the product's own question to
//! the warehouse, with item analysis' counts, is asked of random assignments, and the same rows are asked the same of
//! PostgreSQL with an index on the assignment. `BENCH_POSTGRES=0` leaves that out: 100 million rows take it an hour.

mod cluster;
mod ending;
mod many;
mod running;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use app::api::accounts::Role;
use app::api::attempts::{GivenAnswer, Join, Submission};
use app::api::results::{ClassResults, View};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::Client;
use server::clock::Clock;
use server::live::Live;
use server::school::NewAssignment;
use server::store::Store;
use server::teaching::Teaching;
use server::warehouse::duckdb::{self, Limits};
use server::warehouse::{Counting, Warehouse};
use tokio_postgres::types::Type;

use self::cluster::{Cluster, TABLE};
use self::many::{DISTRICT, DISTRICT_STUDENTS, Many, QUESTIONS, STUDENTS, keys};
use self::running::{Outcome, Server, add_staff, sign_in};

const ASKED: usize = 1_000;
/// The district's question is asked so often.
const DISTRICT_ASKED: usize = 5;
const CODE: &str = "AAA-111";
/// What a server gives the warehouse here: half of the cores, and 512 MiB.
const LIMITS: Limits = Limits { memory_mib: 512, threads: 1 };

#[tokio::main]
async fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let warehouse = folder.path().join("warehouse.duckdb");
    drop(duckdb::open(&warehouse, LIMITS)?);
    let many = many::fill(&warehouse, setting("BENCH_ROWS", 2_000_000)?)?;
    println!("one assignment's results, {STUDENTS} students × {QUESTIONS} questions, among {} answers", many.answers);
    show("GET /api/class_results, worked out each time", &mut over_http(folder.path()).await?, "the goal is 10 ms");
    let mut ours = ask_warehouse(&warehouse, &many).await?;
    show("the warehouse's part of it, random assignments", &mut ours, "the goal among 100 M is p99 ≤ 20 ms");
    let mut district = ask_district(&warehouse).await?;
    show(&format!("the same for a district, {DISTRICT_STUDENTS} × {QUESTIONS}"), &mut district, "");
    if setting("BENCH_POSTGRES", 1)? == 0 || !cluster::is_installed() {
        println!("PostgreSQL 15 is not installed (Debian: apt-get install postgresql-15) or left out: no ratio");
        return Ok(());
    }
    let (mut theirs, mut their_district) = ask_postgres(&warehouse, &many).await?;
    show("PostgreSQL 15, the same question, an index", &mut theirs, "");
    show("PostgreSQL 15, the district", &mut their_district, "");
    for (what, ours, theirs) in [("", &ours, &theirs), (", the district", &district, &their_district)] {
        let ratio = at(theirs, 0.5).as_secs_f64() / at(ours, 0.5).as_secs_f64();
        println!("{ratio:>11.2} × as fast as PostgreSQL at p50{what}");
    }
    Ok(())
}

fn setting(name: &str, default: i64) -> Outcome<i64> {
    std::env::var(name).map_or(Ok(default), |text| text.parse().map_err(|_| format!("{name} is no number").into()))
}

/// A quantile of what has been sorted.
fn at(times: &[Duration], share: f64) -> Duration {
    times.get((times.len().saturating_sub(1) as f64 * share).round() as usize).copied().unwrap_or_default()
}

fn show(what: &str, times: &mut [Duration], goal: &str) {
    times.sort();
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| at(times, share).as_secs_f64() * 1e3);
    println!("{p50:>8.2} ms p50 {p99:>9.2} ms p99 {max:>9.2} ms max   {what}; {} asked  {goal}", times.len());
}

/// Thirty students who hand in through the server's own rooms; then the page's question, again and again.
async fn over_http(folder: &Path) -> Outcome<Vec<Duration>> {
    let assignment = prepare(folder).await?;
    let (server, _) = Server::start(folder)?;
    let http = Client::builder().no_proxy().build()?;
    let cookie = sign_in(&http, &server.address).await?;
    let url = format!("{}/api/class_results?assignment={assignment}", server.address);
    let ask = async |as_of: &str| -> Outcome<ClassResults> {
        let answer = http.get(format!("{url}{as_of}")).header("cookie", &cookie).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    };
    let all = STUDENTS * QUESTIONS;
    let began = Instant::now();
    while ask("").await?.freshness.landed < all {
        if began.elapsed() > Duration::from_secs(60) {
            return Err("not everything has landed".into());
        }
    }
    let mut times = Vec::with_capacity(ASKED);
    let now = Clock::system().now();
    for n in 0..ASKED {
        // Another instant each time: an answer that was given a moment ago is not given again.
        let as_of = format!("&as_of={}", now + n as i64);
        let sent = Instant::now();
        let results = ask(&as_of).await?;
        times.push(sent.elapsed());
        let has_analysis = results.questions.iter().all(|question| question.figures.discrimination.is_some());
        if results.counted != STUDENTS || results.freshness.landed != all || !has_analysis {
            return Err("that is not the results of thirty students".into());
        }
    }
    Ok(times)
}

async fn prepare(folder: &Path) -> Outcome<i64> {
    let clock = Clock::system();
    let store = Store::open(&folder.join("freshmark.db")).await?;
    let teacher = add_staff(&store, Role::Teacher).await?;
    let rooms = Teaching::on(&store, &Live::default(), &clock);
    let gift: Vec<String> = (1..=QUESTIONS).map(|n| format!("Question {n} {{ =right ~wrong ~other ~none }}")).collect();
    let asked = rooms.quizzes.import_gift(teacher, "Forty questions", &gift.join("\n\n")).await?.quiz;
    let class = rooms.school.add_class(teacher, "A class", &[]).await?;
    let new = NewAssignment { class, quiz: asked, join_code: CODE, opened_at: clock.now() };
    let assignment = rooms.school.assign(&new).await?;
    let mut random = StdRng::seed_from_u64(1);
    for n in 0..STUDENTS {
        let joined = rooms.attempts.join(&Join { code: CODE.to_owned(), name: format!("Student {n}") }).await?;
        let view = rooms.attempts.view(&joined.attempt, &joined.token).await?;
        let able = random.random_range(0.2..0.9);
        let answers = view.questions.iter().map(|question| {
            let place = if random.random_bool(able) { 0 } else { random.random_range(1..4) };
            let choice = question.choices.get(place).map(|choice| choice.id);
            GivenAnswer { question: question.id, choice, elapsed_ms: random.random_range(900..90_000) }
        });
        let answers = answers.collect();
        rooms.attempts.submit(&joined.attempt, &joined.token, &Submission { answers }).await?;
    }
    store.close().await?;
    Ok(assignment)
}

/// Random assignments, the same ones in every run.
fn places() -> impl Iterator<Item = i64> {
    let mut random = StdRng::seed_from_u64(2);
    (0..ASKED).map(move |_| random.random_range(0..1 << 40))
}

async fn ask_warehouse(path: &Path, many: &Many) -> Outcome<Vec<Duration>> {
    let warehouse = duckdb::open(path, LIMITS)?;
    let mut times = Vec::with_capacity(ASKED);
    for place in places() {
        let assignment = many.assignment(place);
        times.push(ask(&warehouse, assignment, STUDENTS).await?);
    }
    Ok(times)
}

async fn ask_district(path: &Path) -> Outcome<Vec<Duration>> {
    let warehouse = duckdb::open(path, LIMITS)?;
    let mut times = Vec::new();
    for _ in 0..DISTRICT_ASKED {
        times.push(ask(&warehouse, DISTRICT, DISTRICT_STUDENTS).await?);
    }
    Ok(times)
}

async fn ask(warehouse: &Warehouse, assignment: i64, students: i64) -> Outcome<Duration> {
    let counting = Counting { view: View::of(assignment), keys: keys(assignment) };
    let asked = Instant::now();
    let totals = warehouse.totals(&counting, i64::MAX).await?;
    let time = asked.elapsed();
    let counted = totals.choices.iter().map(|count| count.answers).sum::<i64>();
    if counted != students * QUESTIONS || totals.landed.records() != counted {
        return Err(format!("{counted} answers of assignment {assignment}").into());
    }
    Ok(time)
}

/// The same rows, copied in, and the same question; of the district, too.
async fn ask_postgres(warehouse: &Path, many: &Many) -> Outcome<(Vec<Duration>, Vec<Duration>)> {
    let cluster = Cluster::start()?;
    let client = cluster.connect().await?;
    client.batch_execute(TABLE).await?;
    let folder = tempfile::tempdir()?;
    // PostgreSQL may be another user here.
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
    let file = folder.path().join("answers.csv");
    let db = ::duckdb::Connection::open(warehouse)?;
    let name = file.to_string_lossy().replace('\'', "''");
    db.execute_batch(&format!("COPY quiz_answers TO '{name}' (HEADER FALSE)"))?;
    drop(db);
    client.batch_execute(&format!("COPY quiz_answers FROM '{name}' (FORMAT csv)")).await?;
    std::fs::remove_file(&file)?;
    client.batch_execute("CREATE INDEX ON quiz_answers (assignment_id); ANALYZE quiz_answers").await?;
    let views = include_str!("../../server/src/warehouse/duckdb/sql/views.sql");
    let answers = views.split(';').find(|view| view.contains("CREATE VIEW answers")).ok_or("no view of answers")?;
    client.batch_execute(answers).await?;
    let mut times = Vec::with_capacity(ASKED);
    for place in places() {
        times.push(ask_of(&client, many.assignment(place)).await?);
    }
    let mut district = Vec::new();
    for _ in 0..DISTRICT_ASKED {
        district.push(ask_of(&client, DISTRICT).await?);
    }
    Ok((times, district))
}

/// Of what the warehouse is asked, PostgreSQL lacks MEDIAN alone.
async fn ask_of(client: &tokio_postgres::Client, assignment: i64) -> Outcome<Duration> {
    let keys: Vec<String> = keys(assignment).iter().map(i64::to_string).collect();
    let counted = include_str!("../../server/src/warehouse/duckdb/sql/counted.sql")
        .replace("{keys}", &keys.join(", "))
        .replace("{each}", "student_key")
        .replace("{place}", "CAST(2000000000000000000 + attempt_no AS VARCHAR) || attempt_id");
    let sql = format!("{counted}{}", include_str!("../../server/src/warehouse/duckdb/sql/class_totals.sql"))
        // Which is asked as a text, for want of another type that both sides know.
        .replace("accepted_at <= $2", "accepted_at <= CAST($2 AS TIMESTAMP)")
        .replace("MEDIAN(elapsed_ms)", "percentile_cont(0.5) WITHIN GROUP (ORDER BY elapsed_ms)")
        .replace("MEDIAN(total_ms)", "percentile_cont(0.5) WITHIN GROUP (ORDER BY total_ms)");
    let asked = Instant::now();
    let statement = client.prepare_typed(&sql, &[Type::INT8, Type::TEXT, Type::INT8]).await?;
    let rows = client.query(&statement, &[&assignment, &"9999-12-31 23:59:59.999", &i64::MAX]).await?;
    let time = asked.elapsed();
    if rows.is_empty() {
        return Err(format!("PostgreSQL has nothing of assignment {assignment}").into());
    }
    Ok(time)
}
