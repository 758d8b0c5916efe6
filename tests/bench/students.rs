//! Students who have joined and hand in at a steady rate, and the school that they are of.
//!
//! Owns the data folder before the server starts, and the pace. Does not own what is measured.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::api::Millis;
use app::api::accounts::Role;
use app::api::attempts::{GivenAnswer, Join, Joined, Receipt, Submission};
use reqwest::Client;
use server::attempts::Attempts;
use server::clock::Clock;
use server::demo::quizzes::QUIZZES;
use server::live::Live;
use server::school::NewAssignment;
use server::store::Store;
use server::teaching::Teaching;
use tokio::sync::Semaphore;

use crate::running::{Outcome, add_staff};

/// Answers of one submission.
pub const ANSWERS: usize = 10;
/// A whole school's submissions at once.
const IN_FLIGHT: usize = 512;

/// A student who has read the quiz and will hand in.
pub struct Ready {
    joined: Joined,
    submission: Submission,
    /// Which of the assignments; it is numbered one more.
    pub place: usize,
}

/// A school with so many open assignments and `count` students who have joined, each at the assignment that `place` says,
/// made through the rooms' own doors. Not over HTTP: so many do not come from one address.
pub async fn prepare(
    folder: &Path,
    assignments: usize,
    count: usize,
    place: impl Fn(usize) -> usize,
) -> Outcome<Vec<Ready>> {
    let clock = Clock::system();
    let store = Store::open(&folder.join("freshmark.db")).await?;
    let teacher = add_staff(&store, Role::Teacher).await?;
    let rooms = Teaching::on(&store, &Live::default(), &clock);
    let photosynthesis = rooms.quizzes.import_gift(teacher, QUIZZES[0].0, QUIZZES[0].1).await?.quiz;
    let mut codes = Vec::new();
    for n in 0..assignments {
        let class = rooms.school.add_class(teacher, &format!("Class {n}"), &["A", "B"]).await?;
        let code = format!("AAA-{n:03}");
        rooms
            .school
            .assign(&NewAssignment { class, quiz: photosynthesis, join_code: &code, opened_at: clock.now() })
            .await?;
        codes.push(code);
    }
    let mut students = Vec::with_capacity(count);
    for n in 0..count {
        students.push(join(&rooms.attempts, n, &codes[place(n)], place(n)).await?);
    }
    store.close().await?;
    Ok(students)
}

async fn join(attempts: &Attempts, n: usize, code: &str, place: usize) -> Outcome<Ready> {
    let joined = attempts.join(&Join { code: code.to_owned(), name: format!("Student {n}") }).await?;
    let view = attempts.view(&joined.attempt, &joined.token).await?;
    let answers = view.questions.iter().map(|question| GivenAnswer {
        question: question.id,
        choice: question.choices.get(n % question.choices.len()).map(|choice| choice.id),
        elapsed_ms: 5_000,
    });
    Ok(Ready { joined, submission: Submission { answers: answers.collect() }, place })
}

/// Hands in at a steady rate for so many seconds, on time whatever the answers take as long as they are few enough. Says
/// when each was acknowledged: its place, its instant of acceptance, and now. Returns how many answers a second were.
///
/// At most [`IN_FLIGHT`] submissions are under way. Where the server accepts fewer than are wanted, students wait for
/// their turn, and the rate that is returned is the one that was reached.
pub async fn hand_in(
    http: &Client,
    address: &str,
    students: Vec<Ready>,
    per_second: usize,
    seconds: usize,
    acknowledged: impl Fn(usize, Millis, Instant) + Send + Sync + 'static,
) -> Outcome<f64> {
    let mut pace = tokio::time::interval(Duration::from_secs_f64(1.0 / per_second as f64));
    let mut sent = tokio::task::JoinSet::new();
    let (room, acknowledged) = (Arc::new(Semaphore::new(IN_FLIGHT)), Arc::new(acknowledged));
    let (began, mut handed_in) = (Instant::now(), 0);
    // A little longer, so that a rate that is reached is reached by all.
    let until = began + Duration::from_secs_f64(seconds as f64 * 1.01);
    for student in students {
        pace.tick().await;
        let turn = Arc::clone(&room).acquire_owned().await?;
        if Instant::now() > until {
            break;
        }
        handed_in += 1;
        let (http, address, acknowledged) = (http.clone(), address.to_owned(), Arc::clone(&acknowledged));
        sent.spawn(async move {
            let url = format!("{address}/api/attempts/{}/answers", student.joined.attempt);
            let request = http.post(url).bearer_auth(&student.joined.token).json(&student.submission);
            let receipt: Receipt = request.send().await?.error_for_status()?.json().await?;
            acknowledged(student.place, receipt.accepted_at, Instant::now());
            drop(turn);
            Ok::<(), reqwest::Error>(())
        });
    }
    while let Some(done) = sent.join_next().await {
        done??;
    }
    Ok((handed_in * ANSWERS) as f64 / began.elapsed().as_secs_f64())
}
