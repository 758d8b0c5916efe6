//! After handing in: on its way, arrived, or refused. The right answers are in `released`.

use leptos::prelude::*;

use super::Taking;
use super::released::Results;
use crate::api::attempts::Receipt;
use crate::browser::outbox::{News, Outbox};
use crate::browser::{download, time};
use crate::components::{Heading, Problem, anew};
use crate::state::released::lines;
use crate::state::words::{of, sentence};

/// Says where the answers are.
#[component]
pub(super) fn Done(taking: Taking) -> impl IntoView {
    let receipt = Memo::new(move |_| taking.attempt.with(|a| a.receipt.clone()));
    let refused = Memo::new(move |_| match taking.news.get() {
        Some(News::Refused(why)) if receipt.with(Option::is_none) => Some(sentence(&why)),
        _ => None,
    });
    let released = move || taking.attempt.with(|a| a.view.as_ref().filter(|view| view.released.is_some()).map(lines));
    let stage = move || (receipt.with(Option::is_some), refused.with(Option::is_some));
    view! {
        <main class="quiz">
            <div role="status">
                <Heading is_step=true>{anew(stage, |stage| match stage {
                    (true, _) => view! { <span><span class="good" aria-hidden="true">"✓ "</span>"Handed in"</span> }.into_any(),
                    (false, true) => view! { <span>"Not handed in"</span> }.into_any(),
                    (false, false) => view! { <span>"Handing in…"</span> }.into_any(),
                })}</Heading>
                {anew(move || receipt.get(), |receipt| receipt.map(|receipt| view! { <p>{arrived(&receipt)}</p> }).into_any())}
            </div>
            <Problem message=taking.problem />
            {anew(move || (released(), receipt.with(Option::is_some)), move |is| match is {
                (Some(lines), _) => view! { <Results lines /> }.into_any(),
                (None, true) => view! { <NotYet taking /> }.into_any(),
                (None, false) => view! { <OnItsWay taking refused /> }.into_any(),
            })}
        </main>
    }
}

fn arrived(receipt: &Receipt) -> String {
    format!("Your {} arrived at {}.", of(receipt.answered, "answer"), time::dated_clock(receipt.accepted_at))
}

/// The right answers are not there yet: the page looks by itself, and on request.
#[component]
fn NotYet(taking: Taking) -> impl IntoView {
    let says = move || taking.looked.get();
    let look = move |_| {
        taking.looked.set("");
        taking.pressed.set_value(true);
        taking.ask_now();
    };
    view! {
        <p class="muted">
            "You see the right answers here once your teacher has closed the quiz. This page looks by itself while it is open."
        </p>
        <button type="button" class="btn" on:click=look>"Check for answers"</button>
        <div role="status">{anew(says, |says| view! { <p class="muted small">{says}</p> }.into_any())}</div>
    }
}

#[component]
fn OnItsWay(taking: Taking, refused: Memo<Option<String>>) -> impl IntoView {
    let waits = Memo::new(move |_| taking.news.get() == Some(News::Waiting));
    let is_refused = Memo::new(move |_| refused.with(Option::is_some));
    let outbox = Outbox::get();
    let send_again = move |_| outbox.send_again(&taking.attempt.with_untracked(|a| a.joined.attempt.clone()));
    let save_file = move |_| {
        let text = taking.attempt.with_untracked(|a| a.as_file(&time::dated(time::now())));
        download("freshmark-answers.json", &text);
    };
    view! {
        <div role="status">
            {anew(move || waits.get(), move |waits| waits.then(|| view! {
                <p class="notice">{waiting(taking.kept.get_untracked())}</p>
            }).into_any())}
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
        "Your answers are saved on this device and wait for the network. We’ll send them as soon as you are back online. Keep this page open, or come back later."
    } else {
        "Your answers wait for the network. We’ll send them as soon as you are back online. This browser keeps nothing: leave this page open until then."
    }
}
