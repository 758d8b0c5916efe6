//! The heading of a page, or of a step of it.

use std::cell::Cell;

use leptos::html::H1;
use leptos::prelude::*;

use crate::browser;

thread_local! {
    /// Whether anything has been shown yet. A page that has just been loaded is read out by itself.
    static IS_FIRST: Cell<bool> = const { Cell::new(true) };
}

/// Whether nothing has been shown before; from now on something has.
pub(super) fn is_first() -> bool {
    IS_FIRST.replace(false)
}

/// Takes the focus when it is shown, so that a screen reader reads the new page out and Tab goes on from there.
#[component]
pub fn Heading(
    /// Id of a text that is read out after the heading.
    #[prop(optional)]
    described_by: Option<&'static str>,
    /// Whether it takes the focus from whatever has it, and on a page that has just been loaded too: for steps of one page.
    #[prop(optional)]
    is_step: bool,
    /// The heading's words.
    children: Children,
) -> impl IntoView {
    let heading = NodeRef::<H1>::new();
    Effect::new(move || {
        let Some(heading) = heading.get() else { return };
        let is_first = is_first();
        if is_step || (!is_first && browser::has_no_focus()) {
            // Only a heading that has just been taken away cannot be focused.
            let _ = heading.focus();
        }
    });
    view! { <h1 node_ref=heading tabindex="-1" dir="auto" aria-describedby=described_by>{children()}</h1> }
}
