//! "Every student, every question".

use leptos::html::Section;
use leptos::prelude::*;
use leptos_router::components::A;

use super::page::Page;
use super::students::{Names, label, name_of};
use crate::api::class::{GridQuestion, GridRow, Progress};
use crate::api::results::ClassResults;
use crate::components::{Problem, seen};
use crate::state::looking::Sort;
use crate::state::sorting::sorted;
use crate::state::words;

/// Rows at first, and how many more at a time: all of any class, and not a whole district at once.
const SOME: usize = 200;

/// The card. Nothing is fetched before it is seen.
#[component]
pub(super) fn Grid(page: Page) -> impl IntoView {
    let card = NodeRef::<Section>::new();
    let students = page.students;
    let is_seen = seen(card);
    Effect::new(move || {
        if is_seen.get() {
            students.wanted.set(true);
        }
    });
    let shown = RwSignal::new(SOME);
    let sort = Memo::new(move |_| page.looking.now.get().sort);
    let rows = Memo::new(move |_| {
        let names = students.names.get();
        students.grid.with(|grid| {
            grid.as_ref().map(|grid| sorted(grid, sort.get(), |row| name_of(&row.student, &names))).unwrap_or_default()
        })
    });
    let columns =
        Memo::new(move |_| students.grid.with(|grid| grid.as_ref().map(|g| g.questions.clone()).unwrap_or_default()));
    let are_named = move || students.names.with(Option::is_some);
    let showing = move || {
        let total = students.grid.with(|grid| grid.as_ref().map(|grid| grid.total))?;
        let here = shown.get().min(rows.with(Vec::len)) as i64;
        Some(format!("Showing {} of {}", words::count(here), words::count(total)))
    };
    let visible = move || rows.with(|rows| rows.iter().take(shown.get()).cloned().collect::<Vec<_>>());
    view! {
        <section class="card students" node_ref=card>
            <header>
                <h2>"Every student, every question"</h2>
                <div class="r">
                    <span class="muted small">{move || if are_named() { "Names shown" } else { "Names hidden" }}</span>
                    <button type="button" class="btn small" on:click=move |_| students.toggle_names(page.assignment)>
                        {move || if students.shows_names(page.assignment) { "Hide names" } else { "Show names" }}
                    </button>
                </div>
            </header>
            <Problem message=students.problem />
            <div class="scroll" tabindex="0" role="region" aria-label="Every student, every question">
                <table class="grid-table" translate="no">
                    <thead><Columns page columns sort /></thead>
                    <tbody>
                        <For each=visible key=|row| (row.student.clone(), row.attempt, row.choices.clone(), row.progress, row.score) let:row>
                            <Row page row columns names=students.names />
                        </For>
                    </tbody>
                </table>
            </div>
            <footer>
                <span class="tiny" translate="no">{showing}</span>
                {move || (shown.get() < rows.with(Vec::len)).then(|| view! {
                    <button type="button" class="btn small" on:click=move |_| shown.update(|n| *n += SOME)>"Show more"</button>
                })}
            </footer>
        </section>
    }
}

/// The head of the table; each heading sorts.
#[component]
fn Columns(page: Page, columns: Memo<Vec<GridQuestion>>, sort: Memo<Sort>) -> impl IntoView {
    let heading = move |name: String, to: Sort, direction: &'static str, class: &'static str| {
        let is_so = move || sort.get() == to || (matches!(to, Sort::Best) && sort.get() == Sort::Worst);
        // What is neither up nor down says so: the wrong answers first, and then the others.
        let aria = move || is_so().then(|| if sort.get() == Sort::Worst { "ascending" } else { direction });
        let press = move |_| {
            page.looking.change(|looking| {
                looking.sort = match (looking.sort, to) {
                    (Sort::Best, Sort::Best) => Sort::Worst,
                    (now, to) if now == to => Sort::List,
                    (_, to) => to,
                };
            });
        };
        view! { <th scope="col" class=class aria-sort=aria><button type="button" class="sort" on:click=press>{name}</button></th> }
    };
    view! {
        <tr>
            {heading("Student".to_owned(), Sort::List, "ascending", "")}
            {heading("Score".to_owned(), Sort::Best, "descending", "right")}
            {move || columns.get().into_iter().map(|q| {
                heading(format!("Q{}", q.number), Sort::Wrong(q.number), "other", "mid")
            }).collect_view()}
        </tr>
    }
}

#[component]
fn Row(page: Page, row: GridRow, columns: Memo<Vec<GridQuestion>>, names: RwSignal<Names>) -> impl IntoView {
    let student = row.student.clone();
    // With the view, for the way back.
    let address = move || format!("/results/{}/students/{student}{}", page.assignment, page.looking.now.get().query());
    let (score, attempt) = (row.attempt.map(|_| row.score), row.attempt.filter(|attempt| *attempt > 1));
    let choices = row.choices.clone();
    let progress = row.progress;
    let is_over = Memo::new(move |_| page.results.with(|r| r.as_ref().is_some_and(ClassResults::is_over)));
    let cells = move || {
        columns.with(|columns| {
            columns.iter().zip(&choices).map(|(question, choice)| cell(question, *choice)).collect_view()
        })
    };
    let name = move || names.with(|names| label(&row, names));
    view! {
        <tr>
            <th scope="row">
                <A href=address><bdi>{name}</bdi></A>
                {attempt.map(|attempt| view! { <span class="tiny">{format!(" attempt {attempt}")}</span> })}
            </th>
            <td class="right">
                {match (score, progress) {
                    (Some(score), _) => view! { <b>{score}</b> }.into_any(),
                    (None, Progress::Submitted) => view! { <span class="tiny">"on its way"</span> }.into_any(),
                    (None, progress) => view! {
                        <span class="tiny">{move || progress.word(is_over.get())}</span>
                    }.into_any(),
                }}
            </td>
            {cells}
        </tr>
    }
}

/// One answer: ✓ where it is right, the letter where it is wrong, a dash where it was left out.
fn cell(question: &GridQuestion, choice: i64) -> impl IntoView + use<> {
    let letter = || question.choices.iter().position(|id| *id == choice).map_or_else(|| "?".to_owned(), words::letter);
    let is_right = question.is_right(choice);
    let (class, sign, says) = match choice {
        -1 => ("none", String::new(), "no answer yet".to_owned()),
        0 => ("none", "–".to_owned(), "omitted".to_owned()),
        _ if question.is_void => ("void", letter(), format!("{}, void", letter())),
        _ if is_right => ("right-cell", "✓".to_owned(), "right".to_owned()),
        _ => ("wrong-cell", letter(), format!("{}, wrong", letter())),
    };
    view! { <td class="mid"><i class=class aria-hidden="true">{sign}</i><span class="hidden">{says}</span></td> }
}
