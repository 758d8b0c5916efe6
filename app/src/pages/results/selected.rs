//! The selected question: its words, the answers per choice, and what to do about it.

use leptos::html::H2;
use leptos::prelude::*;

use super::page::Page;
use super::students::label;
use crate::api::class::GridRow;
use crate::api::results::{LEAST_N, QuestionResult};
use crate::charts::model::{ChoiceBar, Mark, Picture, choices, nobody_chose};
use crate::components::{Bar, Chart, ChartOrTable, Problem, anew};
use crate::state::advice::reteach;
use crate::state::words;

/// The card at the right.
#[component]
pub(super) fn Selected(page: Page) -> impl IntoView {
    let as_table = RwSignal::new(false);
    let question = page.selected;
    let of = move |what: fn(&QuestionResult) -> String| {
        Memo::new(move |_| question.with(|q| q.as_ref().map(what).unwrap_or_default()))
    };
    let title = of(|q| format!("Question {}", q.number));
    let text = move || question.with(|q| q.as_ref().map(|q| q.text.clone()));
    let bars = Memo::new(move |_| question.with(|q| q.as_ref().map(choices).unwrap_or_default()));
    let n = move || question.with(|q| q.as_ref().map_or(0, |q| q.n));
    let caption = Memo::new(move |_| bars.with(|bars| takeaway(bars, n())));
    let over = Memo::new(move |_| bars.with(|bars| (1..).zip(bars).map(over_bar).collect::<Vec<_>>()));
    let remark = move || question.with(|q| q.as_ref().and_then(reteach));
    let heading = NodeRef::<H2>::new();
    view! {
        <section class="card">
            <header>
                <h2 node_ref=heading tabindex="-1" translate="no">{title}</h2>
                <div class="r">
                    <ChartOrTable label="View" as_table />
                    <button type="button" class="btn small" aria-label="Previous question" on:click=move |_| page.step(-1)>"‹"</button>
                    <button type="button" class="btn small" aria-label="Next question" on:click=move |_| page.step(1)>"›"</button>
                </div>
            </header>
            {anew(text, |text| view! { <p class="question" dir="auto">{text}</p> }.into_any())}
            {move || if as_table.get() {
                view! { <ChoiceTable bars /> }.into_any()
            } else {
                let picture = Signal::derive(move || Picture::Choices(bars.get()));
                view! { <Chart picture caption bars=over /> }.into_any()
            }}
            {anew(remark, |remark| remark.map(|remark| view! {
                <p class="say"><span aria-hidden="true">"↻"</span><span><b>{remark.what}". "</b>{remark.says}</span></p>
            }).into_any())}
            <super::rulings::AtTheQuestion page question heading />
            <dl class="facts">
                <Fact name="facility" value=of(|q| q.facility().map_or_else(|| "–".to_owned(), words::percent)) />
                <Fact name="discrimination" value=of(discrimination) />
                <Fact name="median time" value=of(|q| q.median_ms.map_or_else(|| "–".to_owned(), words::minutes)) />
                <Fact name="omitted" value=of(|q| words::count(q.omitted)) />
                <Fact name="attempts" value=of(|q| words::count(q.n)) />
            </dl>
            <WhoAnswered page question />
            <super::rulings::Rule page question />
        </section>
    }
}

/// What a screen reader says of a choice.
pub(super) fn over_bar((id, bar): (i64, &ChoiceBar)) -> Bar {
    let key = if bar.mark == Mark::Key { ", the key" } else { "" };
    Bar { id, label: format!("{}{key}: {}, {}. {}", bar.letter, bar.count, bar.percent, bar.text), pressed: None }
}

fn discrimination(q: &QuestionResult) -> String {
    match q.figures.discrimination {
        Some(index) => words::index(index),
        None if q.n < LEAST_N => format!("needs n ≥ {LEAST_N}"),
        None => "–".to_owned(),
    }
}

