//! The heading of a step.

use leptos::html::H1;
use leptos::prelude::*;

/// Id of what a question's heading is described by: its place among the others.
pub(super) const PLACE: &str = "place";

/// Takes the focus when it is shown, so that a screen reader reads the new step out and Tab goes on from there.
#[component]
pub(super) fn Heading(
    /// Id of a text that is read out after the heading.
    #[prop(optional)]
    described_by: Option<&'static str>,
    /// The heading's words.
    children: Children,
) -> impl IntoView {
    let heading = NodeRef::<H1>::new();
    Effect::new(move || {
        if let Some(heading) = heading.get() {
            // Only a heading that has just been taken away cannot be focused.
            let _ = heading.focus();
        }
    });
    view! { <h1 node_ref=heading tabindex="-1" aria-describedby=described_by>{children()}</h1> }
}
