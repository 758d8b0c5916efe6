//! The class results page.
//!
//! Owns how its parts stand. What it remembers is in `page`, how it hears of changes in `live`, and what it shows in the other
//! files beside; so are two pages that lead off it: the projector's, and a student's.

mod compare;
mod figures;
mod filters;
mod grid;
mod head;
mod items;
mod live;
mod looking;
mod page;
mod projector;
mod questions;
mod remarks;
mod rulings;
mod scores;
mod selected;
mod student;
mod students;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use self::head::{Crumbs, Head};
use self::page::Page;
use crate::components::{FreshLine, Problem, StaffPage};
use crate::state::freshness::answers_counted;

pub use projector::ProjectorPage;
pub use student::StudentPage;
pub use students::NamesShown;

/// One assignment's results, live.
#[component]
pub fn ResultsPage() -> impl IntoView {
    crate::browser::set_title("Results");
    view! { <StaffPage><Results /></StaffPage> }
}

/// The number of the assignment in the address.
fn assignment_of_address() -> Memo<Option<i64>> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|p| p.get("assignment")).and_then(|id| id.parse::<i64>().ok()))
}

#[component]
fn Results() -> impl IntoView {
    let assignment = assignment_of_address();
    move || match assignment.get() {
        Some(assignment) => view! { <Assignment assignment /> }.into_any(),
        None => view! { <p class="card empty">"There is no assignment with this number."</p> }.into_any(),
    }
}

#[component]
fn Assignment(assignment: i64) -> impl IntoView {
    let page = Page::of(format!("/results/{assignment}"), assignment);
    live::follow(page);
    live::follow_students(page);
    compare::follow(page);
    let verdict = Signal::derive(move || page.verdict());
    let detail = Signal::derive(move || {
        page.results.with(|r| r.as_ref().map(|r| answers_counted(&r.freshness)).unwrap_or_default())
    });
    let is_there = Memo::new(move |_| page.results.with(Option::is_some));
    let is_refused = Memo::new(move |_| !is_there.get() && page.problem.with(Option::is_some));
    view! {
        {move || if is_refused.get() {
            view! { <div class="head"><div><Crumbs /><h1>"Results"</h1></div></div> }.into_any()
        } else {
            view! { <Head page /><FreshLine indicator=verdict detail><BackToNow page /></FreshLine> }.into_any()
        }}
        <Problem message=page.problem />
        <Problem message=page.refused />
        {move || is_there.get().then(|| view! { <Body page /> })}
    }
}

/// The way out of the past; nothing where now is shown. The focus goes to the control that it presses.
#[component]
fn BackToNow(page: Page) -> impl IntoView {
    let back = move |_| {
        // This button goes, and must not take the focus with it.
        if let Some(button) = page.now_button.get_untracked() {
            let _ = button.focus();
        }
        page.to_now();
    };
    move || {
        page.is_past.get().then(|| {
            view! { <button type="button" class="btn small" translate="yes" on:click=back>"Back to now"</button> }
        })
    }
}

#[component]
fn Body(page: Page) -> impl IntoView {
    let nobody = Memo::new(move |_| {
        page.results.with(|r| r.as_ref().is_some_and(|r| r.counted == 0 && r.closed_at.is_none() && r.as_of.is_none()))
    });
    let is_open = Memo::new(move |_| {
        page.results.with(|r| r.as_ref().is_some_and(|r| r.closed_at.is_none() && r.as_of.is_none()))
    });
    // Once there, it stays until somebody puts it away: students are still joining when the first one hands in, and a page
    // that moves under the finger is none to read.
    let put_away = RwSignal::new(false);
    let was_there = Memo::new(move |was: Option<&bool>| nobody.get() || was.copied().unwrap_or_default());
    let shows_code = Memo::new(move |_| was_there.get() && is_open.get() && !put_away.get());
    let code = move || page.results.with(|r| r.as_ref().map(|r| r.join_code.clone()).unwrap_or_default());
    view! {
        <filters::Filters page />
        {move || shows_code.get().then(|| view! {
            <section class="card waiting">
                <p class="muted">"Students join at "<b>{web_address()}</b>" with the code"</p>
                <p class="join-code" translate="no">{code}</p>
                <p class="muted">
                    "This page fills by itself as they hand in. "
                    <button type="button" class="link" on:click=move |_| put_away.set(true)>"Put the code away"</button>
                </p>
            </section>
        })}
        <rulings::AtTheTop page />
        <figures::Figures page />
        <div class="grid two">
            <questions::Questions page />
            <selected::Selected page />
        </div>
        <compare::Compared page />
        <div class="grid two second">
            <remarks::Remarks page />
            <scores::Scores page />
        </div>
        <grid::Grid page />
        <items::Items page />
        <rulings::Log page />
        <p class="stamp" translate="no">{move || head::stamp(page)}</p>
    }
}

fn web_address() -> String {
    let host = web_sys::window().and_then(|window| window.location().host().ok()).unwrap_or_default();
    format!("{host}/join")
}
