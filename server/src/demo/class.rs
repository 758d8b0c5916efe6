//! `freshmark demo`: a class of students with human-like pacing, through the public HTTP interface.
//!
//! A demo student knows the demo quizzes (they are in this binary) as well as a student does: mostly, and less so the
//! harder a question is. For any other quiz it guesses. It never asks the server for a key. The first class to play is
//! the demo school's own; each later one is another class, so that the chart grows again.
//!
//! Owns when each student does what. Does not own which choice a student gives (`quizzes`).

use std::time::Duration;

use app::api::ApiError;
use app::api::accounts::SignIn;
use app::api::attempts::{AttemptView, GivenAnswer, Join, Joined, Receipt, Submission};
use app::api::results::ClassSummary;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, header};
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;

use super::names::Class;
use super::quizzes::{pick, spread};
use super::school::{OPEN_CODE, TEACHER, TEACHER_PASSWORD};

/// What `freshmark demo` takes on its command line.
#[derive(Args, Clone, Debug)]
pub struct Flags {
    /// How many students play
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub students: u16,
    /// Where the server is
    #[arg(long, env = "FRESHMARK_URL", default_value = "http://127.0.0.1:8080")]
    pub server: Url,
    /// Join code of the assignment
    #[arg(long, default_value = OPEN_CODE)]
    pub code: String,
    /// How many times faster than people; a question takes people 3 to 9 seconds here
    #[arg(long, default_value_t = 4.0)]
    pub speed: f64,
}

/// Why the class did not play to the end.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The server is not there.
    #[error("the server at {server} was not reached: {source}; start it with `make run`")]
    Unreached {
        /// Where it should be.
        server: Url,
        /// Why.
        source: reqwest::Error,
    },
    /// The server said no.
    #[error("the server refused: {0}")]
    Refused(ApiError),
    /// The speed is not a positive number.
    #[error("--speed has to be a number above 0")]
    Speed,
}

/// Plays a class and shows its progress.
///
/// # Errors
/// If the server is not there or refuses a student.
pub async fn play(flags: Flags) -> Result<(), DemoError> {
    if !(flags.speed.is_finite() && flags.speed > 0.0) {
        return Err(DemoError::Speed);
    }
    let bar = ProgressBar::new(u64::from(flags.students)).with_style(style());
    bar.set_message("students handed in");
    let http = Client::builder().no_proxy().build().map_err(|source| unreached(&flags, source))?;
    let class = match handed_in(&http, &flags).await? {
        0 => Class::OWN,
        // More have handed in when the next class comes, so that it is another one.
        students => Class::other(students.unsigned_abs() as usize),
    };
    let mut playing = JoinSet::new();
    for student in 0..usize::from(flags.students) {
        playing.spawn(play_one(http.clone(), flags.clone(), class, student));
    }
    while let Some(done) = playing.join_next().await {
        done.unwrap_or_else(|e| Err(DemoError::Refused(ApiError::unavailable(e.to_string()))))?;
        bar.inc(1);
    }
    bar.finish_with_message("students handed in; look at the results page");
    Ok(())
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:40} {pos} of {len} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn unreached(flags: &Flags, source: reqwest::Error) -> DemoError {
    DemoError::Unreached { server: flags.server.clone(), source }
}

/// How many students have handed in already, which the demo school's teacher may ask. None in a school that has no such
/// teacher.
async fn handed_in(http: &Client, flags: &Flags) -> Result<i64, DemoError> {
    let teacher = SignIn { email: TEACHER.to_owned(), password: TEACHER_PASSWORD.to_owned() };
    let signed_in = match send(flags, http.post(url(flags, "api/session")).json(&teacher)).await {
        Err(DemoError::Refused(ApiError::SignedOut { .. })) => return Ok(0),
        answer => answer?,
    };
    let cookie =
        signed_in.headers().get(header::SET_COOKIE).and_then(|cookie| cookie.to_str().ok()).unwrap_or_default();
    let session = cookie.split(';').next().unwrap_or_default();
    let classes = http.get(url(flags, "api/my_classes")).header(header::COOKIE, session);
    let classes: Vec<ClassSummary> = ask(flags, classes).await?;
    send(flags, http.delete(url(flags, "api/session")).header(header::COOKIE, session)).await?;
    let played = classes.iter().flat_map(|class| &class.assignments).find(|a| a.join_code == flags.code);
    Ok(played.map_or(0, |assignment| assignment.participation.submitted))
}

/// One student: arrives, reads, answers, hands in.
async fn play_one(http: Client, flags: Flags, class: Class, student: usize) -> Result<(), DemoError> {
    let pause = |ms: u64| tokio::time::sleep(Duration::from_millis((ms as f64 / flags.speed) as u64));
    pause(spread(student, 0, 12_000)).await;
    let join = Join { code: flags.code.clone(), name: class.name(student) };
    let joined: Joined = ask(&flags, http.post(url(&flags, "api/join")).json(&join)).await?;
    let attempt = format!("api/attempts/{}", joined.attempt);
    let view: AttemptView = ask(&flags, http.get(url(&flags, &attempt)).bearer_auth(&joined.token)).await?;
    let mut answers = Vec::with_capacity(view.questions.len());
    for (number, question) in view.questions.iter().enumerate() {
        let thinking = 3_000 + spread(student, number + 1, 6_000);
        pause(thinking).await;
        let choice = pick(&question.text, question.choices.iter().map(|c| c.text.as_str()), student, number);
        answers.push(GivenAnswer {
            question: question.id,
            choice: choice.and_then(|place| question.choices.get(place)).map(|choice| choice.id),
            elapsed_ms: thinking as i64,
        });
    }
    let answers =
        http.post(url(&flags, &format!("{attempt}/answers"))).bearer_auth(&joined.token).json(&Submission { answers });
    ask::<Receipt>(&flags, answers).await.map(|_| ())
}

fn url(flags: &Flags, path: &str) -> Url {
    flags.server.join(path).unwrap_or_else(|_| flags.server.clone())
}

async fn ask<T: DeserializeOwned>(flags: &Flags, request: RequestBuilder) -> Result<T, DemoError> {
    send(flags, request).await?.json().await.map_err(|source| unreached(flags, source))
}

/// Sends a request, again for as long as the server asks to wait.
async fn send(flags: &Flags, request: RequestBuilder) -> Result<Response, DemoError> {
    loop {
        let Some(this_time) = request.try_clone() else {
            return Err(DemoError::Refused(ApiError::unavailable("the request cannot be sent twice")));
        };
        let answer = this_time.send().await.map_err(|source| unreached(flags, source))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        match refusal(answer).await {
            ApiError::TooMany { retry_after_s, .. } => tokio::time::sleep(Duration::from_secs(retry_after_s)).await,
            error => return Err(DemoError::Refused(error)),
        }
    }
}

/// What the server says, or its status if something else has answered.
async fn refusal(answer: Response) -> ApiError {
    let status: StatusCode = answer.status();
    answer.json().await.unwrap_or_else(|_| ApiError::unavailable(format!("it answered with status {status}")))
}
