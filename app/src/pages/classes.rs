//! The classes of whoever is signed in, each with its assignments.

use leptos::prelude::*;
use leptos_router::components::A;

use super::ask_once;
use crate::api::results::{AssignmentSummary, ClassSummary, my_classes};
use crate::browser::time;
use crate::components::{Problem, StaffPage};
use crate::state::words;

/// A card a class.
#[component]
pub fn ClassesPage() -> impl IntoView {
    crate::browser::set_title("Classes");
    view! { <StaffPage><Classes /></StaffPage> }
}

#[component]
fn Classes() -> impl IntoView {
    let (classes, problem) = ask_once(my_classes, "Your classes cannot be shown");
    view! {
        <div class="head"><div><h1>"Classes"</h1></div></div>
        <Problem message=problem />
        {move || classes.get().map(|classes| if classes.is_empty() {
            view! { <p class="card empty">"You have no classes yet. An admin adds them for you."</p> }.into_any()
        } else {
            classes.into_iter().map(|class| view! { <ClassCard class /> }).collect_view().into_any()
        })}
    }
}

#[component]
fn ClassCard(class: ClassSummary) -> impl IntoView {
    let students = words::of(class.students, "student");
    view! {
        <section class="card class">
            <header><h2>{class.name}</h2><span class="muted small r">{students}</span></header>
            {if class.assignments.is_empty() {
                view! { <p class="muted">"Nothing has been given to this class yet."</p> }.into_any()
            } else {
                view! {
                    <ul class="assignments">
                        {class.assignments.into_iter().map(|a| view! { <li><AssignmentRow a /></li> }).collect_view()}
                    </ul>
                }.into_any()
            }}
        </section>
    }
}

#[component]
fn AssignmentRow(a: AssignmentSummary) -> impl IntoView {
    let when = match a.closed_at {
        Some(at) => format!("Closed at {}", time::dated_hour_minute(at)),
        None => format!("Open since {}", time::dated_hour_minute(a.opened_at)),
    };
    let submitted = format!("{} of {} submitted", a.participation.submitted, a.participation.students);
    view! {
        <A href=format!("/results/{}", a.id) attr:class="assignment">
            <span class="title" dir="auto">{a.quiz_title}</span>
            <span class="muted small">{when}" · "{words::of(a.questions, "question")}</span>
            {a.closed_at.is_none().then(|| view! { <span class="code">{a.join_code}</span> })}
            <span class="submitted">{submitted}</span>
        </A>
    }
}
