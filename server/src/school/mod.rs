//! A school's classes and the assignments that they are given.
//!
//! Owns how both are made, found and closed. Does not own how they are listed for a teacher (`reports` does), nor what a
//! student does in an assignment.

mod classes;
mod close;
mod find;

pub use classes::NewAssignment;
pub(crate) use close::close_at;
pub(crate) use find::assignments_of;

use crate::clock::Clock;
use crate::live::Live;
use crate::outbox::Outbox;
use crate::store::Store;

/// How an assignment's keys are released: to students who submitted, once the assignment is closed.
pub const AFTER_CLOSE: &str = "after_close";

/// What was asked of a class or an assignment could not be done; nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum SchoolError {
    /// No such assignment.
    #[error("there is no {0} with this number")]
    Unknown(&'static str),
    /// The transactional store said no.
    #[error("the transactional store answered: {0}")]
    Store(#[from] sea_orm::DbErr),
}

/// The room's handle. Cheap to clone.
#[derive(Clone)]
pub struct School {
    store: Store,
    outbox: Outbox,
    live: Live,
    clock: Clock,
}

impl School {
    /// Works on `store`; tells `live` of new assignments and closes.
    #[must_use]
    pub fn new(store: &Store, outbox: &Outbox, live: &Live, clock: &Clock) -> Self {
        Self { store: store.clone(), outbox: outbox.clone(), live: live.clone(), clock: clock.clone() }
    }
}
