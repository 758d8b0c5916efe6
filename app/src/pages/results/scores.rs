//! The score distribution.

use leptos::prelude::*;

use super::page::Page;
use crate::charts::model::{Picture, ScoreBar, scores, scores_caption};
use crate::components::{Bar, Chart, ChartOrTable};
use crate::state::words;

/// The card.
#[component]
pub(super) fn Scores(page: Page) -> impl IntoView {
    let as_table = RwSignal::new(false);
    let bars = Memo::new(move |_| page.results.with(|r| r.as_ref().map(|r| scores(&r.scores)).unwrap_or_default()));
    let over = Memo::new(move |_| bars.with(|bars| (1..).zip(bars).map(over_bar).collect::<Vec<_>>()));
    let figures = Memo::new(move |_| page.results.with(|r| r.as_ref().map(|r| r.test).unwrap_or_default()));
    let caption = Memo::new(move |_| figures.with(|test| bars.with(|bars| scores_caption(test, bars))));
    view! {
        <section class="card">
            <header>
                <h2>"Scores"</h2>
                <div class="r">
                    <ChartOrTable label="View of scores" as_table />
                </div>
            </header>
            {move || if as_table.get() {
                view! { <ScoreTable bars /> }.into_any()
            } else {
                let picture = Signal::derive(move || Picture::Scores(bars.get()));
                view! { <Chart picture caption bars=over /> }.into_any()
            }}
            <p class="tiny">"How many students got each score"</p>
        </section>
    }
}

/// What a screen reader says of a score.
fn over_bar((id, bar): (i64, &ScoreBar)) -> Bar {
    Bar { id, label: format!("{} right: {}", bar.label, words::of(bar.attempts, "attempt")), pressed: None }
}

#[component]
fn ScoreTable(bars: Memo<Vec<ScoreBar>>) -> impl IntoView {
    let row = |bar: ScoreBar| view! { <tr><th scope="row">{bar.label}</th><td class="right">{bar.attempts}</td></tr> };
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Scores">
            <table>
                <thead><tr><th>"Score"</th><th class="right">"Attempts"</th></tr></thead>
                <tbody translate="no">{move || bars.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}
