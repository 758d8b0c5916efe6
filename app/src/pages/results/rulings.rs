//! Rulings on the selected question: void it or say which of its choices are right, with what that changes before it is
//! done; and the log.

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
    let wish = Wish::new(page, &question);
    Effect::new(move || {
        if let Some(dialog) = dialog.get() {
            // Fails only if it is open already.
            let _ = dialog.show_modal();
        }
    });
    // The browser gives the focus back to the button that opened it; what follows is in `on:close`.
    let leave = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let Wish { effect, problem, is_busy, .. } = wish;
    view! {
        <dialog node_ref=dialog aria-labelledby="ruling-title" on:close=move |_| close()>
            <h2 id="ruling-title">{format!("Fix question {}", question.number)}</h2>
            <p class="question" dir="auto">{question.text.clone()}</p>
            <Rulings wish question />
            <p class="effect" role="status" translate="no">{move || effect.get().map(worded)}</p>
            <crate::components::Problem message=problem />
            <p class="tiny">"It counts at once in every class that has this quiz, is logged with your name, and can be undone."</p>
            <div class="acts">
                <button type="button" class="btn" on:click=move |_| leave()>"Not now"</button>
                <button type="button" class="btn main" disabled=move || is_busy.get() || effect.with(Option::is_none) on:click=move |_| wish.rule(leave)>
                    "Apply"
                </button>
            </div>
        </dialog>
    }
}

/// One key, what is right besides, or void.
#[component]
fn Rulings(wish: Wish, question: QuestionResult) -> impl IntoView {
    let as_it_is = wish.as_it_is.get_value();
    let option = move |ruling: NewRuling, label: String| {
        let (is_so, key) = (Some(&ruling) == as_it_is.as_ref(), ruling.key);
        let is_chosen = move || wish.chosen.with(|chosen| chosen.as_ref().is_some_and(|chosen| chosen.key == key));
        view! {
            <label class="ruling">
                <input type="radio" name="ruling" prop:checked=is_chosen on:change=move |_| wish.choose_key(key) />
                <span dir="auto">{label}{is_so.then_some(" (as it is)")}</span>
            </label>
        }
    };
    let id = question.id;
    let only = |key: Option<i64>| NewRuling { question: id, key, also: Vec::new() };
    let choices: Vec<(i64, String)> = question.choices.iter().map(|choice| (choice.id, choice.text.clone())).collect();
    let keys = choices.clone().into_iter().enumerate().map(|(place, (choice, text))| {
        option(only(Some(choice)), format!("{} is the key: {text}", words::letter(place)))
    });
    let keys = keys.collect_view();
    let void = option(only(None), "Leave this question out of everyone’s score".to_owned());
    let chosen_key = Memo::new(move |_| wish.chosen.with(|chosen| chosen.as_ref().and_then(|chosen| chosen.key)));
    let also = move || {
        let key = chosen_key.get()?;
        let others = choices.clone().into_iter().enumerate().filter(move |(_, (choice, _))| *choice != key);
        let others = others.map(move |(place, (choice, text))| {
            let is_right = move || wish.chosen.with(|chosen| chosen.as_ref().is_some_and(|c| c.also.contains(&choice)));
            view! {
                <label class="ruling">
                    <input type="checkbox" prop:checked=is_right on:change=move |_| wish.toggle(choice) />
                    <span dir="auto">{format!("{}: {text}", words::letter(place))}</span>
                </label>
            }
        });
        Some(
            view! { <fieldset class="also"><legend class="small">"Also right"</legend>{others.collect_view()}</fieldset> },
        )
    };
    view! {
        <fieldset><legend class="hidden">"Ruling"</legend>{keys}{void}</fieldset>
        {also}
    }
}

/// What is to be ruled, and what came of it so far. Copies are the same.
#[derive(Clone, Copy)]
struct Wish {
    page: Page,
    /// The ruling that would change nothing.
    as_it_is: StoredValue<Option<NewRuling>>,
    chosen: RwSignal<Option<NewRuling>>,
    effect: RwSignal<Option<RulingEffect>>,
    problem: RwSignal<Option<String>>,
    is_busy: RwSignal<bool>,
}

impl Wish {
    fn new(page: Page, question: &QuestionResult) -> Self {
        let mut right = question.choices.iter().filter(|choice| choice.is_key && !question.is_void).map(|c| c.id);
        let (key, also) = (right.next(), right.collect());
        Self {
            page,
            as_it_is: StoredValue::new(Some(NewRuling { question: question.id, key, also })),
            chosen: RwSignal::new(None),
            effect: RwSignal::new(None),
            problem: RwSignal::new(None),
            is_busy: RwSignal::new(false),
        }
    }

    /// Another key, or none; what was right besides stays so.
    fn choose_key(self, key: Option<i64>) {
        let before = self.chosen.get_untracked().filter(|chosen| chosen.key.is_some());
        let before = before.or_else(|| self.as_it_is.get_value());
        let Some(before) = before else { return };
        let stays = |choice: &i64| key.is_some() && Some(*choice) != key;
        let also = before.also.into_iter().filter(stays).collect();
        self.choose(NewRuling { question: before.question, key, also });
    }

    /// Adds a choice to what is right besides the key, or takes it out.
    fn toggle(self, choice: i64) {
        let Some(mut ruling) = self.chosen.get_untracked() else { return };
        match ruling.also.iter().position(|also| *also == choice) {
            Some(place) => drop(ruling.also.remove(place)),
            None => ruling.also.push(choice),
        }
        self.choose(ruling);
    }

    /// Asks what the ruling would change.
    fn choose(self, ruling: NewRuling) {
        self.chosen.set(Some(ruling.clone()));
        self.effect.set(None);
        if self.changes_nothing(&ruling) {
            return;
        }
        spawn_local(async move {
            let also: Vec<String> = ruling.also.iter().map(i64::to_string).collect();
            let asked = ruling_effect(self.page.assignment, ruling.question, ruling.key, also.join(","));
            let found = within(asked).await;
            if self.chosen.try_get_untracked() != Some(Some(ruling)) {
                return;
            }
            match found {
                Ok(found) => {
                    self.problem.set(None);
                    self.effect.set(Some(found));
                }
                Err(error) => self.problem.set(Some(format!("This cannot be done: {error}."))),
            }
        });
    }

    fn changes_nothing(self, ruling: &NewRuling) -> bool {
        let is_same = |now: &NewRuling| sorted(now.key, &now.also) == sorted(ruling.key, &ruling.also);
        self.as_it_is.with_value(|now| now.as_ref().is_some_and(is_same))
    }

    /// Makes the ruling; `done` follows if it was made.
    fn rule(self, done: impl Fn() + 'static) {
        let Some(ruling) = self.chosen.get_untracked().filter(|_| !self.is_busy.get_untracked()) else { return };
        self.is_busy.set(true);
        let page = self.page;
        spawn_local(async move {
            let answer = http::rule(page.assignment, ruling).await;
            if self.is_busy.try_set(false).is_some() {
                return; // It has been closed.
            }
            match answer {
                Ok(_) => done(),
                Err(error) => self.problem.set(Some(format!("Nothing was changed: {error}."))),
            }
        });
    }
}

/// The choices that are right, in one order.
fn sorted(key: Option<i64>, also: &[i64]) -> Vec<i64> {
    let mut right: Vec<i64> = key.iter().chain(also).copied().collect();
    right.sort_unstable();
    right
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
        let is_other = sorted(ruling.key, &ruling.also) != sorted(ruling.key_before, &ruling.also_before);
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
