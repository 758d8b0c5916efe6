//! The rooms by which a school is made and taught, put together on one store.
//!
//! Owns that they share one outbox. Does not own what any of them does.

use crate::attempts::Attempts;
use crate::clock::Clock;
use crate::live::Live;
use crate::outbox::Outbox;
use crate::quizzes::Quizzes;
use crate::school::School;
use crate::store::Store;

/// One handle of each room. Cheap to clone.
#[derive(Clone)]
pub struct Teaching {
    /// Classes and assignments.
    pub school: School,
    /// Quizzes and rulings.
    pub quizzes: Quizzes,
    /// What students do.
    pub attempts: Attempts,
    /// The records that the gateway has not acknowledged.
    pub outbox: Outbox,
}

impl Teaching {
    /// Works on `store`, and tells `live` what changes.
    #[must_use]
    pub fn on(store: &Store, live: &Live, clock: &Clock) -> Self {
        let outbox = Outbox::new(store.clone());
        let school = School::new(store, &outbox, live, clock);
        let quizzes = Quizzes::new(store, &outbox, live, clock);
        let attempts = Attempts::new(store, &outbox, live, clock);
        Self { school, quizzes, attempts, outbox }
    }
}
