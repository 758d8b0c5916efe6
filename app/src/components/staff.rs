//! The frame of every page for staff, which sends whoever is not signed in to sign in.

use leptos::html::Main;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use wasm_bindgen::JsCast;

use super::StaffBar;
use super::heading::is_first;
use crate::browser;
use crate::state::session::Session;

/// Bar and content.
#[component]
pub fn StaffPage(
    /// The page.
    children: ChildrenFn,
) -> impl IntoView {
    let staff = Staff::only();
    let content = NodeRef::<Main>::new();
    // The link that led here is gone, and the focus with it: a screen reader reads the new page's heading.
    Effect::new(move || {
        let Some(content) = content.get().filter(|_| staff.is_here.get() && !is_first()) else { return };
        // By the next frame the heading is there.
        request_animation_frame(move || {
            if browser::has_no_focus() {
                focus_heading(&content);
            }
        });
    });
    view! {
        <StaffBar />
        <main node_ref=content tabindex="-1">
            <super::Problem message=staff.problem />
            {move || staff.is_here.get().then(|| children())}
        </main>
    }
}

/// Gives the focus to the heading of a page, or to the page where it has none.
fn focus_heading(content: &web_sys::HtmlElement) {
    let heading = content.query_selector("h1").ok().flatten();
    let heading = heading.and_then(|heading| heading.dyn_into::<web_sys::HtmlElement>().ok());
    let target = heading.as_ref().unwrap_or(content);
    target.set_tab_index(-1);
    // Only what has just been taken away cannot be focused.
    let _ = target.focus();
}

/// Whether somebody of the staff is signed in. Copies are the same.
#[derive(Clone, Copy)]
pub struct Staff {
    /// Whether that is so.
    pub is_here: Memo<bool>,
    /// Why it is not known.
    pub problem: Memo<Option<String>>,
}

impl Staff {
    /// For a page that is for staff only: whoever is not signed in is sent to sign in, and led back from there.
    #[must_use]
    pub fn only() -> Self {
        let session = expect_context::<RwSignal<Session>>();
        let (navigate, location) = (use_navigate(), use_location());
        Effect::new(move || {
            if session.get() == Session::SignedOut {
                let here = format!("{}{}", location.pathname.get_untracked(), query(&location.search.get_untracked()));
                let to = format!("/signin?then={}", js_sys::encode_uri_component(&here));
                navigate(&to, NavigateOptions { replace: true, ..NavigateOptions::default() });
            }
        });
        let problem = Memo::new(move |_| match session.get() {
            Session::Unclear(why) => {
                Some(format!("It is not known yet who is signed in: {why}. This page tries again by itself."))
            }
            _ => None,
        });
        Self { is_here: Memo::new(move |_| session.with(|s| s.me().is_some())), problem }
    }
}

/// The query of an address, with its question mark; nothing where there is none.
#[must_use]
pub fn query(search: &str) -> String {
    if search.is_empty() { String::new() } else { format!("?{}", search.trim_start_matches('?')) }
}
