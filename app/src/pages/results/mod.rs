//! The class results page.
//!
//! Owns what the page remembers ([`Page`]) and how it hears of changes. What it shows is in the files beside.

mod figures;
mod live;
mod questions;
mod selected;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::A;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};
use wasm_bindgen_futures::spawn_local;

use crate::api::Millis;
use crate::api::results::ClassResults;
use crate::browser::{http, time};
use crate::charts::model::Order;
use crate::components::{ConfirmDialog, FreshLine, Problem, StaffPage, Ticking};
use crate::state::freshness::{Connection, indicator, last_change};

/// One assignment's results, live.
#[component]
pub fn ResultsPage() -> impl IntoView {
    crate::browser::set_title("Results");
    view! { <StaffPage><Results /></StaffPage> }
}

/// What the page remembers. Copies are the same page.
#[derive(Clone, Copy)]
struct Page {
    assignment: i64,
    results: RwSignal<Option<ClassResults>>,
    problem: RwSignal<Option<String>>,
    connection: RwSignal<Connection>,
    /// When the page saw figures first, in server time.
    first_at: RwSignal<Option<Millis>>,
    /// When they changed last while it looked.
    changed_at: RwSignal<Option<Millis>>,
    clock: Ticking,
}

#[component]
fn Results() -> impl IntoView {
    let params = use_params_map();
    let assignment = move || params.with(|p| p.get("assignment")).and_then(|id| id.parse::<i64>().ok());
    move || match assignment() {
        Some(assignment) => view! { <Assignment assignment /> }.into_any(),
        None => view! { <p class="card empty">"There is no assignment with this number."</p> }.into_any(),
    }
}

#[component]
fn Assignment(assignment: i64) -> impl IntoView {
    let page = Page {
        assignment,
        results: RwSignal::new(None),
        problem: RwSignal::new(None),
        connection: RwSignal::new(Connection::Opening),
        first_at: RwSignal::new(None),
        changed_at: RwSignal::new(None),
        clock: Ticking::get(),
    };
    live::follow(page);
    let verdict = Signal::derive(move || {
        let freshness = page.results.with(|r| r.as_ref().map(|r| r.freshness));
        indicator(freshness.as_ref(), page.connection.get(), page.clock.now(), time::clock)
    });
    let detail = Signal::derive(move || {
        let state = verdict.with(|verdict| verdict.state);
        last_change(state, page.changed_at.get(), page.first_at.get(), page.clock.now(), time::clock)
    });
    let is_there = Memo::new(move |_| page.results.with(Option::is_some));
    let is_refused = Memo::new(move |_| !is_there.get() && page.problem.with(Option::is_some));
    view! {
        {move || if is_refused.get() {
            view! { <div class="head"><div><Crumbs /><h1>"Results"</h1></div></div> }.into_any()
        } else {
            view! { <Head page /><FreshLine indicator=verdict detail /> }.into_any()
        }}
        <Problem message=page.problem />
        {move || is_there.get().then(|| view! { <Body page /> })}
    }
}

/// The way back.
#[component]
fn Crumbs(#[prop(into, default = Signal::derive(String::new))] class: Signal<String>) -> impl IntoView {
    let name = move || class.with(|class| if class.is_empty() { String::new() } else { format!(" › {class}") });
    view! { <p class="small muted crumbs"><A href="/classes">"Classes"</A>{name}</p> }
}

/// Where we are, and what can be done.
#[component]
fn Head(page: Page) -> impl IntoView {
    let asking = RwSignal::new(false);
    let close = move || {
        spawn_local(async move {
            if let Err(error) = http::close(page.assignment).await {
                page.problem.try_set(Some(format!("The quiz was not closed: {error}.")));
            }
        });
    };
    let title = Memo::new(move |_| page.results.with(|r| r.as_ref().map(|r| r.quiz_title.clone()).unwrap_or_default()));
    let class = Memo::new(move |_| page.results.with(|r| r.as_ref().map(|r| r.class_name.clone()).unwrap_or_default()));
    let times =
        Memo::new(move |_| page.results.with(|r| r.as_ref().map(|r| (r.opened_at, r.closed_at, r.join_code.clone()))));
    Effect::new(move || {
        title.with(|title| {
            if !title.is_empty() {
                crate::browser::set_title(title);
            }
        });
    });
    view! {
        <div class="head">
            <div>
                <Crumbs class />
                <h1>{title}</h1>
                {move || times.get().map(|(opened, closed, code)| match closed {
                    Some(at) => view! {
                        <p class="muted">{format!("Open {} to {}", time::hour_minute(opened), time::hour_minute(at))}</p>
                    }.into_any(),
                    None => view! {
                        <p class="muted">
                            {format!("Open since {} · join code ", time::hour_minute(opened))}<span class="code">{code}</span>
                        </p>
                    }.into_any(),
                })}
            </div>
            {move || times.get().filter(|(_, closed, _)| closed.is_none()).map(|_| view! {
                <div class="acts">
                    <button type="button" class="btn main" on:click=move |_| asking.set(true)>"Close quiz"</button>
                </div>
            })}
        </div>
        <ConfirmDialog
            open=asking
            title="Close this quiz?"
            text="It takes no more answers after that, and students who handed in see the right answers."
            action="Close quiz"
            confirm=close
        />
    }
}

/// What is looked at, as the address has it, so that it can be shared and outlives a reload.
#[derive(Clone, Copy)]
struct Looking {
    question: Memo<Option<i64>>,
    order: Memo<Order>,
    look: Callback<(Option<i64>, Order)>,
}

impl Looking {
    fn from_address(page: Page) -> Self {
        let (query, navigate) = (use_query_map(), use_navigate());
        let question = Memo::new(move |_| query.with(|q| q.get("question")).and_then(|number| number.parse().ok()));
        let order = Memo::new(move |_| match query.with(|q| q.get("order")).as_deref() {
            Some("hardest") => Order::HardestFirst,
            _ => Order::Quiz,
        });
        let look = Callback::new(move |(number, order): (Option<i64>, Order)| {
            let mut to = format!("/results/{}?", page.assignment);
            if let Some(number) = number {
                to.push_str(&format!("question={number}&"));
            }
            if order == Order::HardestFirst {
                to.push_str("order=hardest&");
            }
            let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
            navigate(to.trim_end_matches(['?', '&']), options);
        });
        Self { question, order, look }
    }
}

#[component]
fn Body(page: Page) -> impl IntoView {
    let looking = Looking::from_address(page);
    let nobody =
        Memo::new(move |_| page.results.with(|r| r.as_ref().is_some_and(|r| r.counted == 0 && r.closed_at.is_none())));
    let code = move || page.results.with(|r| r.as_ref().map(|r| r.join_code.clone()).unwrap_or_default());
    view! {
        {move || nobody.get().then(|| view! {
            <section class="card waiting">
                <p class="muted">"Students join at "<b>{web_address()}</b>" with the code"</p>
                <p class="join-code">{code}</p>
                <p class="muted">"This page fills by itself as they hand in."</p>
            </section>
        })}
        <figures::Figures page />
        <div class="grid two">
            <questions::Questions page looking />
            <selected::Selected page looking />
        </div>
    }
}

fn web_address() -> String {
    let host = web_sys::window().and_then(|window| window.location().host().ok()).unwrap_or_default();
    format!("{host}/join")
}
