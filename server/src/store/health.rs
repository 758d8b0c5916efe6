//! Whether the transactional store can commit.
//!
//! Owns what the last commit or begin ended with, and since when none has succeeded. Does not own what follows from that:
//! readiness and freshness do.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use sea_orm::DbErr;

/// Nothing could be committed since an instant.
#[derive(Clone, Debug)]
pub struct Fault {
    /// When the first commit failed.
    pub since: Instant,
    /// What the last one failed with.
    pub reason: String,
}

/// The end of the last transaction.
#[derive(Default)]
pub struct Health(Mutex<Option<Fault>>);

impl Health {
    /// The fault, from the first commit that failed until one succeeds.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        // A panic cannot leave the value half-written: it is replaced as a whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn committed(&self) {
        let mut fault = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fault) = fault.take() {
            tracing::info!(after = ?fault.since.elapsed(), "the transactional store commits again");
        }
    }

    /// Notes that a transaction was not committed.
    pub fn failed(&self, error: &DbErr) {
        let mut fault = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = fault.as_ref().map_or_else(Instant::now, |fault| fault.since);
        if fault.is_none() {
            tracing::error!(%error, "the transactional store cannot commit");
        }
        *fault = Some(Fault { since, reason: error.to_string() });
    }
}
