//! For a whole room: one question at a time, large, without names, and without the key until somebody shows it.
//!
//! Keys: ← and → go from question to question, K or Space shows the key, Escape leaves.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::A;
use leptos_router::hooks::use_navigate;
use wasm_bindgen::JsCast;

use super::page::Page;
use super::selected::over_bar;
use super::{assignment_of_address, live};
use crate::api::freshness::State;
use crate::api::results::{Attempts, QuestionResult};
use crate::browser;
use crate::browser::events::Listener;
use crate::browser::time;
use crate::charts::model::{ChoiceBar, Mark, Picture, choices, nobody_chose, without_key};
use crate::components::{Chart, Problem, Staff, anew};
use crate::state::words;

/// How many times as large as on a desk, where there is room.
const SCALE: f64 = 4.0;

/// The page: no bar, no banner, nothing but the question.
#[component]
pub fn ProjectorPage() -> impl IntoView {
    browser::set_title("Projector");
    let assignment = assignment_of_address();
    let staff = Staff::only();
    let page = move || match assignment.get() {
        Some(assignment) => view! { <Projector assignment /> }.into_any(),
        None => view! { <p class="card empty">"There is no assignment with this number."</p> }.into_any(),
    };
    view! {
        <main class="projector">
            <Problem message=staff.problem />
            {move || staff.is_here.get().then(page)}
        </main>
    }
}

#[component]
fn Projector(assignment: i64) -> impl IntoView {
    let page = Page::of(format!("/results/{assignment}/projector"), assignment);
    live::follow(page);
    let revealed = RwSignal::new(false);
    let question = page.selected;
    let step = move |by: i64| {
        revealed.set(false);
        page.step(by);
    };
    let reveal = move || revealed.update(|revealed| *revealed = !*revealed);
    let back = move || format!("/results/{assignment}{}", page.looking.now.get().query());
    let navigate = use_navigate();
    let keys = StoredValue::new_local(Listener::on_document("keydown", move |event| {
        let Some(event) = event.dyn_ref::<web_sys::KeyboardEvent>() else { return };
        let Some(key) = wanted(event) else { return };
        event.prevent_default();
        if event.repeat() {
            return; // Held down a moment too long.
        }
        match key {
            Key::Step(by) => step(by),
            Key::Reveal => reveal(),
            Key::Whole => browser::toggle_full_screen(),
            Key::Leave => navigate(&untrack(back), NavigateOptions::default()),
        }
    }));
    on_cleanup(move || keys.dispose());
    let bars = Memo::new(move |_| {
        let bars = question.with(|q| q.as_ref().map(choices).unwrap_or_default());
        if revealed.get() { bars } else { without_key(bars) }
    });
    let over = Memo::new(move |_| bars.with(|bars| (1..).zip(bars).map(over_bar).collect::<Vec<_>>()));
    let caption = Memo::new(move |_| {
        let n = question.with(|q| q.as_ref().map(|q| q.n));
        n.map(|n| bars.with(|bars| takeaway(bars, n, revealed.get()))).unwrap_or_default()
    });
    let picture = Signal::derive(move || Picture::Choices(bars.get()));
    let of = move |what: fn(&QuestionResult) -> String| {
        Memo::new(move |_| question.with(|q| q.as_ref().map(what).unwrap_or_default()))
    };
    let (title, n) = (of(|q| format!("Question {}", q.number)), of(|q| words::of(q.n, "attempt")));
    let text = move || question.with(|q| q.as_ref().map(|q| q.text.clone()));
    // While all is counted nobody in the room needs to be told.
    let behind = Memo::new(move |_| {
        let verdict = page.verdict();
        (!matches!(verdict.state, State::Live | State::Final | State::Past))
            .then(|| format!(" · {}", verdict.state.word()))
    });
    // What goes without saying is not said.
    let filters = Memo::new(move |_| {
        let shown = page.results.with(|r| r.as_ref().map(|r| (r.attempts, r.as_of)));
        let (attempts, as_of) = shown.unwrap_or_default();
        let rule = (attempts != Attempts::default()).then(|| format!(" · {}", attempts.label()));
        let at = as_of.map(|at| format!(" · as of {} {}", time::date(at), time::clock(at)));
        rule.into_iter().chain(at).collect::<String>()
    });
    view! {
        <header>
            <div class="first-row"><p class="muted" translate="no">{title}" · "{n}{filters}
                {move || behind.get().map(|behind| view! { <b class="lost">{behind}</b> })}
            </p><JoinAt page /></div>
            {anew(text, |text| view! { <h1 dir="auto" class="as-written">{text}</h1> }.into_any())}
        </header>
        <Problem message=page.problem />
        <Chart picture caption bars=over scale=SCALE fits=true />
        <nav aria-label="Projector">
            <button type="button" class="btn" aria-label="Previous question" on:click=move |_| step(-1)>"‹"</button>
            <button type="button" class="btn main" aria-pressed=move || revealed.get().to_string() on:click=move |_| reveal()>
                {move || if revealed.get() { "Hide the key" } else { "Show the key" }}
            </button>
            <button type="button" class="btn" aria-label="Next question" on:click=move |_| step(1)>"›"</button>
            <button type="button" class="btn whole" on:click=move |_| browser::toggle_full_screen()>"Full screen"</button>
            <A href=back attr:class="btn quiet">"Leave"</A>
            <p class="keys small muted">
                <kbd>"←"</kbd>" "<kbd>"→"</kbd>" question, "<kbd>"K"</kbd>" key, "<kbd>"F"</kbd>" full screen, "<kbd>"Esc"</kbd>" leave"
            </p>
        </nav>
    }
}

