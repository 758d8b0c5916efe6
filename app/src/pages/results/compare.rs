//! This assignment beside another one of the same quiz.

use leptos::prelude::*;

use super::page::Page;
use crate::api::ApiError;
use crate::api::class::Comparable;
use crate::api::functions::{class_results, comparable};
use crate::api::results::{ClassResults, QuestionResult};
use crate::browser::asking::Asking;
use crate::browser::time;
use crate::browser::transport::within;
use crate::components::Menu;
use crate::state::words;

/// Chooses the other assignment; nothing where there is none.
#[component]
pub(super) fn Choose(page: Page) -> impl IntoView {
    let others = RwSignal::new(Vec::<Comparable>::new());
    // Without an answer there is nothing to choose from, for as long as that is so.
    Asking::at_once(move || async move {
        others.try_set(within(comparable(page.assignment)).await?);
        Ok(())
    });
    let chosen = Memo::new(move |_| page.looking.now.get().compare);
    let go = move |to: Option<i64>| page.looking.change(|looking| looking.compare = to);
    let row = move |other: Comparable| {
        let (id, label) = (other.assignment, label(&other.class_name, other.opened_at));
        view! {
            <button type="button" aria-pressed=move || (chosen.get() == Some(id)).to_string() on:click=move |_| go(Some(id))>
                {label}
            </button>
        }
    };
    move || {
        (!others.with(Vec::is_empty)).then(|| {
            view! {
                <Menu label="Compare">
                    {others.get().into_iter().map(row).collect_view()}
                    {move || chosen.get().map(|_| view! {
                        <button type="button" on:click=move |_| go(None)>"Stop comparing"</button>
                    })}
                </Menu>
            }
        })
    }
}

fn label(class: &str, opened_at: i64) -> String {
    format!("{class}, {}", time::date(opened_at))
}

/// Fetches the other results, each time that another assignment or rule is chosen, and after each ruling: it counts
/// there too.
pub(super) fn follow(page: Page) {
    let rulings = Memo::new(move |_| page.results.with(|r| r.as_ref().map(|r| r.rulings.clone())));
    let wanted = Memo::new(move |_| {
        let other = page.looking.now.get().compare?;
        Some((other, page.looking.view.get().attempts, rulings.get()?))
    });
    let asking = Asking::new(move || async move {
        let Some(now) = wanted.get_untracked() else { return Ok(()) };
        let answer = within(class_results(now.0, Some(now.1), None)).await;
        if wanted.try_get_untracked().flatten() != Some(now) {
            return Ok(()); // What is wanted now is asked for next.
        }
        let ended = answer.as_ref().map(|_| ()).map_err(ApiError::clone);
        page.other.set(page.answer(answer, "Nothing can be compared"));
        ended
    });
    Effect::new(move || match wanted.get() {
        Some(_) => asking.changed(),
        None => page.other.set(None),
    });
}

/// The card; nothing while nothing is compared.
#[component]
pub(super) fn Compared(page: Page) -> impl IntoView {
    let average = Memo::new(move |_| page.results.with(|r| r.as_ref().and_then(ClassResults::average)));
    move || page.other.with(|other| page.questions.with(|here| Some(view(average.get(), here, other.as_ref()?))))
}

fn view(average: Option<f64>, here: &[QuestionResult], other: &ClassResults) -> impl IntoView + use<> {
    let title = format!("Compared with {}", label(&other.class_name, other.opened_at));
    let whole = match (average, other.average()) {
        (Some(a), Some(b)) => {
            format!("Class average {} here, {} there ({}).", words::percent(a), words::percent(b), words::points(b, a))
        }
        _ if here.iter().all(|q| q.is_void) => "Every question is void.".to_owned(),
        _ => "One of the two has no answers yet.".to_owned(),
    };
    let there = |q: &QuestionResult| other.questions.iter().find(|o| o.id == q.id).cloned();
    let rows = here.iter().map(|q| row(q, there(q))).collect_view();
    let as_of = format!("The other class as of {}", time::dated_clock(other.freshness.complete_through));
    view! {
        <section class="card" translate="no">
            <header><h2>{title}</h2></header>
            <p>{whole}</p>
            <div class="scroll" tabindex="0" role="region" aria-label="Comparison">
                <table>
                    <thead><tr>
                        <th>"Question"</th><th class="right">"Here"</th><th class="right">"n"</th>
                        <th class="right">"There"</th><th class="right">"n"</th><th class="right">"Difference"</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p class="tiny">"◆ in the chart: the other class. "{as_of}</p>
        </section>
    }
}

fn row(q: &QuestionResult, other: Option<QuestionResult>) -> impl IntoView + use<> {
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), words::percent);
    let (here, there) = (q.facility(), other.as_ref().and_then(QuestionResult::facility));
    let difference = here.zip(there).filter(|_| !q.is_void);
    let difference = difference.map_or_else(|| "–".to_owned(), |(here, there)| words::points(there, here));
    view! {
        <tr>
            <th scope="row" dir="auto" class="as-written">{format!("{}. {}", q.number, q.text)}{q.is_void.then_some(" (void)")}</th>
            <td class="right">{share(here)}</td>
            <td class="right">{words::count(q.n)}</td>
            <td class="right">{share(there)}</td>
            <td class="right">{words::count(other.map_or(0, |q| q.n))}</td>
            <td class="right">{difference}</td>
        </tr>
    }
}
