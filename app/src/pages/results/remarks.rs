//! "In plain words": what to reteach, and which questions to doubt.

use leptos::prelude::*;

use super::page::Page;
use crate::api::results::ClassResults;
use crate::state::advice::{Remark, doubts, no_doubts, nothing_to_reteach, to_reteach};

/// The card.
#[component]
pub(super) fn Remarks(page: Page) -> impl IntoView {
    let of = move |what: fn(&ClassResults) -> Vec<Remark>| {
        Memo::new(move |_| page.results.with(|r| r.as_ref().map(what).unwrap_or_default()))
    };
    let (reteach, doubted) = (of(to_reteach), of(doubts));
    let (all_to_reteach, all_doubted) = (RwSignal::new(false), RwSignal::new(false));
    let nothing = Memo::new(move |_| page.results.with(|r| r.as_ref().map(nothing_to_reteach).unwrap_or_default()));
    let no_doubt = Memo::new(move |_| page.results.with(|r| r.as_ref().map(no_doubts).unwrap_or_default()));
    view! {
        <section class="card plain-words">
            <header><h2>"In plain words"</h2></header>
            <div class="two-columns">
                <div>
                    <h3>"To reteach"</h3>
                    <div translate="no">{move || list(page, reteach.get(), all_to_reteach, nothing.get())}</div>
                </div>
                <div>
                    <h3>"Doubtful questions"</h3>
                    <div translate="no">{move || list(page, doubted.get(), all_doubted, no_doubt.get())}</div>
                </div>
            </div>
        </section>
    }
}

/// Questions that are shown before somebody asks for more.
const SOME: usize = 4;

/// A question and all that is said of it.
type Group = (i64, Vec<Remark>);

fn grouped(remarks: Vec<Remark>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for remark in remarks {
        match groups.last_mut().filter(|(question, _)| *question == remark.question) {
            Some((_, remarks)) => remarks.push(remark),
            None => groups.push((remark.question, vec![remark])),
        }
    }
    groups
}

fn list(page: Page, remarks: Vec<Remark>, all: RwSignal<bool>, nothing: String) -> AnyView {
    if remarks.is_empty() {
        return view! { <p class="muted small">{nothing}</p> }.into_any();
    }
    let says = |remark: Remark| {
        let kind = (remark.what != "Worth reteaching").then_some(remark.what);
        view! { <span>{kind.map(|kind| view! { <b>{kind}". "</b> })}{remark.says}</span> }
    };
    let row = move |(number, remarks): Group| {
        view! {
            <li>
                <button type="button" class="link" on:click=move |_| page.looking.change(|l| l.question = Some(number))>
                    {format!("Question {number}")}
                </button>
                {remarks.into_iter().map(says).collect_view()}
            </li>
        }
    };
    let groups = grouped(remarks);
    let count = groups.len();
    let some = groups.into_iter().take(if all.get() { count } else { SOME });
    view! {
        <ul class="remarks">{some.map(row).collect_view()}</ul>
        {(count > SOME).then(|| view! {
            <button type="button" class="btn small" aria-expanded=move || all.get().to_string() on:click=move |_| all.update(|all| *all = !*all)>
                {if all.get() { "Show fewer".to_owned() } else { format!("Show all {count} questions") }}
            </button>
        })}
    }
    .into_any()
}
