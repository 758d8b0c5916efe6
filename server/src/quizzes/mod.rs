//! Quizzes: how they come in, and how their questions are graded.
//!
//! Owns import and rulings. Does not own who may do which, nor what a student sees of a quiz.

mod content;
pub mod gift;
mod import;
mod rulings;

pub use content::{Content, QuestionWithChoices, content_of, keys};
pub use import::Imported;
pub(crate) use rulings::Graded;
pub use rulings::{RuledBy, misfit, numbers_of};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use self::gift::NoQuestion;
use crate::clock::Clock;
use crate::live::Live;
use crate::outbox::Outbox;
use crate::store::Store;
use crate::store::tables::quiz;

/// What a teacher asked for could not be done; nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum QuizError {
    /// A field is not what it has to be.
    #[error("{field}: {problem}")]
    Invalid {
        /// Name of the field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// No such assignment or ruling.
    #[error("there is no {0} with this number")]
    Unknown(&'static str),
    /// A ruling that changes nothing, or cannot be undone any more.
    #[error("{0}")]
    Ruled(&'static str),
    /// The quiz file holds no question that could be taken.
    #[error(transparent)]
    Gift(#[from] NoQuestion),
    /// The transactional store said no.
    #[error("the transactional store answered: {0}")]
    Store(#[from] sea_orm::DbErr),
}

/// The room's handle. Cheap to clone.
#[derive(Clone)]
pub struct Quizzes {
    store: Store,
    outbox: Outbox,
    live: Live,
    clock: Clock,
}

impl Quizzes {
    /// Works on `store`; tells `live` of rulings.
    #[must_use]
    pub fn new(store: &Store, outbox: &Outbox, live: &Live, clock: &Clock) -> Self {
        Self { store: store.clone(), outbox: outbox.clone(), live: live.clone(), clock: clock.clone() }
    }

    /// Returns the number of the teacher's quiz with this title. Who makes a school in several steps asks, and so goes on where
    /// an earlier start was interrupted.
    ///
    /// # Errors
    /// If the transactional store does not answer.
    pub async fn find(&self, teacher: i64, title: &str) -> Result<Option<i64>, QuizError> {
        let titled =
            quiz::Entity::find().filter(quiz::Column::TeacherId.eq(teacher)).filter(quiz::Column::Title.eq(title));
        Ok(titled.one(&self.store.read).await?.map(|quiz| quiz.id))
    }
}
