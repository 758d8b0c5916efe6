//! The right answers, once the teacher has released them. What they say of each question is `state::released`'s.

use leptos::prelude::*;

use crate::state::released::{Line, Verdict, total};

/// Every question of the quiz, each with its verdict.
#[component]
pub(super) fn Results(lines: Vec<Line>) -> impl IntoView {
    let total = total(&lines);
    let rows = lines.into_iter().map(|line| view! { <Row line /> }).collect_view();
    view! {
        <h2>{total}</h2>
        <ol class="released">{rows}</ol>
    }
}

#[component]
fn Row(line: Line) -> impl IntoView {
    let (class, sign) = match line.verdict {
        Verdict::Right => ("verdict right-one", "✓ "),
        Verdict::Wrong => ("verdict wrong-one", "✗ "),
        Verdict::LeftOut => ("verdict wrong-one", "– "),
        Verdict::Void => ("verdict", "∅ "),
    };
    view! {
        <li>
            <p class=class><span aria-hidden="true">{sign}</span>{line.verdict.word()}</p>
            <p class="question" dir="auto">{line.text}</p>
            {line.given.map(|given| view! { <p class="given">"You chose "<bdi class="as-written">{given}</bdi></p> })}
            {line.right.map(|right| view! { <p class="key-one">"Right answer: "<bdi class="as-written">{right}</bdi></p> })}
            {line.explanation.map(|text| view! { <p class="muted small as-written" dir="auto">{text}</p> })}
        </li>
    }
}
