//! One file a page. A page fetches and remembers; what it shows is made of components.

mod classes;
mod home;
mod join;
mod not_found;
mod pipeline;
mod quiz;
mod results;
mod sign_in;

pub use classes::ClassesPage;
pub use home::HomePage;
pub use join::JoinPage;
pub use not_found::NotFoundPage;
pub use pipeline::PipelinePage;
pub use quiz::QuizPage;
pub use results::{ProjectorPage, ResultsPage, StudentPage};
pub use sign_in::SignInPage;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::api::ApiError;
use crate::state::session::Session;

/// What a page asks once, when it is opened: the answer, or what failed and why. Whoever is no longer signed in is sent to
/// sign in.
fn ask_once<T: Send + Sync + 'static>(
    answer: impl Future<Output = Result<T, ApiError>> + 'static,
    failed: &'static str,
) -> (RwSignal<Option<T>>, RwSignal<Option<String>>) {
    let session = expect_context::<RwSignal<Session>>();
    let (found, problem) = (RwSignal::new(None), RwSignal::new(None));
    spawn_local(async move {
        match answer.await {
            Ok(answer) => {
                found.try_set(Some(answer));
            }
            Err(ApiError::SignedOut { .. }) => session.set(Session::SignedOut),
            Err(error) => {
                problem.try_set(Some(format!("{failed}: {error}. Reload to try again.")));
            }
        }
    });
    (found, problem)
}
