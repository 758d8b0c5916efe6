//! The frame of every page for staff: finds out who is signed in, and sends whoever is not to sign in.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use wasm_bindgen_futures::spawn_local;

use super::{AdminBanner, StaffBar};
use crate::api::ApiError;
use crate::api::accounts::me;
use crate::state::session::Session;

/// Bar, banner and content.
#[component]
pub fn StaffPage(
    /// The page.
    children: ChildrenFn,
) -> impl IntoView {
    let session = expect_context::<RwSignal<Session>>();
    let problem = RwSignal::new(None::<String>);
    if session.get_untracked() == Session::Unknown {
        spawn_local(async move {
            match me().await {
                Ok(me) => session.set(Session::SignedIn(me)),
                Err(ApiError::SignedOut { .. }) => session.set(Session::SignedOut),
                Err(error) => {
                    problem.try_set(Some(format!("The server cannot be reached: {error}. Reload to try again.")));
                }
            }
        });
    }
    let (navigate, location) = (use_navigate(), use_location());
    Effect::new(move || {
        if session.get() == Session::SignedOut {
            let here = format!("{}{}", location.pathname.get_untracked(), query(&location.search.get_untracked()));
            let to = format!("/signin?then={}", js_sys::encode_uri_component(&here));
            navigate(&to, NavigateOptions { replace: true, ..NavigateOptions::default() });
        }
    });
    view! {
        <StaffBar />
        {move || session.with(Session::is_admin).then(|| view! { <AdminBanner /> })}
        <main>
            <super::Problem message=problem />
            {move || session.with(|s| s.me().is_some()).then(|| children())}
        </main>
    }
}

fn query(search: &str) -> String {
    if search.is_empty() { String::new() } else { format!("?{}", search.trim_start_matches('?')) }
}
