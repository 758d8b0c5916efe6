//! An address that leads nowhere.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::components::{Heading, Logo};

/// Says so, and where to go.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    crate::browser::set_title("Not found");
    view! {
        <header class="bar"><Logo /></header>
        <main class="narrow">
            <Heading>"There is no page here"</Heading>
            <p class="muted">"The address may have been cut off when it was copied."</p>
            <p><A href="/">"Go to the front page"</A></p>
        </main>
    }
}
