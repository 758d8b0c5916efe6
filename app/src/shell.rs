//! Routes, and what every page shares: who is signed in, and the clock.

use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

use crate::components::Ticking;
use crate::pages::{ClassesPage, HomePage, JoinPage, NotFoundPage, PipelinePage, QuizPage, ResultsPage, SignInPage};
use crate::state::session::Session;

/// The whole front end.
#[component]
pub fn Shell() -> impl IntoView {
    provide_context(RwSignal::new(Session::Unknown));
    provide_context(Ticking::start());
    view! {
        <Router>
            <Routes fallback=|| view! { <NotFoundPage /> }>
                <Route path=path!("/") view=HomePage />
                <Route path=path!("/signin") view=SignInPage />
                <Route path=path!("/join") view=JoinPage />
                <Route path=path!("/join/:code") view=JoinPage />
                <Route path=path!("/quiz/:attempt") view=QuizPage />
                <Route path=path!("/classes") view=ClassesPage />
                <Route path=path!("/results/:assignment") view=ResultsPage />
                <Route path=path!("/pipeline") view=PipelinePage />
            </Routes>
        </Router>
    }
}
