//! A student joins with code and name.

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::{use_navigate, use_params_map};
use wasm_bindgen_futures::spawn_local;

use crate::api::attempts::Join;
use crate::browser::{http, storage, time};
use crate::components::{Deliveries, Logo, Problem};
use crate::state::attempt::Attempt;

/// Code and name; then to the quiz. A quiz that this device has begun and not handed in is offered first.
#[component]
pub fn JoinPage() -> impl IntoView {
    crate::browser::set_title("Join");
    let params = use_params_map();
    let code = RwSignal::new(params.with_untracked(|p| p.get("code")).unwrap_or_default());
    let name = RwSignal::new(String::new());
    let (problem, busy) = (RwSignal::new(None::<String>), RwSignal::new(false));
    let navigate = use_navigate();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        problem.set(None);
        let navigate = navigate.clone();
        let join = Join { code: code.get_untracked(), name: name.get_untracked() };
        spawn_local(async move {
            let answer = http::join(&join).await;
            busy.set(false);
            match answer {
                Ok(joined) => {
                    let to = format!("/quiz/{}", joined.attempt);
                    // Where the browser does not take it, the quiz says so.
                    storage::save_attempt(&Attempt::new(joined, time::now()));
                    navigate(&to, Default::default());
                }
                Err(error) => problem.set(Some(sentence(&error.to_string()))),
            }
        });
    };
    let unfinished = storage::unfinished_attempt();
    view! {
        <header class="bar"><Logo /></header>
        <main class="narrow">
            <h1>"Join a quiz"</h1>
            <Deliveries />
            {unfinished.map(|attempt| view! {
                <p class="notice">
                    "This device has a quiz that is not handed in. "
                    <A href=format!("/quiz/{}", attempt.joined.attempt)>"Go on with it"</A>
                </p>
            })}
            <form class="form" on:submit=submit>
                <label>"Code from your teacher"
                    <input class="code-input" name="code" placeholder="KLM-482" autocomplete="off" autocapitalize="characters"
                        spellcheck="false" required bind:value=code />
                </label>
                <label>"Your name, as it stands on the class list"
                    <input name="name" autocomplete="name" maxlength="80" required bind:value=name />
                </label>
                <Problem message=problem />
                <button type="submit" class="btn main wide" disabled=busy>
                    {move || if busy.get() { "Joining…" } else { "Start" }}
                </button>
            </form>
        </main>
    }
}

/// An error text as a sentence.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), chars.as_str()),
        None => String::new(),
    }
}
