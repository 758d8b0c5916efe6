//! Rulings on the selected question: void it or give it another key, with what that changes before it is done; and the
//! log.

use leptos::html::{Dialog, Div, ElementType, H2};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlElement;

use super::Page;
use crate::api::results::{ClassResults, QuestionResult};
use crate::api::rulings::{NewRuling, Ruling, RulingEffect, Standing, ruling_effect};
use crate::browser::transport::within;
use crate::browser::{http, time};
use crate::components::anew;
use crate::state::ruled::{standing, void_questions, worded_void};
use crate::state::words;

/// The button, and its dialog.
#[component]
pub(super) fn Rule(page: Page, question: Memo<Option<QuestionResult>>) -> impl IntoView {
    let asked = RwSignal::new(None::<QuestionResult>);
    let button = move || {
        (!page.is_past.get()).then(|| {
            view! {
                <button type="button" class="btn small quiet" on:click=move |_| asked.set(question.get_untracked())>
                    "Fix this question…"
                </button>
            }
        })
    };
    // Whoever goes back while the dialog is open has left it.
    let asked_now = Memo::new(move |_| asked.get().filter(|_| !page.is_past.get()));
    view! {
        {button}
        {move || asked_now.get().map(|question| view! { <RulingDialog page question close=move || asked.set(None) /> })}
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
            let found = within(ruling_effect(page.assignment, id, key)).await;
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
                <span dir="auto">{label}{is_so.then_some(" (as it is)")}</span>
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
            <h2 id="ruling-title">{format!("Fix question {}", question.number)}</h2>
            <p class="question" dir="auto">{question.text}</p>
            <fieldset>
                <legend class="hidden">"Ruling"</legend>
                {choices.collect_view()}
                {option(None, "Leave this question out of everyone’s score".to_owned(), is_void)}
            </fieldset>
            <p class="effect" role="status" translate="no">{move || effect.get().map(worded)}</p>
            <crate::components::Problem message=problem />
            <p class="tiny">"It counts at once in every class that has this quiz, is logged with your name, and can be undone."</p>
            <div class="acts">
                <button type="button" class="btn" on:click=move |_| leave()>"Not now"</button>
                <button type="button" class="btn main" disabled=move || is_busy.get() || effect.with(Option::is_none) on:click=move |_| rule()>
                    "Apply"
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

/// Takes rulings back, one at a time. Copies are the same.
#[derive(Clone, Copy)]
struct Undoing {
    page: Page,
    is_busy: RwSignal<bool>,
    /// Where the focus goes: the button goes, and must not take it along.
    stays: Signal<Option<HtmlElement>, LocalStorage>,
}

impl Undoing {
    /// `stays` is on the page before and after.
    fn new<E>(page: Page, stays: NodeRef<E>) -> Self
    where
        E: ElementType<Output: JsCast + Clone + Into<HtmlElement>> + 'static,
    {
        let stays = Signal::derive_local(move || stays.get().map(Into::into));
        Self { page, is_busy: RwSignal::new(false), stays }
    }

    fn undo(self, ruling: i64) {
        self.is_busy.set(true);
        spawn_local(async move {
            let answer = http::undo_ruling(self.page.assignment, ruling).await;
            let undone = self.page.outcome(answer, "The ruling was not undone");
            self.is_busy.try_set(false);
            if let Some(stays) = undone.and_then(|()| self.stays.try_get_untracked().flatten()) {
                let _ = stays.focus();
            }
        });
    }
}

/// What is ruled on the selected question, with the way back; nothing where nothing is.
#[component]
pub(super) fn AtTheQuestion(page: Page, question: Memo<Option<QuestionResult>>, heading: NodeRef<H2>) -> impl IntoView {
    let undoing = Undoing::new(page, heading);
    let ruled = move || {
        let question = question.get()?;
        let ruling = page.results.with(|r| standing(&r.as_ref()?.rulings, question.id).cloned())?;
        (question.is_void || ruling.key != ruling.key_before).then_some((ruling, question.is_void))
    };
    anew(ruled, move |ruled| {
        let says = |is_void| if is_void { "Left out of everyone’s score." } else { "Its key was changed." };
        ruled.map(|(ruling, is_void)| view! {
            <p class="say calm">
                <span aria-hidden="true">{if is_void { "∅" } else { "✎" }}</span>
                <span>{says(is_void)}</span>
                {ruling.can_undo.then(|| view! { <UndoButton undoing ruling=ruling.id what="Undo this ruling" /> })}
            </p>
        }).into_any()
    })
}

#[component]
fn UndoButton(
    undoing: Undoing,
    ruling: i64,
    /// What the button says.
    #[prop(into)]
    what: String,
    /// What a screen reader says, where the button alone does not say what it undoes.
    #[prop(optional, into)]
    label: Option<String>,
) -> impl IntoView {
    move || {
        // Nothing is changed from the past.
        (!undoing.page.is_past.get()).then(|| {
            view! {
                <button
                    type="button" class="btn small" aria-label=label.clone() disabled=undoing.is_busy
                    on:click=move |_| undoing.undo(ruling)
                >
                    {what.clone()}
                </button>
            }
        })
    }
}

/// How many questions are void, above all figures that they are missing from.
#[component]
pub(super) fn AtTheTop(page: Page) -> impl IntoView {
    let place = NodeRef::<Div>::new();
    let undoing = Undoing::new(page, place);
    let void = move || page.results.with(|r| r.as_ref().map(void_questions).unwrap_or_default());
    let undo = move |(number, ruling): (i64, Option<i64>)| {
        ruling.map(|ruling| view! { <UndoButton undoing ruling what=format!("Undo question {number}") /> })
    };
    view! {
        <div role="status" node_ref=place tabindex="-1">
            {anew(void, move |void| (!void.is_empty()).then(|| view! {
                <div class="say calm void-ones">
                    <span aria-hidden="true">"∅"</span>
                    <h2>{worded_void(&void)}</h2>
                    {void.into_iter().map(undo).collect_view()}
                </div>
            }).into_any())}
        </div>
    }
}

/// Every ruling on the quiz; nothing where there is none.
#[component]
pub(super) fn Log(page: Page) -> impl IntoView {
    let rows = Memo::new(move |_| page.results.with(|r| r.as_ref().map(entries).unwrap_or_default()));
    let heading = NodeRef::<H2>::new();
    let undoing = Undoing::new(page, heading);
    let row = move |entry: Entry| {
        view! {
            <li class:undone=entry.is_undone>
                <span>{entry.says}</span>
                {entry.can_undo.then(|| view! {
                    <UndoButton undoing ruling=entry.id what="Undo" label=format!("Undo: {}", entry.what) />
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
                    <ul translate="no">{move || rows.get().into_iter().map(row).collect_view()}</ul>
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
