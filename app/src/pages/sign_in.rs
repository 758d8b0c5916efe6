//! Staff sign in.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use wasm_bindgen_futures::spawn_local;

use crate::api::ApiError;
use crate::api::accounts::SignIn;
use crate::browser::http;
use crate::components::{Heading, Logo, Problem, anew};
use crate::state::session::Session;
use crate::state::words;

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
        // Now, because nothing may be asked of a page that has been left.
        let to = own_page(query.get_untracked().get("then"));
        let sign_in = SignIn { email: email.get_untracked(), password: password.get_untracked() };
        spawn_local(async move {
            let answer = http::sign_in(&sign_in).await;
            let has_left = busy.try_set(false).is_some();
            match answer {
                Ok(me) => {
                    session.set(Session::SignedIn(me));
                    if !has_left {
                        navigate(&to, NavigateOptions { replace: true, ..NavigateOptions::default() });
                    }
                }
                Err(error) => {
                    problem.try_set(Some(refused(&error)));
                }
            }
        });
    };
    view! {
        <header class="bar"><Logo /></header>
        <main class="narrow">
            <Heading>"Sign in"</Heading>
            <form class="form" on:submit=submit>
                <label>"Email"
                    <input type="email" name="email" autocomplete="username" required bind:value=email />
                </label>
                <label>"Password"
                    <input type="password" name="password" autocomplete="current-password" required bind:value=password />
                </label>
                <Problem message=problem />
                <button type="submit" class="btn main wide" disabled=busy>
                    {anew(move || busy.get(), |busy| {
                        view! { <span>{if busy { "Signing in…" } else { "Sign in" }}</span> }.into_any()
                    })}
                </button>
            </form>
            <p class="muted small">"Students need no account: they "<a href="/join">"join with a code"</a>"."</p>
        </main>
    }
}

/// Why nobody was signed in: in the server's words, and where there was none, what to do.
fn refused(error: &ApiError) -> String {
    if error.is_passing() {
        return format!("You were not signed in: {error}. Check the network and try again.");
    }
    words::sentence(&error.to_string())
}

/// Where to go after signing in: a page of this site. The browser itself says where an address leads, because it drops
/// characters from it that would hide another host; and of its answer only what lies behind the host is kept.
fn own_page(then: Option<String>) -> String {
    let path = || {
        let origin = web_sys::window()?.location().origin().ok()?;
        let url = web_sys::Url::new_with_base(&then?, &origin).ok()?;
        let path = format!("{}{}{}", url.pathname(), url.search(), url.hash());
        // Two slashes at the beginning would be a host again.
        (url.origin() == origin && !path.starts_with("//")).then_some(path)
    };
    path().unwrap_or_else(|| "/classes".to_owned())
}
