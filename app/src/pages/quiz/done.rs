//! After handing in: on its way, arrived, or refused; and the right answers once the teacher releases them.

use leptos::prelude::*;

use super::heading::Heading;
use super::{Taking, fetch};
use crate::api::attempts::{AttemptView, Receipt, Released};
use crate::browser::outbox::{News, Outbox};
use crate::browser::{download, time};
use crate::components::Problem;
use crate::state::words::{letter, of};

/// Says where the answers are.
#[component]
pub(super) fn Done(taking: Taking) -> impl IntoView {
    let receipt = Memo::new(move |_| taking.attempt.with(|a| a.receipt.clone()));
    let refused = Memo::new(move |_| match taking.news.get() {
        Some(News::Refused(why)) if receipt.with(Option::is_none) => Some(why),
        _ => None,
    });
    let released = Memo::new(move |_| taking.attempt.with(|a| a.view.clone().filter(|view| view.released.is_some())));
    view! {
        <main class="quiz">
            <div role="status">
                <Heading>{move || match (receipt.with(Option::is_some), refused.with(Option::is_some)) {
                    (true, _) => view! { <span class="good" aria-hidden="true">"✓ "</span>"Handed in" }.into_any(),
                    (false, true) => "Not handed in".into_any(),
                    (false, false) => "Handing in…".into_any(),
                }}</Heading>
                {move || receipt.get().map(|receipt| view! { <p>{arrived(&receipt)}</p> })}
            </div>
            <Problem message=taking.problem />
            {move || match (released.get(), receipt.with(Option::is_some)) {
                (Some(view), _) => view! { <RightAnswers view /> }.into_any(),
                (None, true) => view! {
                    <p class="muted">"You see the right answers here once your teacher has closed the quiz."</p>
                    <button type="button" class="btn" on:click=move |_| fetch(taking)>"Look now"</button>
                }.into_any(),
                (None, false) => view! { <OnItsWay taking refused /> }.into_any(),
            }}
        </main>
    }
}

fn arrived(receipt: &Receipt) -> String {
    format!("Your {} arrived at {}.", of(receipt.answered, "answer"), time::dated_clock(receipt.accepted_at))
}

#[component]
fn OnItsWay(taking: Taking, refused: Memo<Option<String>>) -> impl IntoView {
    let waits = Memo::new(move |_| taking.news.get() == Some(News::Waiting));
    let is_refused = Memo::new(move |_| refused.with(Option::is_some));
    let outbox = Outbox::get();
    let send_again = move |_| outbox.send_again(&taking.attempt.with_untracked(|a| a.joined.attempt.clone()));
    let save_file = move |_| {
        let text = taking.attempt.with_untracked(|a| serde_json::to_string_pretty(&a.submission()).unwrap_or_default());
        download("freshmark-answers.json", &text);
    };
    view! {
        <div role="status">
            {move || waits.get().then(|| view! { <p class="notice">{waiting(taking.kept.get())}</p> })}
        </div>
        <Problem message=refused />
        {move || is_refused.get().then(|| view! {
            <div class="acts"><button type="button" class="btn main" on:click=send_again>"Try again"</button></div>
        })}
        {move || (is_refused.get() || waits.get()).then(|| view! {
            <p><button type="button" class="btn" on:click=save_file>"Keep my answers as a file"</button></p>
        })}
    }
}

const fn waiting(kept: bool) -> &'static str {
    if kept {
        "Your answers are saved on this device and wait for the network. They are sent by themselves; you can leave this page open or come back to it."
    } else {
        "Your answers wait for the network and are sent by themselves. This browser keeps nothing: leave this page open until then."
    }
}

#[component]
fn RightAnswers(view: AttemptView) -> impl IntoView {
    let released = view.released.clone().unwrap_or_default();
    let right = released.iter().filter(|r| r.given == Some(r.key)).count();
    let total = released.len();
    let rows = released.into_iter().map(|r| view! { <RightAnswer question=words_of(&view, &r) r /> }).collect_view();
    view! {
        <h2>{format!("{right} of {total} right")}</h2>
        <ol class="released">{rows}</ol>
    }
}

/// A question's text, and key and given choice in words.
struct Words {
    text: String,
    key: String,
    given: Option<String>,
}

fn words_of(view: &AttemptView, released: &Released) -> Words {
    let question = view.questions.iter().find(|q| q.id == released.question);
    let choice = |id: i64| {
        let choices = &question?.choices;
        let at = choices.iter().position(|c| c.id == id)?;
        Some(format!("{}. {}", letter(at), choices.get(at)?.text))
    };
    Words {
        text: question.map(|q| q.text.clone()).unwrap_or_default(),
        key: choice(released.key).unwrap_or_default(),
        given: released.given.and_then(choice),
    }
}

#[component]
fn RightAnswer(question: Words, r: Released) -> impl IntoView {
    let is_right = r.given == Some(r.key);
    view! {
        <li>
            <p class="question">{question.text}</p>
            <p class="right-one"><span aria-hidden="true">"✓ "</span>{question.key}</p>
            {(!is_right).then(|| view! {
                <p class="given">{question.given.map_or_else(|| "You left it out".to_owned(), |g| format!("You chose {g}"))}</p>
            })}
            {r.explanation.map(|text| view! { <p class="muted small">{text}</p> })}
        </li>
    }
}
