//! Where we are, and what can be done.

use leptos::prelude::*;
use leptos_router::components::A;
use wasm_bindgen_futures::spawn_local;

use super::Page;
use crate::browser::{http, png, print, time};
use crate::charts::model::{Picture, choices, questions};
use crate::components::{ConfirmDialog, Menu};
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
    let close = move || {
        spawn_local(async move {
            page.outcome(http::close(page.assignment).await, "The quiz was not closed");
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
    let is_open = Memo::new(move |_| times.with(|times| times.as_ref().is_some_and(|(_, closed, _)| closed.is_none())));
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
            text="It takes no more answers after that, and students who handed in see the right answers."
            action="Close quiz"
            confirm=close
        />
    }
}

fn projector(page: Page) -> String {
    let looking = page.looking.now.get();
    let filters = looking.filters().map(|filters| format!("&{filters}")).unwrap_or_default();
    format!("/results/{}/projector?question={}{filters}", page.assignment, looking.question.unwrap_or(1))
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
        <Menu label="Take away">
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
        let picture = Picture::Questions(questions(&r.questions, page.looking.order.get_untracked(), None));
        let title = format!("{} · {}: correct, per question", r.quiz_title, r.class_name);
        png::save(&file_name(&r.quiz_title), &picture, &title, &stamp(page));
    });
}

/// The answers to the selected question.
fn save_selected(page: Page) {
    page.results.with_untracked(|results| {
        let Some(r) = results else { return };
        let number = page.looking.question.get_untracked().unwrap_or(1);
        let Some(question) = r.questions.iter().find(|q| q.number == number) else { return };
        let title = format!("{} · {}: {}. {}", r.quiz_title, r.class_name, question.number, question.text);
        let name = file_name(&format!("{} question {number}", r.quiz_title));
        png::save(&name, &Picture::Choices(choices(question)), &title, &stamp(page));
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
