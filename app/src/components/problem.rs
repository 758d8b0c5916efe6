//! Something went wrong: what, and what to do.

use leptos::prelude::*;

/// A notice that a screen reader hears at once; nothing while there is no message.
#[component]
pub fn Problem(
    /// What went wrong; `None` shows nothing.
    #[prop(into)]
    message: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <div role="alert">
            {move || message.get().map(|message| view! {
                <p class="problem"><span aria-hidden="true">"!"</span><span>{message}</span></p>
            })}
        </div>
    }
}
