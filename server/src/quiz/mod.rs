//! Quizzes, classes, assignments and attempts: what a student does until the answer is safe.
//!
//! Owns the rule *saved first*: attempt, answers and outbox rows commit in one transaction before anything is
//! acknowledged. Owns the outbox and the relay that drains it through the gateway's HTTP address. Does not own what
//! becomes of a record there, nor how results are computed.

mod accepting;
mod again;
mod catalog;
mod classes;
mod close;
mod error;
mod find;
#[cfg(test)]
mod for_tests;
pub mod gift;
mod grade_again;
mod heartbeat;
mod import;
mod join;
mod make_good;
mod outbox;
mod record;
mod relay;
mod rulings;
mod saving;
mod submit;
mod view;

pub use accepting::Accepting;
pub use classes::NewAssignment;
pub use error::QuizError;
pub use heartbeat::{Beating, Heartbeats};
pub use import::Imported;
pub use make_good::{Left, MadeGood, NotBroughtBack};
pub use outbox::{Outbox, Waiting};
pub use relay::{Relay, RelayHealth};
pub use rulings::{RuledBy, misfit, numbers_of};

use std::sync::Arc;

use self::saving::Saving;
use crate::clock::Clock;
use crate::live::Live;
use crate::pace::Pace;
use crate::store::Store;

/// The room's door. Cheap to clone.
#[derive(Clone)]
pub struct Quiz {
    store: Store,
    outbox: Outbox,
    accepting: Accepting,
    saving: Saving,
    live: Live,
    clock: Clock,
    pace: Arc<Pace>,
}

impl Quiz {
    /// Works on `store`; says joins and closes to `live`.
    #[must_use]
    pub fn new(store: Store, live: Live, clock: Clock) -> Self {
        let outbox = Outbox::new(store.clone());
        Self {
            store,
            outbox,
            accepting: Accepting::default(),
            saving: Saving::default(),
            live,
            clock,
            pace: Arc::default(),
        }
    }

    /// The records that the gateway has not acknowledged.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
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
}
