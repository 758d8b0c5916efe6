//! Routes, and what every page shares: the clock, the outbox, who is signed in, and the banner above the pages of staff.
//!
//! There are two ways to mount the front end. [`Shell`] is all of it. [`StudentShell`] is what a student needs, in a file
//! of a third of the size: most students are on phones, and the charts of their teachers are nothing to wait for.

use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

use crate::api::ApiError;
use crate::api::functions::me;
use crate::browser::asking::Asking;
use crate::browser::outbox::Outbox;
use crate::browser::transport::within;
use crate::components::{Health, Reach, StaffBanner, Ticking};
use crate::pages::{
    ClassesPage, HomePage, JoinPage, NamesShown, NotFoundPage, PipelinePage, ProjectorPage, QuizPage, ResultsPage,
    SignInPage, StudentPage,
};
use crate::state::session::Session;

/// The whole front end.
#[component]
pub fn Shell() -> impl IntoView {
    let session = RwSignal::new(Session::Unknown);
    provide_context(session);
    provide_context(NamesShown::of_none());
    let clock = Ticking::start();
    let reach = Reach::start(clock);
    provide_context(clock);
    provide_context(reach);
    provide_context(Health::start(reach, clock));
    provide_context(Outbox::start());
    find_out(session);
    view! {
        <Router>
            <StaffBanner />
            <FlatRoutes fallback=|| view! { <NotFoundPage /> }>
                <Route path=path!("/") view=HomePage />
                <Route path=path!("/signin") view=SignInPage />
                <Route path=path!("/join") view=JoinPage />
                <Route path=path!("/join/:code") view=JoinPage />
                <Route path=path!("/quiz/:attempt") view=QuizPage />
                <Route path=path!("/classes") view=ClassesPage />
                <Route path=path!("/results/:assignment") view=ResultsPage />
                <Route path=path!("/results/:assignment/projector") view=ProjectorPage />
                <Route path=path!("/results/:assignment/students/:student") view=StudentPage />
                <Route path=path!("/pipeline") view=PipelinePage />
            </FlatRoutes>
        </Router>
    }
}

/// The pages of students. The server sends it for just these addresses (`server/src/web/site.rs`), and all of the front
/// end for every other.
#[component]
pub fn StudentShell() -> impl IntoView {
    provide_context(Outbox::start());
    view! {
        <Router>
            <FlatRoutes fallback=|| view! { <Elsewhere /> }>
                <Route path=path!("/") view=HomePage />
                <Route path=path!("/join") view=JoinPage />
                <Route path=path!("/join/:code") view=JoinPage />
                <Route path=path!("/quiz/:attempt") view=QuizPage />
            </FlatRoutes>
        </Router>
    }
}

/// Somewhere that is not here: the server has it.
#[component]
fn Elsewhere() -> impl IntoView {
    crate::browser::reload();
}

/// Asks who is signed in, until it is known. Whoever signs in meanwhile knows better than the answer.
fn find_out(session: RwSignal<Session>) {
    Asking::at_once(move || async move {
        let answer = within(me()).await;
        let ended = answer.as_ref().map(|_| ()).map_err(ApiError::clone);
        if matches!(session.get_untracked(), Session::Unknown | Session::Unclear(_)) {
            session.set(match answer {
                Ok(me) => Session::SignedIn(me),
                Err(ApiError::SignedOut { .. }) => Session::SignedOut,
                Err(error) => Session::Unclear(error.to_string()),
            });
        }
        ended
    });
}
