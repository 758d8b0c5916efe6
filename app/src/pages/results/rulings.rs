//! Rulings that stand, where they are seen: at the question, at the top, and in the log; with the way back.
//!
//! Owns undoing. Does not own making a ruling: the dialog does.

mod dialog;

use leptos::html::{Div, ElementType, H2};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlElement;

pub(super) use self::dialog::Rule;
use super::page::Page;
use crate::api::results::{ClassResults, QuestionResult};
use crate::api::rulings::Ruling;
use crate::browser::{http, time};
use crate::components::anew;
use crate::state::ruled::{right_in_order, standing, void_questions, worded_void};
use crate::state::words;

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
        let is_other =
            right_in_order(ruling.key, &ruling.also) != right_in_order(ruling.key_before, &ruling.also_before);
        (question.is_void || is_other).then_some((ruling, question.is_void))
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
    let named = |key: Option<i64>, also: &[i64]| {
        let mut letters: Vec<String> = key.iter().chain(also).map(|choice| letter(*choice)).collect();
        letters.sort_unstable();
        words::list(&letters)
    };
    let (now, before) = (named(ruling.key, &ruling.also), named(ruling.key_before, &ruling.also_before));
    let what = match ruling.key {
        None => format!("Question {number} is void"),
        Some(_) if now == before => format!("Question {number} counts again, with the key {now}"),
        Some(_) if ruling.also.is_empty() => format!("Question {number}: the key is {now}, before {before}"),
        Some(_) => format!("Question {number}: {now} are right, before {before}"),
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
