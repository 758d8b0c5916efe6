//! The bar at the top of a page.

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_location;
use wasm_bindgen_futures::spawn_local;

use super::Problem;
use crate::api::ApiError;
use crate::browser::{self, http};
use crate::state::session::Session;

/// The mark and the name.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <A href="/" attr:class="logo">
            <svg viewBox="0 0 24 24" fill="none" aria-hidden="true">
                <circle class="ring" cx="12" cy="12" r="10.5" />
                <path class="arc" d="M12 1.5a10.5 10.5 0 0 1 10.5 10.5" />
                <path class="arc" d="m7.4 12.4 3.1 3.1 6.2-6.6" />
            </svg>
            <span>"Freshmark"</span>
        </A>
    }
}

/// The bar of staff pages: where to go, who is signed in.
#[component]
pub fn StaffBar() -> impl IntoView {
    let session = expect_context::<RwSignal<Session>>();
    let (problem, busy) = (RwSignal::new(None::<String>), RwSignal::new(false));
    let leave = move |_| {
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            match http::sign_out().await {
                // Whoever has no session is signed out.
                Ok(()) | Err(ApiError::SignedOut { .. }) => browser::leave_for("/"),
                Err(error) => {
                    busy.try_set(false);
                    problem.try_set(Some(format!(
                        "You are still signed in: {error}. Whoever uses this device next would be you; try again."
                    )));
                }
            }
        });
    };
    let path = use_location().pathname;
    // Results lie under their class.
    let in_classes = move || {
        path.with(|path| match path.as_str() {
            "/classes" => Some("page"),
            path => path.starts_with("/results/").then_some("true"),
        })
    };
    let name = move || session.with(|s| s.me().map(|me| me.name.clone()).unwrap_or_default());
    let initial = move || name().chars().next().map(String::from).unwrap_or_default();
    view! {
        <header class="bar">
            <Logo />
            <nav aria-label="Main">
                <a href="/classes" aria-current=in_classes>"Classes"</a>
                {move || session.with(Session::is_admin).then(|| view! { <A href="/pipeline">"Pipeline"</A> })}
            </nav>
            <div class="who">
                <bdi class="name">{name}</bdi>
                <b aria-hidden="true">{initial}</b>
                <button type="button" class="btn quiet" disabled=busy on:click=leave>"Sign out"</button>
            </div>
        </header>
        <div class="under-bar"><Problem message=problem /></div>
    }
}
