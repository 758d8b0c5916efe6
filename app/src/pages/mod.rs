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
