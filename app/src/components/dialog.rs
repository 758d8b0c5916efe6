//! Asks before something that cannot be taken back.

use leptos::html::Dialog;
use leptos::prelude::*;

/// A native dialog: the browser keeps the focus inside, and Escape closes it.
#[component]
pub fn ConfirmDialog(
    /// Set to true to open; false again once it is closed.
    open: RwSignal<bool>,
    /// The question.
    title: &'static str,
    /// What will happen.
    #[prop(into)]
    text: Signal<String>,
    /// The button that does it.
    action: &'static str,
    /// Does it.
    confirm: impl Fn() + 'static,
) -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        if open.get() {
            // Fails only if it is open already.
            let _ = dialog.show_modal();
        } else {
            dialog.close();
        }
    });
    view! {
        <dialog node_ref=dialog aria-labelledby="confirm-title" on:close=move |_| open.set(false)>
            <h2 id="confirm-title">{title}</h2>
            <p>{text}</p>
            <div class="acts">
                <button type="button" class="btn" on:click=move |_| open.set(false)>"Not now"</button>
                <button type="button" class="btn main" on:click=move |_| { open.set(false); confirm(); }>{action}</button>
            </div>
        </dialog>
    }
}
