//! Where we are, and what can be done.

use leptos::html::H1;
use leptos::prelude::*;
use leptos_router::components::A;
use wasm_bindgen_futures::spawn_local;

use super::page::Page;
use crate::browser::{http, png, print, time};
use crate::charts::model::{Picture, choices, questions};
use crate::components::{ConfirmDialog, Menu, anew};
use crate::state::words;

/// The way back.
#[component]
pub(super) fn Crumbs(#[prop(into, default = Signal::derive(String::new))] class: Signal<String>) -> impl IntoView {
    let name = move || class.with(|class| if class.is_empty() { String::new() } else { format!(" › {class}") });
    view! { <p class="small muted crumbs"><A href="/classes">"Classes"</A>{name}</p> }
}

/// Title, times, actions.
#[component]
pub(super) fn Head(page: Page) -> impl IntoView {
    let asking = RwSignal::new(false);
    let heading = NodeRef::<H1>::new();
    let close = move || {
        spawn_local(async move {
            let closed = page.outcome(http::close(page.assignment).await, "The quiz was not closed");
            // The button goes, and must not take the focus with it.
            if let Some(heading) = closed.and_then(|()| heading.try_get_untracked().flatten()) {
                let _ = heading.focus();
            }
        });
    };
    let title = Memo::new(move |_| {
        page.results.with(|r| r.as_ref().map_or_else(|| "Results".to_owned(), |r| r.quiz_title.clone()))
    });
    let class = Memo::new(move |_| page.results.with(|r| r.as_ref().map(|r| r.class_name.clone()).unwrap_or_default()));
    let times =
        Memo::new(move |_| page.results.with(|r| r.as_ref().map(|r| (r.opened_at, r.closed_at, r.join_code.clone()))));
    Effect::new(move || {
        title.with(|title| crate::browser::set_title(title));
    });
    let working = Memo::new(move |_| page.results.with(|r| r.as_ref().map_or(0, |r| r.participation.working)));
    let closing = Memo::new(move |_| {
        let unfinished = match working.get() {
            0 => String::new(),
            n => format!(
                "{} not finished. After that they cannot hand in, and their choices so far are not counted. ",
                if n == 1 { "1 student has".to_owned() } else { format!("{} have", words::of(n, "student")) }
            ),
        };
        let elsewhere = page.results.with(|r| r.as_ref().map(|r| r.also_open.join(", ")).unwrap_or_default());
        let elsewhere = if elsewhere.is_empty() {
            String::new()
        } else {
            format!(" The same quiz is still open for {elsewhere}: its right answers will be no secret there.")
        };
        format!(
            "{unfinished}Students who handed in see the right answers. A closed quiz cannot be opened again.{elsewhere}"
        )
    });
    // Nothing is changed from the past.
    let is_open = Memo::new(move |_| {
        !page.is_past.get() && times.with(|times| times.as_ref().is_some_and(|(_, closed, _)| closed.is_none()))
    });
    // Whoever goes back while it asks has taken the question away.
    Effect::new(move || {
        if page.is_past.get() {
            asking.set(false);
        }
    });
    view! {
        <div class="head">
            <div>
                <Crumbs class />
                <h1 node_ref=heading tabindex="-1" dir="auto" translate="no">{title}</h1>
                {anew(move || times.get(), |times| times.map(|(opened, closed, code)| match closed {
                    Some(at) => view! {
                        <p class="muted">{format!("Open {}", time::span(opened, at))}</p>
                    }.into_any(),
                    None => view! {
                        <p class="muted">
                            {format!("Open since {} · join code ", time::dated_hour_minute(opened))}<span class="code">{code}</span>
                        </p>
                    }.into_any(),
                }).into_any())}
            </div>
            <div class="acts">
                <super::compare::Choose page />
                <TakeAway page />
                <A href=move || projector(page) attr:class="btn">"Projector"</A>
                {move || is_open.get().then(|| view! {
                    <button type="button" class="btn main" on:click=move |_| asking.set(true)>"Close quiz"</button>
                })}
            </div>
        </div>
        <ConfirmDialog
            open=asking
            title="Close this quiz?"
            text=closing
            action="Close quiz"
            confirm=close
        />
    }
}

fn projector(page: Page) -> String {
    format!("/results/{}/projector{}", page.assignment, page.looking.now.get().query())
}

/// Files, the chart as a picture, and paper.
#[component]
fn TakeAway(page: Page) -> impl IntoView {
    let with_names = RwSignal::new(false);
    let address = move |file: &str| {
        let names = with_names.get().then(|| "names=show".to_owned());
        let parts: Vec<String> = page.looking.now.get().filters().into_iter().chain(names).collect();
        let query = if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) };
        format!("/api/assignments/{}/export/{file}{query}", page.assignment)
    };
    let link = move |file: &'static str, says: &'static str| {
        view! { <a href=move || address(file) download="" rel="external">{says}</a> }
    };
    view! {
        <Menu label="Export">
            {link("results.xlsx", "Everything (XLSX)")}
            {link("answers.csv", "Every answer (CSV)")}
            {link("summary.csv", "Summary (CSV)")}
            <label>
                <input type="checkbox" prop:checked=with_names on:change:target=move |e| with_names.set(e.target().checked()) />
                " with names"
            </label>
            <hr />
            <button type="button" on:click=move |_| save_questions(page)>"Chart (PNG)"</button>
            <button type="button" on:click=move |_| save_selected(page)>"Selected question (PNG)"</button>
            <button type="button" on:click=move |_| print()>"Print"</button>
        </Menu>
    }
}

/// The chart of the questions with a title, the as-of time and the filters.
fn save_questions(page: Page) {
    page.results.with_untracked(|results| {
        let Some(r) = results else { return };
        let bars = questions(&r.questions, page.looking.order.get_untracked(), None);
        let picture = Picture::Questions(page.with_other(bars));
        let title = format!("{} · {}: correct, per question", r.quiz_title, r.class_name);
        png::save(&file_name(&r.quiz_title), &picture, &title, &stamp(page));
    });
}

/// The answers to the selected question.
fn save_selected(page: Page) {
    page.results.with_untracked(|results| {
        let Some(r) = results else { return };
        let Some(question) = page.selected.get_untracked() else { return };
        let title = format!("{} · {}: {}. {}", r.quiz_title, r.class_name, question.number, question.text);
        let name = file_name(&format!("{} question {}", r.quiz_title, question.number));
        png::save(&name, &Picture::Choices(choices(&question)), &title, &stamp(page));
    });
}

fn file_name(title: &str) -> String {
    let plain: String = title.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    format!("{}.png", plain.trim_matches('-').to_lowercase())
}

/// Which attempts, as of when, and how much is counted: what stands on everything that leaves the page.
pub(super) fn stamp(page: Page) -> String {
    page.results.with(|results| {
        let Some(r) = results else { return String::new() };
        let at = r.as_of.unwrap_or(r.freshness.complete_through);
        format!(
            "{} · as of {} {} · {} of {} answers counted",
            r.attempts.label(),
            time::date(at),
            time::clock(at),
            words::count(r.freshness.landed),
            words::count(r.freshness.accepted)
        )
    })
}
