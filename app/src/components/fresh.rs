//! The freshness line: renders a verdict, in words and a sign. Judges nothing.

use leptos::prelude::*;

use crate::api::freshness::State;
use crate::state::freshness::Indicator;

/// The line under a page's title. It lives by itself: a translator leaves it alone. A screen reader hears the verdict's word when it changes, not every figure.
#[component]
pub fn FreshLine(
    /// The verdict and its sentence.
    #[prop(into)]
    indicator: Signal<Indicator>,
    /// What stands at the right, such as the age of the last change.
    #[prop(into)]
    detail: Signal<String>,
    /// What can be done about it, at the end of the line.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let word = Memo::new(move |_| indicator.with(|i| i.word.clone()));
    view! {
        <div class=move || format!("fresh {}", tone(indicator.with(|i| i.state))) translate="no">
            <span class="sign" aria-hidden="true">{move || sign(indicator.with(|i| i.state))}</span>
            <b role="status">{word}</b>
            <span class="sentence">{move || indicator.with(|i| i.sentence.clone())}</span>
            <span class="detail">{detail}</span>
            {children.map(|children| children())}
        </div>
    }
}

/// Class of the line for a verdict.
pub const fn tone(state: State) -> &'static str {
    match state {
        State::Live | State::Final => "good",
        State::CatchingUp => "wait",
        State::Delayed | State::Disconnected => "bad",
        State::Unknown => "idle",
        State::Past => "past",
    }
}

/// The sign of a verdict, so that it is never told by colour alone.
pub const fn sign(state: State) -> &'static str {
    match state {
        State::Live => "●",
        State::Final => "✓",
        State::CatchingUp => "…",
        State::Delayed => "!",
        State::Disconnected => "×",
        State::Unknown => "?",
        State::Past => "↶",
    }
}
