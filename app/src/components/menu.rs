//! A button that opens a few choices below it.

use leptos::html::Details;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::browser::events::Listener;

/// A native disclosure. Escape, a choice, or a click elsewhere closes it.
#[component]
pub fn Menu(
    /// What the button is called.
    label: &'static str,
    /// Links and buttons.
    children: Children,
) -> impl IntoView {
    let menu = NodeRef::<Details>::new();
    // What had the focus is hidden; its button has it then.
    let close = move || {
        let Some(menu) = menu.get_untracked() else { return };
        menu.set_open(false);
        if let Ok(Some(summary)) = menu.query_selector("summary") {
            let _ = summary.dyn_into::<web_sys::HtmlElement>().map(|summary| summary.focus());
        }
    };
    let elsewhere = StoredValue::new_local(Listener::on_document("click", move |event| {
        let Some(menu) = menu.get_untracked() else { return };
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        if !menu.contains(target.as_ref()) {
            menu.set_open(false);
        }
    }));
    on_cleanup(move || elsewhere.dispose());
    let on_key = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            close();
        }
    };
    let on_choice = move |event: web_sys::MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if target.is_some_and(|target| target.closest("a, button").ok().flatten().is_some()) {
            close();
        }
    };
    view! {
        <details class="menu" node_ref=menu on:keydown=on_key>
            <summary class="btn">{label}</summary>
            <div class="choices" on:click=on_choice>{children()}</div>
        </details>
    }
}
