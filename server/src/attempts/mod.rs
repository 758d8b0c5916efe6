//! Attempts: what a student does, from the join code to the receipt.
//!
//! Owns the rule *saved first*: attempt, answers and outbox rows commit in one transaction before anything is acknowledged.
//! Owns what a student may see of a quiz, and when. Does not own how quizzes, classes and assignments are made, nor what
//! becomes of a record in the outbox.

mod accepting;
mod error;
mod join;
mod saving;
mod submit;
mod view;

pub use accepting::Accepting;
pub use error::AttemptError;
pub(crate) use saving::claim;
pub(crate) use submit::{Questions, questions_of};

use std::sync::Arc;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use self::saving::Saving;
use crate::clock::Clock;
use crate::live::Live;
use crate::names;
use crate::outbox::Outbox;
use crate::pace::Pace;
use crate::store::Store;
use crate::store::tables::{attempt, student};

/// The room's handle. Cheap to clone; clones share.
#[derive(Clone)]
pub struct Attempts {
    store: Store,
    outbox: Outbox,
    accepting: Accepting,
    saving: Saving,
    live: Live,
    clock: Clock,
    pace: Arc<Pace>,
}

impl Attempts {
    /// Works on `store`; tells `live` of joins.
    #[must_use]
    pub fn new(store: &Store, outbox: &Outbox, live: &Live, clock: &Clock) -> Self {
        Self {
            store: store.clone(),
            outbox: outbox.clone(),
            accepting: Accepting::default(),
            saving: Saving::default(),
            live: live.clone(),
            clock: clock.clone(),
            pace: Arc::default(),
        }
    }

    /// The submissions that are being saved right now.
    #[must_use]
    pub fn accepting(&self) -> &Accepting {
        &self.accepting
    }

    /// How fast answers are accepted.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Whether the student of this name in a class has submitted an assignment.
    ///
    /// # Errors
    /// If the transactional store does not answer.
    pub async fn has_submitted(&self, assignment: i64, class: i64, name: &str) -> Result<bool, AttemptError> {
        let listed = student::Entity::find()
            .filter(student::Column::ClassId.eq(class))
            .filter(student::Column::FoldedName.eq(names::fold(name)))
            .one(&self.store.read)
            .await?;
        let Some(student) = listed else { return Ok(false) };
        let submitted = attempt::Entity::find()
            .filter(attempt::Column::AssignmentId.eq(assignment))
            .filter(attempt::Column::StudentId.eq(student.id))
            .filter(attempt::Column::SubmittedAt.is_not_null());
        Ok(submitted.one(&self.store.read).await?.is_some())
    }
}
