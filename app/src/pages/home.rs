//! The front door: students join, staff sign in.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::browser::storage;
use crate::components::{Deliveries, Logo};

/// Two ways in, the students' first.
#[component]
pub fn HomePage() -> impl IntoView {
    crate::browser::set_title("Welcome");
    let unfinished = storage::unfinished_attempt();
    view! {
        <header class="bar"><Logo /></header>
        <main class="narrow door">
            <h1>"Answers that are seen at once"</h1>
            <p class="lead">"Students hand in; a moment later the teacher sees how the class answered."</p>
            <Deliveries />
            {unfinished.map(|attempt| view! {
                <A href=format!("/quiz/{}", attempt.joined.attempt) attr:class="btn main wide">"Go on with your quiz"</A>
            })}
            <A href="/join" attr:class="btn main wide">"Join with a code"</A>
            <a href="/classes" class="btn wide" rel="external">"I teach here"</a>
        </main>
    }
}
