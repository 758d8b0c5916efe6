//! Tells open pages that something changed.
//!
//! Owns the fan-out from `Loaded` (and from joins and closes) to whoever listens. Does not own results: a page that
//! hears of a change asks its server function. Never says anything to a student.

use std::sync::Arc;

use tokio::sync::broadcast;

/// A listener that falls this far behind is told once that it has missed something, and asks again.
const KEPT: usize = 1024;

/// Stands for "no assignment": heartbeats carry it.
pub const NO_ASSIGNMENT: i64 = 0;

/// The assignments that one load, join or close touched; absent means that it may be any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change(Option<Arc<[i64]>>);

impl Change {
    /// Whether a page of this assignment has to ask again.
    #[must_use]
    pub fn touches(&self, assignment: i64) -> bool {
        self.0.as_ref().is_none_or(|touched| touched.contains(&assignment))
    }
}

/// The fan-out. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Live(broadcast::Sender<Change>);

impl Default for Live {
    fn default() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }
}

impl Live {
    /// Says that these assignments changed. Nobody listening is fine.
    pub fn publish(&self, assignments: impl Into<Arc<[i64]>>) {
        let _ = self.0.send(Change(Some(assignments.into())));
    }

    /// Says that any assignment may have changed.
    pub fn publish_all(&self) {
        let _ = self.0.send(Change(None));
    }

    /// Hears every change from now on.
    #[must_use]
    pub fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

/// One page's ear.
pub struct Listener(broadcast::Receiver<Change>);

impl Listener {
    /// Waits for a change that touches `assignment`; `false` once nothing will come any more.
    pub async fn changed(&mut self, assignment: i64) -> bool {
        loop {
            match self.0.recv().await {
                Ok(change) if change.touches(assignment) => return true,
                Ok(_) => {}
                // What was missed may have been ours.
                Err(broadcast::error::RecvError::Lagged(_)) => return true,
                Err(broadcast::error::RecvError::Closed) => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_page_hears_of_its_own_assignment_only() {
        let live = Live::default();
        let mut page = live.listen();
        live.publish([1, 2]);
        live.publish([7]);
        drop(live);
        assert!(page.changed(7).await);
        assert!(!page.changed(7).await, "the change of 1 and 2 must not be heard");
    }

    #[tokio::test]
    async fn a_page_that_missed_changes_asks_again() {
        let live = Live::default();
        let mut page = live.listen();
        for _ in 0..KEPT + 10 {
            live.publish([1]);
        }
        assert!(page.changed(7).await);
    }
}
