//! The dialog by which a teacher rules: void, or which choices are right.
//!
//! Owns what is chosen, and the effect that is shown before the ruling is made. Does not own the log.

use leptos::html::Dialog;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::api::functions::ruling_effect;
use crate::api::results::QuestionResult;
use crate::api::rulings::{NewRuling, RulingEffect, Standing};
use crate::browser::http;
use crate::browser::transport::within;
use crate::pages::results::Page;
use crate::state::ruled::right_in_order;
use crate::state::words;

/// The button, and its dialog.
#[component]
pub(in crate::pages::results) fn Rule(page: Page, question: Memo<Option<QuestionResult>>) -> impl IntoView {
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
    Effect::new(move || {
        if page.is_past.get() {
            asked.set(None);
        }
    });
    view! {
        {button}
        {move || asked.get().map(|question| view! { <RulingDialog page question close=move || asked.set(None) /> })}
    }
}

/// What can be ruled on the question. The dialog holds the question as it was when it was opened.
#[component]
fn RulingDialog(page: Page, question: QuestionResult, close: impl Fn() + Copy + Send + 'static) -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    let draft = Draft::new(page, &question);
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
    let Draft { effect, problem, is_busy, .. } = draft;
    view! {
        <dialog node_ref=dialog aria-labelledby="ruling-title" on:close=move |_| close()>
            <h2 id="ruling-title">{format!("Fix question {}", question.number)}</h2>
            <p class="question" dir="auto">{question.text.clone()}</p>
            <Rulings draft question />
            <p class="effect" role="status" translate="no">{move || draft.says()}</p>
            <crate::components::Problem message=problem />
            <p class="tiny">"It counts at once in every class that has this quiz, is logged with your name, and can be undone."</p>
            <div class="acts">
                <button type="button" class="btn" on:click=move |_| leave()>"Not now"</button>
                <button type="button" class="btn main" disabled=move || is_busy.get() || effect.with(Option::is_none) on:click=move |_| draft.rule(leave)>
                    "Apply"
                </button>
            </div>
        </dialog>
    }
}

/// One key, what is right besides, or void.
#[component]
fn Rulings(draft: Draft, question: QuestionResult) -> impl IntoView {
    let as_it_is = draft.as_it_is.with_value(|ruling| ruling.key);
    let option = move |key: Option<i64>, label: String| {
        let is_so = key == as_it_is;
        let is_chosen = move || draft.chosen.with(|chosen| chosen.as_ref().is_some_and(|chosen| chosen.key == key));
        view! {
            <label class="ruling">
                <input type="radio" name="ruling" prop:checked=is_chosen on:change=move |_| draft.choose_key(key) />
                <span dir="auto">{label}{is_so.then_some(" (as it is)")}</span>
            </label>
        }
    };
    let choices: Vec<(i64, String)> = question.choices.iter().map(|choice| (choice.id, choice.text.clone())).collect();
    let keys =
        choices.clone().into_iter().enumerate().map(|(place, (choice, text))| {
            option(Some(choice), format!("{} is the key: {text}", words::letter(place)))
        });
    let keys = keys.collect_view();
    let void = option(None, "Leave this question out of everyone’s score".to_owned());
    let chosen_key = Memo::new(move |_| draft.chosen.with(|chosen| chosen.as_ref().and_then(|chosen| chosen.key)));
    let also = move || {
        let key = chosen_key.get()?;
        let others = choices.clone().into_iter().enumerate().filter(move |(_, (choice, _))| *choice != key);
        let others = others.map(move |(place, (choice, text))| {
            let is_right =
                move || draft.chosen.with(|chosen| chosen.as_ref().is_some_and(|c| c.also.contains(&choice)));
            view! {
                <label class="ruling">
                    <input type="checkbox" prop:checked=is_right on:change=move |_| draft.toggle(choice) />
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
struct Draft {
    page: Page,
    /// The ruling that would change nothing.
    as_it_is: StoredValue<NewRuling>,
    chosen: RwSignal<Option<NewRuling>>,
    effect: RwSignal<Option<RulingEffect>>,
    problem: RwSignal<Option<String>>,
    is_busy: RwSignal<bool>,
}

impl Draft {
    fn new(page: Page, question: &QuestionResult) -> Self {
        let mut right = question.choices.iter().filter(|choice| choice.is_key && !question.is_void).map(|c| c.id);
        let (key, also) = (right.next(), right.collect());
        Self {
            page,
            as_it_is: StoredValue::new(NewRuling { question: question.id, key, also }),
            chosen: RwSignal::new(None),
            effect: RwSignal::new(None),
            problem: RwSignal::new(None),
            is_busy: RwSignal::new(false),
        }
    }

    /// Another key, or none; what was right besides stays so. The key that there is stands for everything as it is.
    fn choose_key(self, key: Option<i64>) {
        let as_it_is = self.as_it_is.get_value();
        if key == as_it_is.key {
            return self.choose(as_it_is);
        }
        let before = self.chosen.get_untracked().filter(|chosen| chosen.key.is_some());
        let before = before.unwrap_or(as_it_is);
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
        self.problem.set(None);
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
                Ok(found) => self.effect.set(Some(found)),
                Err(error) => self.problem.set(Some(format!("This cannot be done: {error}."))),
            }
        });
    }

    /// What the chosen ruling would change, or that it changes nothing; nothing before that is known.
    fn says(self) -> Option<String> {
        let is_so = || self.chosen.with(|chosen| chosen.as_ref().is_some_and(|chosen| self.changes_nothing(chosen)));
        self.effect.get().map(worded).or_else(|| is_so().then(|| "This is how it is now.".to_owned()))
    }

    fn changes_nothing(self, ruling: &NewRuling) -> bool {
        let is_same = |now: &NewRuling| right_in_order(now.key, &now.also) == right_in_order(ruling.key, &ruling.also);
        self.as_it_is.with_value(is_same)
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
