//! Rulings on the selected question: void it or give it another key, with what that changes before it is done; and the
//! log.

use leptos::html::{Dialog, H2};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::Page;
use crate::api::results::{ClassResults, QuestionResult};
use crate::api::rulings::{NewRuling, Ruling, RulingEffect, Standing, ruling_effect};
use crate::browser::{http, time};
use crate::state::words;

/// The button, and its dialog.
#[component]
pub(super) fn Rule(page: Page, question: Memo<Option<QuestionResult>>) -> impl IntoView {
    let asked = RwSignal::new(None::<QuestionResult>);
    view! {
        <button type="button" class="btn small quiet" on:click=move |_| asked.set(question.get_untracked())>
            "Void or rekey…"
        </button>
        {move || asked.get().map(|question| view! { <RulingDialog page question close=move || asked.set(None) /> })}
    }
}

/// What can be ruled on the question. The dialog holds the question as it was when it was opened.
#[component]
fn RulingDialog(page: Page, question: QuestionResult, close: impl Fn() + Copy + Send + 'static) -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    let chosen = RwSignal::new(None::<Option<i64>>);
    let effect = RwSignal::new(None::<RulingEffect>);
    let problem = RwSignal::new(None::<String>);
    let is_busy = RwSignal::new(false);
    Effect::new(move || {
        if let Some(dialog) = dialog.get() {
            // Fails only if it is open already.
            let _ = dialog.show_modal();
        }
    });
    let id = question.id;
    let choose = move |key: Option<i64>| {
        chosen.set(Some(key));
        effect.set(None);
        spawn_local(async move {
            let found = ruling_effect(page.assignment, id, key).await;
            if chosen.try_get_untracked() != Some(Some(key)) {
                return;
            }
            match found {
                Ok(found) => {
                    problem.set(None);
                    effect.set(Some(found));
                }
                Err(error) => problem.set(Some(format!("This cannot be done: {error}."))),
            }
        });
    };
    // The browser gives the focus back to the button that opened it; what follows is in `on:close`.
    let leave = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let rule = move || {
        let Some(key) = chosen.get_untracked().filter(|_| !is_busy.get_untracked()) else { return };
        is_busy.set(true);
        spawn_local(async move {
            let answer = http::rule(page.assignment, NewRuling { question: id, key }).await;
            if is_busy.try_set(false).is_some() {
                return; // It has been closed.
            }
            match answer {
                Ok(_) => leave(),
                Err(error) => problem.set(Some(format!("Nothing was changed: {error}."))),
            }
        });
    };
    let option = move |key: Option<i64>, label: String, is_so: bool| {
        view! {
            <label class="ruling">
                <input type="radio" name="ruling" disabled=is_so prop:checked=move || chosen.get() == Some(key)
                    on:change=move |_| choose(key) />
                <span>{label}{is_so.then_some(" (as it is)")}</span>
            </label>
        }
    };
    let is_void = question.is_void;
    let choices = question.choices.clone().into_iter().enumerate().map(|(place, choice)| {
        option(
            Some(choice.id),
            format!("{} is the key: {}", words::letter(place), choice.text),
            choice.is_key && !is_void,
        )
    });
    view! {
        <dialog node_ref=dialog aria-labelledby="ruling-title" on:close=move |_| close()>
            <h2 id="ruling-title">{format!("Question {}: void or rekey", question.number)}</h2>
            <p class="question">{question.text}</p>
            <fieldset>
                <legend class="hidden">"Ruling"</legend>
                {choices.collect_view()}
                {option(None, "Void: it counts for nobody".to_owned(), is_void)}
            </fieldset>
            <p class="effect" role="status">{move || effect.get().map(worded)}</p>
            <crate::components::Problem message=problem />
            <p class="tiny">"It counts at once in every class that has this quiz, is logged with your name, and can be undone."</p>
            <div class="acts">
                <button type="button" class="btn" on:click=move |_| leave()>"Not now"</button>
                <button type="button" class="btn main" disabled=move || is_busy.get() || effect.with(Option::is_none) on:click=move |_| rule()>
                    "Do it"
                </button>
            </div>
        </dialog>
    }
}

