//! What is said of one shard's delivery from outside, while it runs.
//!
//! Owns what the last tries said. Does not own what an operator is told: the room `ops` does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Counts;
use crate::pace::Pace;

/// What the last try failed with, and at which stage of the way of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// As `app::api::pipeline::StageStatus` calls it.
    pub stage: &'static str,
    /// The stage's own words.
    pub says: String,
}

/// What is said of a shard's delivery from outside.
#[derive(Default)]
pub struct Health {
    pub(super) failing: Mutex<Option<Failing>>,
    pub(super) pace: Pace,
    pub(super) counts: Counts,
    pub(super) in_lake_before: AtomicU64,
}

impl Health {
    /// What the last try failed with; `None` once one has succeeded.
    #[must_use]
    pub fn failing(&self) -> Option<Failing> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How fast batches go.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// What was delivered since the start.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Every record before this offset lies in the lake, as far as this process has brought it there.
    #[must_use]
    pub fn in_lake_before(&self) -> u64 {
        self.in_lake_before.load(Ordering::Acquire)
    }

    pub(super) fn set_failing(&self, failing: Option<Failing>) {
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = failing;
    }
}
