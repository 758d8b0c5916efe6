//! One student's attempts at an assignment. The name is hidden until somebody asks for it.

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::{use_location, use_params_map};

use super::students::{Students, called};
use crate::api::class::{Progress, StudentAnswer, StudentQuestion, StudentResults};
use crate::api::functions::student_results;
use crate::browser::time;
use crate::components::{Problem, StaffPage, query};
use crate::pages::ask_once;
use crate::state::words;

/// The page.
#[component]
pub fn StudentPage() -> impl IntoView {
    crate::browser::set_title("Student");
    view! { <StaffPage><Student /></StaffPage> }
}

#[component]
fn Student() -> impl IntoView {
    let params = use_params_map();
    let part = |name: &str| params.with_untracked(|params| params.get(name)).unwrap_or_default();
    let assignment = part("assignment").parse::<i64>().unwrap_or_default();
    let student = part("student");
    let (found, problem) =
        ask_once(move || student_results(assignment, student.clone()), "This student cannot be shown");
    let students = Students::new();
    students.remember_names(assignment);
    // To the view that it was come from.
    let back = format!("/results/{assignment}{}", query(&use_location().search.get_untracked()));
    let title = move || {
        found.with(|found| {
            found.as_ref().map(|r| students.names.with(|names| called(&r.student, Some(r.number), names)))
        })
    };
    view! {
        <div class="head">
            <div>
                <p class="small muted crumbs">
                    <A href="/classes">"Classes"</A>
                    {move || found.with(|r| r.as_ref().map(|r| format!(" › {} › ", r.class_name)))}
                    <A href=back>{move || found.with(|r| r.as_ref().map(|r| r.quiz_title.clone()))}</A>
                </p>
                <h1 translate="no" tabindex="-1"><bdi>{move || title().unwrap_or_else(|| "Student".to_owned())}</bdi></h1>
                <p class="muted">"All attempts, as they are now"</p>
            </div>
            <div class="acts">
                <button type="button" class="btn" on:click=move |_| students.toggle_names(assignment)>
                    {move || if students.shows_names(assignment) { "Hide name" } else { "Show name" }}
                </button>
            </div>
        </div>
        <Problem message=problem />
        <Problem message=students.problem />
        {move || found.get().map(|results| view! { <Attempts results /> })}
    }
}

#[component]
fn Attempts(results: StudentResults) -> impl IntoView {
    if results.attempts.is_empty() {
        let says = match (results.progress, results.is_over) {
            (Progress::NotStarted, false) => "This student has not joined yet.",
            (Progress::NotStarted, true) => "This student did not join before the quiz was closed.",
            (Progress::Working, false) => "This student is working and has not handed in yet.",
            (Progress::Working, true) => "This student joined and did not hand in before the quiz was closed.",
            (Progress::Submitted, _) => "The answers are on their way; reload in a moment.",
        };
        return view! { <p class="card empty">{says}</p> }.into_any();
    }
    let most = results.questions.iter().filter(|q| !q.is_void).count();
    let questions = results.questions;
    let attempt = |attempt: crate::api::class::StudentAttempt| {
        let title = format!("Attempt {}: {} of {most} right", attempt.number, attempt.score);
        let when = format!("handed in {} {}", time::date(attempt.submitted_at), time::clock(attempt.submitted_at));
        let rows = questions.iter().zip(attempt.answers).map(|(question, answer)| row(question, answer)).collect_view();
        view! {
            <section class="card">
                <header><h2>{title}</h2><span class="muted small r">{when}</span></header>
                <div class="scroll" tabindex="0" role="region" aria-label=format!("Attempt {}", attempt.number)>
                    <table class="wrapping">
                        <thead><tr>
                            <th>"Question"</th><th>"Verdict"</th><th>"Answer"</th><th>"Key"</th><th class="right">"Time"</th>
                        </tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </section>
        }
    };
    results.attempts.into_iter().map(attempt).collect_view().into_any()
}

fn row(question: &StudentQuestion, answer: StudentAnswer) -> impl IntoView + use<> {
    let words_of = |choice: i64| {
        let place = question.choices.iter().position(|(id, _)| *id == choice)?;
        Some(format!("{}. {}", words::letter(place), question.choices.get(place)?.1))
    };
    let right: Vec<i64> = question.key.iter().chain(&question.also).copied().collect();
    let all_right: Vec<String> = right.iter().copied().filter_map(words_of).collect();
    let or_none = |words: Option<String>| words.unwrap_or_else(|| "–".to_owned());
    let (verdict, class) = match (question.is_void, answer.choice) {
        (true, _) => ("void", "void"),
        (false, None) => ("– omitted", "none"),
        (false, Some(choice)) if right.contains(&choice) => ("✓ right", "right-cell"),
        (false, _) => ("✗ wrong", "wrong-cell"),
    };
    view! {
        <tr>
            <th scope="row" dir="auto" class="as-written">{format!("{}. {}", question.number, question.text)}</th>
            <td><i class=class>{verdict}</i></td>
            <td dir="auto" class="as-written">{or_none(answer.choice.and_then(words_of))}</td>
            <td dir="auto" class="as-written">{or_none((!all_right.is_empty()).then(|| all_right.join(" / ")))}</td>
            <td class="right">{words::minutes(answer.elapsed_ms)}</td>
        </tr>
    }
}
