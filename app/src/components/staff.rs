//! The frame of every page for staff, which sends whoever is not signed in to sign in.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use super::StaffBar;
use crate::state::session::Session;

/// Bar and content.
#[component]
pub fn StaffPage(
    /// The page.
    children: ChildrenFn,
) -> impl IntoView {
    let session = expect_context::<RwSignal<Session>>();
    let problem = Signal::derive(move || match session.get() {
        Session::Unclear(why) => Some(format!("The server cannot be reached: {why}. Reload to try again.")),
        _ => None,
    });
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
        <main>
            <super::Problem message=problem />
            {move || session.with(|s| s.me().is_some()).then(|| children())}
        </main>
    }
}

fn query(search: &str) -> String {
    if search.is_empty() { String::new() } else { format!("?{}", search.trim_start_matches('?')) }
}
