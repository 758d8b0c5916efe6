//! Item analysis: each question, and the quiz as a test.

use leptos::prelude::*;

use super::page::Page;
use crate::api::results::{LEAST_N, QuestionResult, TestFigures};
use crate::state::words;

/// The card.
#[component]
pub(super) fn Items(page: Page) -> impl IntoView {
    let test = Memo::new(move |_| page.results.with(|r| r.as_ref().map(|r| (r.test, r.counted)).unwrap_or_default()));
    let rows = move || page.questions.with(|all| all.iter().map(row).collect_view());
    view! {
        <section class="card items">
            <header><h2>"Item analysis"</h2></header>
            <dl class="facts test" translate="no">{move || facts(test.get())}</dl>
            <div class="scroll" tabindex="0" role="region" aria-label="Item analysis">
                <table>
                    <thead><tr>
                        <th>"Question"</th><th class="right">"n"</th><th class="right">"Facility"</th>
                        <th class="right">"SD"</th><th class="right">"Guess"</th>
                        <th class="right">"Discrimination"</th><th class="right">"Efficiency"</th>
                        <th class="right">"Weight"</th>
                    </tr></thead>
                    <tbody translate="no">{rows}</tbody>
                </table>
            </div>
            <p class="tiny">
                "Omitted answers count as wrong. SD by n − 1. Discrimination: correlation of the question with the rest of the \
                 quiz, −100 to 100. Efficiency: that, against the most that it could be. Weight: its share in what tells scores \
                 apart."
            </p>
        </section>
    }
}

/// A figure; a dash where there is none; why not, where it is withheld.
fn cell(value: Option<f64>, n: i64, digits: usize, unit: &str) -> String {
    match value {
        Some(value) => format!("{}{unit}", words::figure(value, digits)),
        None if n < LEAST_N => format!("needs n ≥ {LEAST_N}"),
        None => "–".to_owned(),
    }
}

fn row(q: &QuestionResult) -> impl IntoView + use<> {
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), words::percent);
    let figures = q.figures;
    let withheld = |value| if q.is_void { "void".to_owned() } else { cell(value, q.n, 0, "") };
    view! {
        <tr>
            <th scope="row">{format!("Q{}", q.number)}</th>
            <td class="right">{words::count(q.n)}</td>
            <td class="right">{share(q.facility())}</td>
            <td class="right">{figures.sd.map_or_else(|| "–".to_owned(), |sd| words::figure(sd, 2))}</td>
            <td class="right">{share(figures.random_guess)}</td>
            <td class="right">{withheld(figures.discrimination)}</td>
            <td class="right">{withheld(figures.efficiency)}</td>
            <td class="right">{withheld(figures.weight)}</td>
        </tr>
    }
}

fn facts((test, n): (TestFigures, i64)) -> impl IntoView {
    let always = |value: Option<f64>, digits| value.map_or_else(|| "–".to_owned(), |v| words::figure(v, digits));
    [
        ("attempts", words::count(n)),
        ("mean", always(test.mean, 2)),
        ("median", always(test.median, 1)),
        ("SD", always(test.sd, 2)),
        ("skewness", cell(test.skewness, n, 2, "")),
        ("kurtosis", cell(test.kurtosis, n, 2, "")),
        ("α (reliability)", cell(test.alpha, n, 0, "\u{a0}%")),
        ("error ratio", cell(test.error_ratio, n, 0, "\u{a0}%")),
        ("SEM", cell(test.sem, n, 2, "")),
    ]
    .map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
}