/// Where students join, and how many have handed in, for as long as some may still come.
#[component]
fn JoinAt(page: Page) -> impl IntoView {
    let open = move || {
        page.results.with(|r| {
            let r = r.as_ref().filter(|r| r.closed_at.is_none() && r.as_of.is_none())?;
            (r.participation.submitted < r.participation.students).then(|| (r.join_code.clone(), r.participation))
        })
    };
    anew(open, |open| {
        open.map(|(code, p)| {
            let submitted = words::submitted(p);
            view! {
                <p class="join-at" translate="no">
                    <span>{super::web_address()}</span><b class="code">{code}</b><span>{submitted}</span>
                </p>
            }
        })
        .into_any()
    })
}

/// What a key asks for.
enum Key {
    Step(i64),
    Reveal,
    Whole,
    Leave,
}

/// Nothing for a key that something on the page has taken, or that belongs to the browser.
fn wanted(event: &web_sys::KeyboardEvent) -> Option<Key> {
    if event.default_prevented() || event.ctrl_key() || event.alt_key() || event.meta_key() {
        return None;
    }
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let on_button = target.is_some_and(|target| target.tag_name() == "BUTTON");
    match event.key().as_str() {
        "ArrowRight" | "PageDown" => Some(Key::Step(1)),
        "ArrowLeft" | "PageUp" => Some(Key::Step(-1)),
        "k" | "K" => Some(Key::Reveal),
        "f" | "F" => Some(Key::Whole),
        " " if !on_button => Some(Key::Reveal),
        "Escape" => Some(Key::Leave),
        _ => None,
    }
}

/// What the chart says of `n` attempts, and never what is the key before it is shown.
fn takeaway(bars: &[ChoiceBar], n: i64, revealed: bool) -> String {
    let most = bars.iter().map(|bar| bar.share).fold(0.0, f64::max);
    let first: Vec<&ChoiceBar> = bars.iter().filter(|bar| bar.share > 0.0 && bar.share >= most).collect();
    let Some(one) = first.first() else { return nobody_chose(n) };
    let letters: Vec<&str> = first.iter().map(|bar| bar.letter.as_str()).collect();
    let each = if first.len() > 1 { " each" } else { "" };
    let chosen = format!("Chosen most: {}, {}{each} ({}).", letters.join(" and "), one.count, one.percent);
    let right = bars.iter().filter(|bar| revealed && bar.mark == Mark::Key);
    let right: Vec<String> = right.map(|bar| format!("{}: {} ({})", bar.letter, bar.count, bar.percent)).collect();
    match right.len() {
        0 => chosen,
        1 => format!("{chosen} The key is {}.", words::list(&right)),
        _ => format!("{chosen} The right answers are {}.", words::list(&right)),
    }
}
