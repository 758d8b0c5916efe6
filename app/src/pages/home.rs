//! The front door: students join, staff sign in.

use leptos::prelude::*;
use leptos_router::components::A;

use super::Unfinished;
use crate::components::{Deliveries, Heading, Logo};

/// Two ways in, the students' first.
#[component]
pub fn HomePage() -> impl IntoView {
    crate::browser::set_title("Welcome");
    view! {
        <header class="bar"><Logo /></header>
        <main class="narrow door">
            <Heading>"See your class’s answers as they come in"</Heading>
            <p class="lead">"Students hand in; a moment later the teacher sees how the class answered."</p>
            <Deliveries />
            <Unfinished is_notice=false />
            <A href="/join" attr:class="btn main wide">"Join with a code"</A>
            <a href="/classes" class="btn wide" rel="external">"Teacher sign-in"</a>
        </main>
    }
}
