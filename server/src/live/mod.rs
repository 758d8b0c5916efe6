//! Tells whoever follows an assignment that it changed.
//!
//! Owns the fan-out from `Loaded` (and from joins, submissions and closes) to whoever listens, assignment by assignment,
//! so that a change costs nothing to those who follow another. Does not own results: who hears of a change asks. Nor how
//! often a page is told (the room `reports` does). Never says anything to a student.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::watch;

/// Stands for "no assignment": heartbeats carry it.
pub const NO_ASSIGNMENT: i64 = 0;

/// How many changes there have been of an assignment while anybody followed it.
pub type Version = u64;

/// The fan-out. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Live(Arc<Topics>);

/// What is followed, by assignment. There is one as long as somebody listens.
#[derive(Default)]
struct Topics(Mutex<HashMap<i64, watch::Sender<Version>>>);

impl Topics {
    fn lock(&self) -> MutexGuard<'_, HashMap<i64, watch::Sender<Version>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    /// Says that these assignments changed. Nobody listening is fine.
    pub fn publish(&self, assignments: &[i64]) {
        let topics = self.0.lock();
        for topic in assignments.iter().filter_map(|assignment| topics.get(assignment)) {
            topic.send_modify(|version| *version += 1);
        }
    }

    /// Says that any assignment may have changed.
    pub fn publish_all(&self) {
        self.0.lock().values().for_each(|topic| topic.send_modify(|version| *version += 1));
    }

    /// Says that answers to these assignments were accepted. It wakes nobody, because the figures change when they land;
    /// but what was measured before is out of date.
    pub fn accepted(&self, assignments: impl IntoIterator<Item = i64>) {
        let topics = self.0.lock();
        for topic in assignments.into_iter().filter_map(|assignment| topics.get(&assignment)) {
            topic.send_if_modified(|version| {
                *version += 1;
                false
            });
        }
    }

    /// Hears every change of an assignment from now on.
    #[must_use]
    pub fn listen(&self, assignment: i64) -> Listener {
        let changes = self.0.lock().entry(assignment).or_default().subscribe();
        Listener { assignment, changes, topics: Arc::downgrade(&self.0) }
    }

    /// Assignments that somebody follows.
    #[cfg(test)]
    fn followed(&self) -> usize {
        self.0.lock().len()
    }
}

/// One ear. Changes that come while it does not listen are heard once.
pub struct Listener {
    assignment: i64,
    changes: watch::Receiver<Version>,
    topics: Weak<Topics>,
}

impl Listener {
    /// Waits for a change; `false` once nothing will come any more.
    pub async fn changed(&mut self) -> bool {
        self.changes.changed().await.is_ok()
    }

    /// The latest version, whether it was heard of or not. It only ever grows while anybody listens.
    #[must_use]
    pub fn version(&self) -> Version {
        *self.changes.borrow()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let Some(topics) = self.topics.upgrade() else { return };
        let mut topics = topics.lock();
        // This one still counts.
        if topics.get(&self.assignment).is_some_and(|topic| topic.receiver_count() <= 1) {
            topics.remove(&self.assignment);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_page_hears_of_its_own_assignment_only() {
        let live = Live::default();
        let mut page = live.listen(7);
        live.publish(&[1, 2]);
        live.publish(&[7]);
        drop(live);
        assert!(page.changed().await);
        assert!(!page.changed().await, "the change of 1 and 2 must not be heard");
    }

    #[tokio::test]
    async fn changes_that_came_meanwhile_are_heard_once() {
        let live = Live::default();
        let mut page = live.listen(7);
        for _ in 0..1_000 {
            live.publish(&[7]);
        }
        live.publish_all();
        assert!(page.changed().await);
        assert_eq!(page.version(), 1_001);
        drop(live);
        assert!(!page.changed().await);
    }

    #[tokio::test]
    async fn what_was_accepted_makes_a_new_version_and_wakes_nobody() {
        let live = Live::default();
        let mut page = live.listen(7);
        live.accepted([7, 8]);
        assert_eq!(page.version(), 1);
        drop(live);
        assert!(!page.changed().await);
    }

    #[test]
    fn nothing_is_kept_of_an_assignment_that_nobody_follows() {
        let live = Live::default();
        let pages = [live.listen(7), live.listen(7), live.listen(8)];
        assert_eq!(live.followed(), 2);
        drop(pages);
        assert_eq!(live.followed(), 0);
    }
}
