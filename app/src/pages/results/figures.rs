//! The four figures above the charts.

use leptos::prelude::*;

use super::page::Page;
use crate::api::class::Progress;
use crate::api::results::{ClassResults, Participation};
use crate::state::advice::{LEAST_TO_RETEACH, no_average, to_reteach};
use crate::state::words;

/// Who has submitted, the average, what to reteach, how long it took.
#[component]
pub(super) fn Figures(page: Page) -> impl IntoView {
    let participation = Memo::new(move |_| {
        page.results.with(|r| r.as_ref().map(|r| (r.participation, r.is_over())).unwrap_or_default())
    });
    let figure = move |of: fn(&ClassResults) -> Figure| {
        Memo::new(move |_| page.results.with(|r| r.as_ref().map_or_else(|| Figure::none(NOTHING_YET), of)))
    };
    let (average, reteach, time) = (figure(average), figure(reteach), figure(typical_time));
    view! {
        <div class="grid k4">
            {move || {
                let (p, is_over) = participation.get();
                view! { <Submitted p is_over /> }
            }}
            <FigureCard title="Class average" figure=average />
            <FigureCard title="To reteach" figure=reteach />
            <FigureCard title="Typical time" figure=time />
        </div>
    }
}

const NOTHING_YET: &str = "no answers yet";

/// A figure and what stands under it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Figure {
    value: String,
    note: String,
}

impl Figure {
    fn none(why: &str) -> Self {
        Self { value: "–".to_owned(), note: why.to_owned() }
    }
}

fn average(r: &ClassResults) -> Figure {
    let Some(share) = r.average() else { return Figure::none(no_average(r)) };
    let median = r.test.median.map(words::score).unwrap_or_default();
    let questions = r.questions.iter().filter(|q| !q.is_void).count();
    Figure {
        value: words::percent(share),
        note: format!("median {median} of {questions}, {}", words::of(r.counted, "attempt")),
    }
}

fn reteach(r: &ClassResults) -> Figure {
    if r.average().is_none() {
        return Figure::none(no_average(r));
    }
    if r.counted < LEAST_TO_RETEACH {
        return Figure::none(&format!("shown once {LEAST_TO_RETEACH} have submitted"));
    }
    let mut numbers: Vec<i64> = to_reteach(r).iter().map(|remark| remark.question).collect();
    numbers.sort_unstable();
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    let note = match numbers.len() {
        0 => "at least half got each right".to_owned(),
        1 => format!("question {}", words::list(&numbers)),
        n if n > 6 => format!("questions {} and {} more", numbers.get(..5).unwrap_or_default().join(", "), n - 5),
        _ => format!("questions {}", words::list(&numbers)),
    };
    Figure { value: numbers.len().to_string(), note }
}

fn typical_time(r: &ClassResults) -> Figure {
    let Some(ms) = r.typical_ms else { return Figure::none(NOTHING_YET) };
    let longest = r.questions.iter().filter(|q| q.median_ms.is_some()).max_by_key(|q| q.median_ms);
    let note = longest.map(|q| format!("longest on question {}", q.number)).unwrap_or_default();
    Figure { value: words::minutes(ms), note }
}

#[component]
fn FigureCard(title: &'static str, figure: Memo<Figure>) -> impl IntoView {
    view! {
        <section class="card figure">
            <h2 class="small muted">{title}</h2>
            <p class="big" translate="no">{move || figure.with(|f| f.value.clone())}</p>
            <p class="tiny" translate="no">{move || figure.with(|f| f.note.clone())}</p>
        </section>
    }
}

#[component]
fn Submitted(p: Participation, is_over: bool) -> impl IntoView {
    let part = |class: &'static str, n: i64, words: &'static str| {
        view! { <li><i class=class></i>{format!("{} {words}", words::count(n))}</li> }
    };
    let flex = |n: i64| format!("{n} 1 0");
    let share = |class: &'static str, n: i64| (n > 0).then(|| view! { <i class=class style:flex=flex(n)></i> });
    view! {
        <section class="card" translate="no">
            <h2>{words::submitted(p)}</h2>
            <div class="stack" aria-hidden="true">
                {share("done", p.submitted)}{share("working", p.working)}{share("idle", p.not_started())}
            </div>
            <ul class="key">
                {part("done", p.submitted, Progress::Submitted.word(is_over))}
                {part("working", p.working, Progress::Working.word(is_over))}
                {part("idle", p.not_started(), Progress::NotStarted.word(is_over))}
            </ul>
        </section>
    }
}