/// Who gave which choice, on a toggle.
#[component]
fn WhoAnswered(page: Page, question: Memo<Option<QuestionResult>>) -> impl IntoView {
    let is_open = RwSignal::new(false);
    let groups = move || {
        let question = question.get()?;
        page.students.grid.with(|grid| {
            let grid = grid.as_ref()?;
            let place = grid.questions.iter().position(|column| column.id == question.id)?;
            Some(page.students.names.with(|names| {
                let called = |row: &GridRow| label(row, names);
                let of = |choice: i64| -> Vec<String> {
                    grid.rows.iter().filter(|row| row.choices.get(place) == Some(&choice)).map(called).collect()
                };
                let choices = question.choices.iter().enumerate().map(|(at, choice)| {
                    let key = if choice.is_key { " ✓" } else { "" };
                    (format!("{}{key}", words::letter(at)), of(choice.id))
                });
                choices.chain([("Omitted".to_owned(), of(0))]).collect::<Vec<_>>()
            }))
        })
    };
    let is_fetching = move || page.students.grid.with(Option::is_none) && page.students.problem.with(Option::is_none);
    let group = |(letter, students): (String, Vec<String>)| {
        let who = if students.is_empty() { "nobody".to_owned() } else { String::new() };
        view! {
            <div>
                <dt>{letter}</dt>
                <dd translate="no">{who}{students.into_iter().map(|name| view! { <bdi class="who-is">{name}</bdi> }).collect_view()}</dd>
            </div>
        }
    };
    let toggle = move |event: leptos::ev::Event| {
        is_open.set(event_target::<web_sys::HtmlDetailsElement>(&event).open());
        page.students.wanted.set(true);
    };
    view! {
        <details class="who-answered" on:toggle=toggle>
            <summary>"Who answered what"</summary>
            {move || is_open.get().then(|| view! {
                <Problem message=page.students.problem />
                {is_fetching().then(|| view! { <p class="tiny">"Fetching the students…"</p> })}
                <dl>{groups().map(|groups| groups.into_iter().map(group).collect_view())}</dl>
                <button type="button" class="btn small" on:click=move |_| page.students.toggle_names(page.assignment)>
                    {move || if page.students.shows_names(page.assignment) { "Hide names" } else { "Show names" }}
                </button>
            })}
        </details>
    }
}

#[component]
fn Fact(name: &'static str, value: Memo<String>) -> impl IntoView {
    view! { <div><dt>{name}</dt><dd translate="no">{value}</dd></div> }
}

/// What the chart says of `n` attempts, in one sentence.
fn takeaway(bars: &[ChoiceBar], n: i64) -> String {
    let right = bars.iter().filter(|bar| bar.mark == Mark::Key);
    let right: Vec<String> = right.map(|bar| format!("{} ({}) chose {}", bar.count, bar.percent, bar.letter)).collect();
    if right.is_empty() || bars.iter().all(|bar| bar.share <= 0.0) {
        return nobody_chose(n);
    }
    let what = if right.len() == 1 { "the key" } else { "all of them right" };
    let hot = bars.iter().find(|bar| bar.mark == Mark::Hot);
    let hot = hot.map(|bar| format!(", but {} chose {}", bar.count, bar.letter)).unwrap_or_default();
    format!("{}, {what}{hot}.", words::list(&right))
}

#[component]
fn ChoiceTable(bars: Memo<Vec<ChoiceBar>>) -> impl IntoView {
    let row = |bar: ChoiceBar| {
        let key = if bar.mark == Mark::Key { "✓ key" } else { "" };
        view! {
            <tr>
                <th scope="row" dir="auto" class="as-written">{format!("{}. {}", bar.letter, bar.text)}</th>
                <td>{key}</td>
                <td class="right">{bar.count}</td>
                <td class="right">{bar.percent}</td>
            </tr>
        }
    };
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Answers per choice">
            <table>
                <thead><tr><th>"Choice"</th><th>"Key"</th><th class="right">"Students"</th><th class="right">"Share"</th></tr></thead>
                <tbody translate="no">{move || bars.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}
