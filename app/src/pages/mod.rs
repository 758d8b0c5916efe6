//! One file a page. A page fetches and remembers; what it shows is made of components.

mod classes;
mod following;
mod home;
mod join;
mod not_found;
mod pipeline;
mod quiz;
mod results;
mod sign_in;
mod unfinished;

pub use classes::ClassesPage;
pub use home::HomePage;
pub use join::JoinPage;
pub use not_found::NotFoundPage;
pub use pipeline::PipelinePage;
pub use quiz::QuizPage;
pub use results::{NamesShown, ProjectorPage, ResultsPage, StudentPage};
pub use sign_in::SignInPage;
use unfinished::Unfinished;

use leptos::prelude::*;

use crate::api::ApiError;
use crate::browser::asking::Asking;
use crate::browser::transport::within;
use crate::state::session::Session;

/// What a page asks when it is opened, until it has an answer: that, or what failed and why. Whoever is no longer signed in
/// is sent to sign in.
fn ask_once<T, F>(
    question: impl Fn() -> F + 'static,
    failed: &'static str,
) -> (RwSignal<Option<T>>, RwSignal<Option<String>>)
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<T, ApiError>> + 'static,
{
    let session = expect_context::<RwSignal<Session>>();
    let (found, problem) = (RwSignal::new(None), RwSignal::new(None));
    Asking::at_once(move || {
        let answer = within(question());
        async move {
            match answer.await {
                Ok(answer) => {
                    found.try_set(Some(answer));
                    problem.try_set(None);
                    Ok(())
                }
                Err(error) => {
                    match &error {
                        ApiError::SignedOut { .. } => session.set(Session::SignedOut),
                        error if error.is_passing() => {
                            problem.try_set(Some(format!("{failed}: {error}. This page tries again by itself.")));
                        }
                        error => {
                            problem.try_set(Some(format!("{failed}: {error}.")));
                        }
                    }
                    Err(error)
                }
            }
        }
    });
    (found, problem)
}
