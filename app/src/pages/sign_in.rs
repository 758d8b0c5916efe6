//! Staff sign in.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use wasm_bindgen_futures::spawn_local;

use crate::api::accounts::SignIn;
use crate::browser::http;
use crate::components::{Logo, Problem};
use crate::state::session::Session;

/// Email and password; then on to where they came from.
#[component]
pub fn SignInPage() -> impl IntoView {
    crate::browser::set_title("Sign in");
    let session = expect_context::<RwSignal<Session>>();
    let (email, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (problem, busy) = (RwSignal::new(None::<String>), RwSignal::new(false));
    let (navigate, query) = (use_navigate(), use_query_map());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        problem.set(None);
        let navigate = navigate.clone();
        let sign_in = SignIn { email: email.get_untracked(), password: password.get_untracked() };
        spawn_local(async move {
            let answer = http::sign_in(&sign_in).await;
            busy.set(false);
            match answer {
                Ok(me) => {
                    session.set(Session::SignedIn(me));
                    let to = own_page(query.get_untracked().get("then"));
                    navigate(&to, NavigateOptions { replace: true, ..NavigateOptions::default() });
                }
                Err(error) => problem.set(Some(format!("You were not signed in: {error}."))),
            }
        });
    };
    view! {
        <header class="bar"><Logo /></header>
        <main class="narrow">
            <h1>"Sign in"</h1>
            <form class="form" on:submit=submit>
                <label>"Email"
                    <input type="email" name="email" autocomplete="username" required bind:value=email />
                </label>
                <label>"Password"
                    <input type="password" name="password" autocomplete="current-password" required bind:value=password />
                </label>
                <Problem message=problem />
                <button type="submit" class="btn main wide" disabled=busy>
                    {move || if busy.get() { "Signing in…" } else { "Sign in" }}
                </button>
            </form>
            <p class="muted small">"Students need no account: they "<a href="/join">"join with a code"</a>"."</p>
        </main>
    }
}

/// Only a path of this site; an address of another would lead away.
fn own_page(then: Option<String>) -> String {
    then.filter(|then| then.starts_with('/') && !then.starts_with("//") && !then.contains('\\'))
        .unwrap_or_else(|| "/classes".to_owned())
}