fn worded(effect: RulingEffect) -> String {
    let share = |share: Option<f64>, none: &str| share.map_or_else(|| none.to_owned(), words::percent);
    let average = |standing: Standing| share(standing.average, "no average");
    let facility = |standing: Standing| share(standing.facility, "void");
    let RulingEffect { before, after } = effect;
    format!(
        "Class average over first attempts {} → {}. This question {} → {}.",
        average(before),
        average(after),
        facility(before),
        facility(after)
    )
}

/// Every ruling on the quiz; nothing where there is none.
#[component]
pub(super) fn Log(page: Page) -> impl IntoView {
    let rows = Memo::new(move |_| page.results.with(|r| r.as_ref().map(entries).unwrap_or_default()));
    let heading = NodeRef::<H2>::new();
    let is_busy = RwSignal::new(false);
    let undo = move |ruling: i64| {
        is_busy.set(true);
        spawn_local(async move {
            let undone = page.outcome(http::undo_ruling(page.assignment, ruling).await, "The ruling was not undone");
            is_busy.try_set(false);
            // Its button goes, and must not take the focus with it.
            if let Some(heading) = undone.and_then(|()| heading.try_get_untracked().flatten()) {
                let _ = heading.focus();
            }
        });
    };
    let row = move |entry: Entry| {
        view! {
            <li class:undone=entry.is_undone>
                <span>{entry.says}</span>
                {entry.can_undo.then(|| view! {
                    <button type="button" class="btn small" disabled=is_busy aria-label=format!("Undo: {}", entry.what) on:click=move |_| undo(entry.id)>
                        "Undo"
                    </button>
                })}
            </li>
        }
    };
    let is_there = Memo::new(move |_| !rows.with(Vec::is_empty));
    move || {
        is_there.get().then(|| {
            view! {
                <section class="card rulings">
                    <header><h2 node_ref=heading tabindex="-1">"Rulings"</h2></header>
                    <ul>{move || rows.get().into_iter().map(row).collect_view()}</ul>
                </section>
            }
        })
    }
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    id: i64,
    what: String,
    says: String,
    is_undone: bool,
    can_undo: bool,
}

fn entries(r: &ClassResults) -> Vec<Entry> {
    r.rulings.iter().map(|ruling| entry(ruling, &r.questions)).collect()
}

fn entry(ruling: &Ruling, questions: &[QuestionResult]) -> Entry {
    let question = questions.iter().find(|q| q.id == ruling.question);
    let number = question.map_or(0, |q| q.number);
    let letter = |choice: i64| {
        let place = question.and_then(|q| q.choices.iter().position(|c| c.id == choice));
        place.map_or_else(|| "?".to_owned(), words::letter)
    };
    let what = match (ruling.key, ruling.key_before) {
        (None, _) => format!("Question {number} is void"),
        (Some(key), Some(before)) if key != before => {
            format!("Question {number}: the key is {}, before {}", letter(key), letter(before))
        }
        (Some(key), _) => format!("Question {number} counts again, with the key {}", letter(key)),
    };
    let average = ruling.average.map(|(before, after)| {
        format!(" Class average over first attempts {} → {}.", words::percent(before), words::percent(after))
    });
    let undone = ruling.undone.as_ref().map(|(by, at)| format!(" Undone by {by}, {}.", when(*at)));
    let says = format!(
        "{what}. {}, {}.{}{}",
        ruling.by,
        when(ruling.made_at),
        average.unwrap_or_default(),
        undone.unwrap_or_default()
    );
    Entry { id: ruling.id, what, says, is_undone: ruling.undone.is_some(), can_undo: ruling.can_undo }
}

fn when(at: i64) -> String {
    format!("{} {}", time::date(at), time::hour_minute(at))
}
