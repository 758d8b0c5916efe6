//! Taking a quiz: one question at a time, everything kept on the device until the server has acknowledged it.
//!
//! Owns the page's copy of the [`Attempt`], saves it after each step, and follows other tabs that show the same one.
//! Sending is the outbox's ([`crate::browser::outbox`]); what is shown is in the files beside.

mod done;
mod question;
mod released;
mod review;

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_params_map;

use crate::api::ApiError;
use crate::browser::asking::{Asking, keep_on};
use crate::browser::events::Listener;
use crate::browser::outbox::{News, Outbox};
use crate::browser::{http, is_visible, storage, time};
use crate::components::{Heading, Logo, Problem, anew};
use crate::state::attempt::{Attempt, Step};
use crate::state::stopwatch::Stopwatch;

/// How often a page that waits for the right answers looks for them.
const LOOK: Duration = Duration::from_secs(10);

/// One attempt, by its name in the address.
#[component]
pub fn QuizPage() -> impl IntoView {
    crate::browser::set_title("Quiz");
    let params = use_params_map();
    let id = params.with_untracked(|p| p.get("attempt")).unwrap_or_default();
    match storage::load_attempt(&id) {
        Some(attempt) => view! { <Quiz attempt /> }.into_any(),
        None => view! { <Unknown /> }.into_any(),
    }
}

#[component]
fn Unknown() -> impl IntoView {
    view! {
        <header class="bar"><Logo /></header>
        <main class="narrow">
            <Heading>"This quiz is not on this device"</Heading>
            <p class="muted">"It was begun on another one, or this browser has been cleared."</p>
            <p><A href="/join">"Join again with the code"</A></p>
        </main>
    }
}

/// The page's copy of the attempt. Copies are the same.
#[derive(Clone, Copy)]
struct Taking {
    attempt: RwSignal<Attempt>,
    /// Whether the browser keeps what it is given.
    kept: RwSignal<bool>,
    /// Why the quiz, or what has become of it, cannot be fetched.
    problem: RwSignal<Option<String>>,
    /// What has become of the submission.
    news: Memo<Option<News>>,
    /// What came of looking for the right answers, where somebody asked for it.
    looked: RwSignal<&'static str>,
    /// Whether somebody has.
    pressed: StoredValue<bool>,
    /// Asks for the quiz and what has become of it; set once it is followed.
    asking: StoredValue<Option<Asking>>,
    /// Measures the time on a question.
    on_screen: StoredValue<Stopwatch>,
}

impl Taking {
    /// Does one step from where this device is, and saves.
    fn step(self, step: impl FnOnce(&mut Attempt)) {
        self.catch_up();
        let spent = self.lap();
        self.attempt.update(|attempt| {
            attempt.spend(spent);
            step(attempt);
        });
        self.kept.set(self.attempt.with_untracked(storage::save_attempt));
    }

    /// Takes in what another tab has kept. The time until then has been spent there.
    fn catch_up(self) {
        let id = self.attempt.with_untracked(|a| a.joined.attempt.clone());
        let Some(kept) = storage::load_attempt(&id) else { return };
        self.attempt.maybe_update(|attempt| {
            let is_new = attempt.catch_up(kept);
            if is_new {
                self.lap();
            }
            is_new
        });
    }

    /// Somebody wants to know now.
    fn ask_now(self) {
        if let Some(asking) = self.asking.get_value() {
            asking.hurry();
        }
    }

    /// The time on screen since the last lap.
    fn lap(self) -> i64 {
        let lap = |watch: &mut Stopwatch| watch.lap(time::steady(), is_visible());
        self.on_screen.try_update_value(lap).unwrap_or(0)
    }
}

