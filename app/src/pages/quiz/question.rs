//! One question with its choices.

use leptos::prelude::*;

use super::Taking;
use crate::api::attempts::QuestionView;
use crate::components::{Heading, anew};
use crate::state::words::letter;

/// Id of what a question's heading is described by: its place among the others.
const PLACE: &str = "place";

/// The question at a place.
#[component]
pub(super) fn Question(taking: Taking, place: usize) -> impl IntoView {
    let found = taking.attempt.with_untracked(|a| {
        let view = a.view.as_ref()?;
        Some((view.questions.get(place)?.clone(), view.questions.len()))
    });
    found.map(|(question, of)| view! { <Asked taking question place of /> })
}

#[component]
fn Asked(taking: Taking, question: QuestionView, place: usize, of: usize) -> impl IntoView {
    let id = question.id;
    let flagged = Memo::new(move |_| taking.attempt.with(|a| a.flagged.contains(&id)));
    let options = question
        .choices
        .into_iter()
        .enumerate()
        .map(|(at, choice)| view! { <Choice taking question=id at id=choice.id text=choice.text /> })
        .collect_view();
    view! {
        <main class="quiz">
            <Dots taking />
            <p id=PLACE class="small muted">{format!("Question {} of {of}", place + 1)}</p>
            <fieldset class="opts">
                <legend><Heading described_by=PLACE is_step=true>{question.text}</Heading></legend>
                {options}
            </fieldset>
            <Kept taking />
        </main>
        <footer class="foot">
            <button type="button" class="btn" disabled=place == 0 on:click=move |_| taking.step(|a| a.back())>"Back"</button>
            <button type="button" class="btn" aria-pressed=move || flagged.get().to_string()
                on:click=move |_| taking.step(|a| a.toggle_flag(id))>
                {anew(move || flagged.get(), |flagged| {
                    view! { <span>{if flagged { "Flagged" } else { "Flag" }}</span> }.into_any()
                })}
            </button>
            <button type="button" class="btn main" on:click=move |_| taking.step(|a| a.next())>
                {if place + 1 < of { "Next" } else { "Review" }}
            </button>
        </footer>
    }
}

#[component]
fn Choice(taking: Taking, question: i64, at: usize, id: i64, text: String) -> impl IntoView {
    let chosen = Memo::new(move |_| taking.attempt.with(|a| a.choice(question) == Some(id)));
    view! {
        <label class="opt">
            <input type="radio" name=format!("question-{question}") prop:checked=chosen
                on:change=move |_| taking.step(|a| a.choose(question, id)) />
            <span class="l" aria-hidden="true">{letter(at)}</span>
            <span dir="auto">{text}</span>
        </label>
    }
}

/// How far the student is.
#[component]
fn Dots(taking: Taking) -> impl IntoView {
    let dots = move || {
        taking.attempt.with(|a| {
            let here = a.place();
            let questions = a.view.iter().flat_map(|view| &view.questions);
            questions
                .enumerate()
                .map(|(place, question)| match (here == Some(place), a.choice(question.id).is_some()) {
                    (true, _) => "now",
                    (_, true) => "d",
                    _ => "",
                })
                .map(|class| view! { <i class=class></i> })
                .collect_view()
        })
    };
    view! { <div class="dots" aria-hidden="true">{dots}</div> }
}

/// Whether the answers so far would outlive a reload.
#[component]
fn Kept(taking: Taking) -> impl IntoView {
    anew(
        move || (taking.kept.get(), taking.attempt.with(|a| a.answered() > 0)),
        |state| match state {
            (false, _) => view! {
                <p class="unsaved small">"This browser keeps nothing: stay on this page until you have handed in."</p>
            }
            .into_any(),
            (true, true) => {
                view! { <p class="saved small"><span aria-hidden="true">"✓ "</span>"Saved on this device"</p> }
                    .into_any()
            }
            (true, false) => ().into_any(),
        },
    )
}
