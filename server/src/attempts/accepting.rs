//! Submissions between "its instant of acceptance has been taken" and "its transaction has committed".
//!
//! "Every answer accepted before T has landed" may only be said of a T before which no such submission began, or an
//! answer could commit with an earlier instant than the one that was just declared complete.
//!
//! Owns the submissions in flight, in this process alone. Does not own the verdict.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use app::api::Millis;

/// The submissions that are being saved right now. Clones share.
#[derive(Clone, Default)]
pub struct Accepting(Arc<Mutex<Begun>>);

#[derive(Default)]
struct Begun {
    next: u64,
    /// Assignment and instant, by the submission's number.
    at: BTreeMap<u64, (i64, Millis)>,
}

/// One submission; done when dropped, whether it was saved or not.
pub(super) struct InFlight {
    all: Accepting,
    id: u64,
}

impl Accepting {
    pub(super) fn begin(&self, assignment: i64, now: Millis) -> InFlight {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = begun.next;
        begun.next += 1;
        begun.at.insert(id, (assignment, now));
        InFlight { all: self.clone(), id }
    }

    /// The latest instant before which no answer of `assignment` can be accepted any more, as of `now`.
    #[must_use]
    pub fn settled_before(&self, assignment: i64, now: Millis) -> Millis {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_this = begun.at.values().filter(|(of, _)| *of == assignment);
        of_this.map(|(_, at)| *at).fold(now, Millis::min)
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
        let first = accepting.begin(1, 100);
        let second = accepting.begin(1, 200);
        assert_eq!(accepting.settled_before(1, 300), 100);
        drop(first);
        assert_eq!(accepting.settled_before(1, 300), 200);
        drop(second);
        assert_eq!(accepting.settled_before(1, 300), 300);
    }

    #[test]
    fn a_submission_to_another_assignment_holds_nothing_back() {
        let accepting = Accepting::default();
        let _elsewhere = accepting.begin(2, 100);
        assert_eq!(accepting.settled_before(1, 300), 300);
    }
}