#[component]
fn Quiz(attempt: Attempt) -> impl IntoView {
    let outbox = Outbox::get();
    let id = attempt.joined.attempt.clone();
    let taking = Taking {
        kept: RwSignal::new(storage::save_attempt(&attempt)),
        attempt: RwSignal::new(attempt),
        problem: RwSignal::new(None),
        looked: RwSignal::new(""),
        pressed: StoredValue::new(false),
        asking: StoredValue::new(None),
        news: Memo::new(move |_| outbox.news(&id)),
        on_screen: StoredValue::new(Stopwatch::new(time::steady(), is_visible())),
    };
    follow(taking);
    hand_over(taking, outbox);
    listen(taking);
    let title = move || taking.attempt.with(|a| a.view.as_ref().map(|v| v.quiz_title.clone()));
    let step = move || taking.attempt.with(|a| (a.step, a.view.is_some()));
    view! {
        <header class="bar spread">
            {anew(title, |title| view! { <span class="small muted" dir="auto">{title}</span> }.into_any())}
            <Progress taking />
        </header>
        {anew(step, move |step| match step {
            (Step::HandedIn, _) => view! { <done::Done taking /> }.into_any(),
            (_, false) => view! { <Loading taking /> }.into_any(),
            (Step::Question(place), _) => view! { <question::Question taking place /> }.into_any(),
            (Step::Review, _) => view! { <review::Review taking /> }.into_any(),
        })}
    }
}

/// Has the outbox send what is handed in, and takes in the receipt.
fn hand_over(taking: Taking, outbox: Outbox) {
    let pending = Memo::new(move |_| taking.attempt.with(Attempt::is_pending));
    Effect::new(move || {
        if pending.get() {
            outbox.send();
        }
    });
    Effect::new(move || {
        if let Some(News::Arrived(receipt)) = taking.news.get() {
            taking.step(|attempt| attempt.receipt = Some(receipt));
        }
    });
}

/// Counts and keeps the time when the page is hidden or shown, and shows what another tab does.
fn listen(taking: Taking) {
    let visibility = StoredValue::new_local(Listener::on_visibility(move || {
        // What was handed in may have been forgotten on this device since, and stays so.
        match taking.attempt.with_untracked(Attempt::is_unfinished) {
            true => taking.step(|_| {}),
            false => taking.catch_up(),
        }
    }));
    let others = StoredValue::new_local(Listener::on_window("storage", move || taking.catch_up()));
    on_cleanup(move || {
        visibility.dispose();
        others.dispose();
    });
}

#[component]
fn Progress(taking: Taking) -> impl IntoView {
    let text =
        move || taking.attempt.with(|a| a.is_unfinished().then(|| format!("{} of {} answered", a.answered(), a.len())));
    view! { <span class="small" translate="no">{text}</span> }
}

#[component]
fn Loading(taking: Taking) -> impl IntoView {
    view! {
        <main class="narrow">
            <p class="muted">"Fetching the quiz…"</p>
            <Problem message=taking.problem />
            {move || taking.problem.get().map(|_| view! {
                <button type="button" class="btn main wide" on:click=move |_| taking.ask_now()>"Try again"</button>
            })}
        </main>
    }
}

/// Asks for the quiz, or for what has become of it: at once, after a failure again, and for as long as the right answers
/// are waited for.
fn follow(taking: Taking) {
    let asking = Asking::at_once(move || fetch(taking));
    taking.asking.set_value(Some(asking));
    let look = move || {
        if taking.attempt.with_untracked(Attempt::awaits_release) {
            asking.changed();
        }
    };
    keep_on(LOOK, look, look);
}

/// With the quiz or its receipt on the device, a network that is away does not matter.
async fn fetch(taking: Taking) -> Result<(), ApiError> {
    let joined = taking.attempt.with_untracked(|a| a.joined.clone());
    let answer = http::attempt(&joined).await;
    if taking.attempt.try_get_untracked().is_none() {
        return Ok(()); // The page has been left.
    }
    let is_here = taking.attempt.with_untracked(Attempt::is_here);
    let (problem, looked) = match &answer {
        Ok(_) => (None, "Not yet: your teacher has not closed the quiz."),
        Err(error) if error.is_passing() => {
            let problem = format!("The quiz cannot be fetched: {error}. This page tries again by itself.");
            ((!is_here).then_some(problem), "No answer came from the server. This page looks again by itself.")
        }
        Err(error) => (Some(format!("The quiz cannot be fetched: {error}.")), ""),
    };
    taking.problem.set(problem);
    if taking.pressed.get_value() {
        taking.pressed.set_value(false);
        taking.looked.set(looked);
    }
    answer.map(|view| taking.step(|attempt| attempt.take_in(view)))
}
