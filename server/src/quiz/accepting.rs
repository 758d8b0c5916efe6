//! Submissions between "its instant of acceptance has been taken" and "its transaction has committed".
//!
//! "Every answer accepted before T has landed" may only be said of a T before which no such submission began, or an
//! answer could commit with an earlier instant than the one that was just declared complete.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use app::api::Millis;

/// The submissions that are being saved right now. Clones share.
#[derive(Clone, Default)]
pub struct Accepting(Arc<Mutex<Begun>>);

#[derive(Default)]
struct Begun {
    next: u64,
    at: BTreeMap<u64, Millis>,
}

/// One submission; done when dropped, whether it was saved or not.
pub(super) struct InFlight {
    all: Accepting,
    id: u64,
}

impl Accepting {
    pub(super) fn begin(&self, now: Millis) -> InFlight {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = begun.next;
        begun.next += 1;
        begun.at.insert(id, now);
        InFlight { all: self.clone(), id }
    }

    /// The latest instant before which no answer can be accepted any more, as of `now`.
    #[must_use]
    pub fn settled_before(&self, now: Millis) -> Millis {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        begun.at.values().copied().min().unwrap_or(now).min(now)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).at.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_settled_past_a_submission_that_is_being_saved() {
        let accepting = Accepting::default();
        let first = accepting.begin(100);
        let second = accepting.begin(200);
        assert_eq!(accepting.settled_before(300), 100);
        drop(first);
        assert_eq!(accepting.settled_before(300), 200);
        drop(second);
        assert_eq!(accepting.settled_before(300), 300);
    }
}
