//! Something went wrong: what, and what to do.

use leptos::prelude::*;

use super::anew;

/// A notice that a screen reader hears at once; nothing while there is no message.
#[component]
pub fn Problem(
    /// What went wrong; `None` shows nothing.
    #[prop(into)]
    message: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <div role="alert">
            {anew(move || message.get(), |message| message.map(|message| view! {
                <p class="problem"><span aria-hidden="true">"!"</span><span>{message}</span></p>
            }).into_any())}
        </div>
    }
}
