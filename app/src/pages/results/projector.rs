//! For a whole room: one question at a time, large, without names, and without the key until somebody shows it.
//!
//! Keys: ← and → go from question to question, K or Space shows the key, Escape leaves.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::A;
use leptos_router::hooks::use_navigate;

use super::selected::over_bar;
use super::{Page, assignment_of_address, live};
use crate::api::freshness::State;
use crate::api::results::QuestionResult;
use crate::browser::events::Listener;
use crate::charts::model::{ChoiceBar, Picture, choices, without_key};
use crate::components::{Chart, Problem};
use crate::state::session::Session;
use crate::state::words;

/// How many times as large as on a desk.
const SCALE: f64 = 2.0;

/// The page: no bar, no banner, nothing but the question.
#[component]
pub fn ProjectorPage() -> impl IntoView {
    crate::browser::set_title("Projector");
    let session = expect_context::<RwSignal<Session>>();
    let assignment = assignment_of_address();
    let is_signed_in = Memo::new(move |_| session.with(|s| s.me().is_some()));
    let navigate = use_navigate();
    Effect::new(move || {
        if session.get() == Session::SignedOut {
            navigate("/signin", NavigateOptions { replace: true, ..NavigateOptions::default() });
        }
    });
    move || {
        let assignment = assignment.get().filter(|_| is_signed_in.get())?;
        Some(view! { <Projector assignment /> })
    }
}

#[component]
fn Projector(assignment: i64) -> impl IntoView {
    let page = Page::of(format!("/results/{assignment}/projector"), assignment);
    live::follow(page);
    let revealed = RwSignal::new(false);
    let question = Memo::new(move |_| {
        let number = page.looking.question.get().unwrap_or(1);
        page.results.with(|r| {
            let questions = &r.as_ref()?.questions;
            questions.iter().find(|q| q.number == number).or_else(|| questions.first()).cloned()
        })
    });
    let step = move |by: i64| {
        let last = page.results.with_untracked(|r| r.as_ref().map_or(1, |r| r.questions.len() as i64)).max(1);
        let number = (page.looking.question.get_untracked().unwrap_or(1) - 1 + by).rem_euclid(last) + 1;
        revealed.set(false);
        page.looking.change(|looking| looking.question = Some(number));
    };
    let reveal = move || revealed.update(|revealed| *revealed = !*revealed);
    let (navigate, back) = (use_navigate(), format!("/results/{assignment}"));
    let leave = {
        let back = back.clone();
        move || navigate(&back, NavigateOptions::default())
    };
    let keys = StoredValue::new_local(Listener::on_document("keydown", move |event| {
        use wasm_bindgen::JsCast;
        let Some(event) = event.dyn_ref::<web_sys::KeyboardEvent>() else { return };
        let on_button =
            event.target().is_some_and(|t| t.dyn_ref::<web_sys::Element>().is_some_and(|e| e.tag_name() == "BUTTON"));
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return; // The browser's own.
        }
        match event.key().as_str() {
            "ArrowRight" | "PageDown" => step(1),
            "ArrowLeft" | "PageUp" => step(-1),
            "k" | "K" => reveal(),
            " " if !on_button => reveal(),
            "Escape" => leave(),
            _ => return,
        }
        event.prevent_default();
    }));
    on_cleanup(move || keys.dispose());
    let bars = Memo::new(move |_| {
        let bars = question.with(|q| q.as_ref().map(choices).unwrap_or_default());
        if revealed.get() { bars } else { without_key(bars) }
    });
    let over = Memo::new(move |_| bars.with(|bars| (1..).zip(bars).map(over_bar).collect::<Vec<_>>()));
    let caption = Memo::new(move |_| bars.with(|bars| takeaway(bars, revealed.get())));
    let picture = Signal::derive(move || Picture::Choices(bars.get()));
    let of = move |what: fn(&QuestionResult) -> String| {
        Memo::new(move |_| question.with(|q| q.as_ref().map(what).unwrap_or_default()))
    };
    let (title, text, n) =
        (of(|q| format!("Question {}", q.number)), of(|q| q.text.clone()), of(|q| words::of(q.n, "answer")));
    // While all is counted nobody in the room needs to be told.
    let behind = Memo::new(move |_| {
        let verdict = page.verdict();
        (!matches!(verdict.state, State::Live | State::Final)).then(|| format!(" · {}", verdict.state.word()))
    });
    view! {
        <main class="projector">
            <header>
                <p class="muted">{title}<span aria-live="polite">" · "{n}</span>
                    {move || behind.get().map(|behind| view! { <b class="lost">{behind}</b> })}
                </p>
                <h1>{text}</h1>
            </header>
            <Problem message=page.problem />
            <Chart picture caption bars=over scale=SCALE />
            <nav aria-label="Projector">
                <button type="button" class="btn" aria-label="Previous question" on:click=move |_| step(-1)>"‹"</button>
                <button type="button" class="btn main" aria-pressed=move || revealed.get().to_string() on:click=move |_| reveal()>
                    {move || if revealed.get() { "Hide the key" } else { "Show the key" }}
                </button>
                <button type="button" class="btn" aria-label="Next question" on:click=move |_| step(1)>"›"</button>
                <A href=back attr:class="btn quiet">"Leave"</A>
            </nav>
        </main>
    }
}

/// What the chart says, and never what is the key before it is shown.
fn takeaway(bars: &[ChoiceBar], revealed: bool) -> String {
    use crate::charts::model::Mark;
    let most = bars.iter().filter(|bar| bar.share > 0.0).max_by(|a, b| a.share.total_cmp(&b.share));
    let Some(most) = most else { return "No answers yet.".to_owned() };
    let chose = format!("Most chose {}: {} ({}).", most.letter, most.count, most.percent);
    let key = bars.iter().find(|bar| bar.mark == Mark::Key).filter(|_| revealed);
    key.map_or_else(
        || chose.clone(),
        |key| format!("{chose} The key is {}: {} ({}).", key.letter, key.count, key.percent),
    )
}
