//! All answers at a glance, before handing in.

use leptos::prelude::*;

use super::Taking;
use crate::components::{Heading, anew};
use crate::state::words;

/// Every question with what was answered; each leads back to it.
#[component]
pub(super) fn Review(taking: Taking) -> impl IntoView {
    let left_out = move || taking.attempt.with(|a| (a.len() - a.answered()) as i64);
    let rows = move || {
        taking.attempt.with(|a| {
            let questions = a.view.iter().flat_map(|view| &view.questions).enumerate();
            questions
                .map(|(place, question)| {
                    let given = a.choice(question.id);
                    let at = question.choices.iter().position(|c| Some(c.id) == given);
                    let (class, says) = match at {
                        Some(at) => ("answered", words::letter(at)),
                        None => ("left-out", "left out".to_owned()),
                    };
                    let flagged = a.flagged.contains(&question.id);
                    view! {
                        <li>
                            <button type="button" class="review-row" on:click=move |_| taking.step(|a| a.go_to(place))>
                                <b>{place + 1}</b>
                                <span dir="auto" class="as-written">{question.text.clone()}</span>
                                {flagged.then(|| view! { <span class="flag">"flagged"</span> })}
                                <span class=class>{says}</span>
                            </button>
                        </li>
                    }
                })
                .collect_view()
        })
    };
    view! {
        <main class="quiz">
            <Heading is_step=true>"Look over your answers"</Heading>
            {anew(left_out, |left_out| {
                let says = match left_out {
                    0 => "Every question has an answer.".to_owned(),
                    n => format!("{} left out.", words::of(n, "question")),
                };
                view! { <p class="muted">{says}</p> }.into_any()
            })}
            <ul class="review">{rows}</ul>
        </main>
        <footer class="foot">
            <button type="button" class="btn" on:click=move |_| taking.step(|a| a.back())>"Back"</button>
            <button type="button" class="btn main" on:click=move |_| taking.step(|a| a.hand_in())>"Submit"</button>
        </footer>
    }
}
