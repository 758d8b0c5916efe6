//! "Correct, per question": the chart, and the same as a table.

use leptos::prelude::*;

use super::page::Page;
use crate::api::results::QuestionResult;
use crate::charts::model::{Picture, QuestionBar, ordered, questions, wilson};
use crate::components::{Bar, Chart, ChartOrTable, Segment, Segments};
use crate::state::looking::Order;
use crate::state::words;

/// The card at the left.
#[component]
pub(super) fn Questions(page: Page) -> impl IntoView {
    let looking = page.looking;
    let as_table = RwSignal::new(false);
    let bars = Memo::new(move |_| {
        let selected = page.selected.with(|q| q.as_ref().map(|q| q.id));
        page.with_other(page.questions.with(|all| questions(all, looking.order.get(), selected)))
    });
    let caption = Memo::new(move |_| bars.with(|bars| takeaway(bars)));
    let over = Memo::new(move |_| bars.with(|bars| bars.iter().map(over_bar).collect::<Vec<_>>()));
    let number_of =
        move |id: i64| page.questions.with_untracked(|all| all.iter().find(|q| q.id == id).map(|q| q.number));
    let select = Callback::new(move |id| looking.change(|looking| looking.question = number_of(id)));
    let reorder = move |order| looking.change(|looking| looking.order = order);
    // Of the figures that are shown, not of those that have been asked for.
    let rule = move || page.results.with(|r| r.as_ref().map(|r| r.attempts.label()));
    let diamond = move || if page.other.with(Option::is_some) { " · ◆ the other class" } else { "" };
    view! {
        <section class="card">
            <header>
                <h2>"Correct, per question"</h2>
                <div class="r">
                    <Segments label="Order">
                        <Segment label="Quiz order" pressed=Signal::derive(move || looking.order.get() == Order::Quiz)
                            press=move || reorder(Order::Quiz) />
                        <Segment label="Hardest first" pressed=Signal::derive(move || looking.order.get() == Order::HardestFirst)
                            press=move || reorder(Order::HardestFirst) />
                    </Segments>
                    <ChartOrTable label="View" as_table />
                </div>
            </header>
            {move || if as_table.get() {
                view! { <QuestionTable page order=looking.order /> }.into_any()
            } else {
                let picture = Signal::derive(move || Picture::Questions(bars.get()));
                view! { <Chart picture caption bars=over select /> }.into_any()
            }}
            <p class="tiny" translate="no">{rule}" · thin line: likely range (95 %)"{diamond}</p>
        </section>
    }
}

fn over_bar(bar: &QuestionBar) -> Bar {
    let label = format!("{}: {} correct, {}", bar.label.replace('Q', "Question "), bar.percent, bar.n);
    Bar { id: bar.id, label, pressed: Some(bar.is_selected) }
}

/// What the chart says, in one sentence. A void question is neither easy nor hard.
fn takeaway(bars: &[QuestionBar]) -> String {
    let answered: Vec<&QuestionBar> = bars.iter().filter(|bar| bar.range.1 > bar.range.0 && !bar.is_void).collect();
    let by_share = |a: &&&QuestionBar, b: &&&QuestionBar| a.share.total_cmp(&b.share);
    match (answered.iter().max_by(by_share), answered.iter().min_by(by_share)) {
        (Some(only), _) if answered.len() == 1 => format!("{}: {} correct.", only.label, only.percent),
        (Some(best), Some(worst)) if best.percent == worst.percent => {
            format!("Every question: {} correct.", best.percent)
        }
        (Some(best), Some(worst)) => format!(
            "Easiest was {} with {} correct, hardest {} with {}.",
            best.label, best.percent, worst.label, worst.percent
        ),
        _ if !bars.is_empty() && bars.iter().all(|bar| bar.is_void) => "Every question is void.".to_owned(),
        _ => "No answers yet.".to_owned(),
    }
}

#[component]
fn QuestionTable(page: Page, order: Memo<Order>) -> impl IntoView {
    let rows = move || page.questions.with(|all| ordered(all, order.get()).into_iter().map(table_row).collect_view());
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Correct, per question">
            <table>
                <thead><tr>
                    <th>"Question"</th><th class="right">"Correct"</th><th class="right">"Range"</th>
                    <th class="right">"n"</th><th class="right">"Omitted"</th><th class="right">"Time"</th>
                </tr></thead>
                <tbody translate="no">{rows}</tbody>
            </table>
        </div>
    }
}

fn table_row(q: &QuestionResult) -> impl IntoView + use<> {
    let (low, high) = wilson(q.correct, q.n);
    let dash = || "–".to_owned();
    let share = q.facility();
    view! {
        <tr>
            <th scope="row" dir="auto" class="as-written">{format!("{}. {}", q.number, q.text)}{q.is_void.then_some(" (void)")}</th>
            <td class="right">{share.map_or_else(dash, words::percent)}</td>
            <td class="right">{share.map_or_else(dash, |_| format!("{}–{}", words::percent(low), words::percent(high)))}</td>
            <td class="right">{words::count(q.n)}</td>
            <td class="right">{words::count(q.omitted)}</td>
            <td class="right">{q.median_ms.map_or_else(dash, words::minutes)}</td>
        </tr>
    }
}
