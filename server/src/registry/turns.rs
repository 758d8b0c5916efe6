//! One at a time for each name of a stream.
//!
//! Owns the turn that starting, changing and ending a stream takes, together with the row that the stream is kept by. Two
//! streams of one name can so never overlap, however fast one is ended and the next one made. Does not own what is done
//! in a turn.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

/// So many names are kept before those that nobody waits for are forgotten.
const FORGET_AT: usize = 64;

/// The turns of all names.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>);

/// Held by the one who may start, change or end the stream of a name.
pub struct Turn {
    pub(super) name: String,
    _held: OwnedMutexGuard<()>,
}

impl Turns {
    /// Waits for the turn of a name.
    pub async fn of(&self, name: &str) -> Turn {
        let lock = self.lock_of(name);
        Turn { name: name.to_owned(), _held: lock.lock_owned().await }
    }

    fn lock_of(&self, name: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(name).and_then(Weak::upgrade) {
            return lock;
        }
        if locks.len() >= FORGET_AT {
            locks.retain(|_, lock| lock.strong_count() > 0);
        }
        let lock = Arc::default();
        locks.insert(name.to_owned(), Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_turn_is_one_s_alone_and_another_name_s_is_free() {
        let turns = Turns::default();
        let one = turns.of("a").await;
        let mut other = Box::pin(turns.of("a"));
        assert!(futures::poll!(&mut other).is_pending());
        turns.of("b").await;
        drop(one);
        other.await;
    }

    #[tokio::test]
    async fn names_that_nobody_holds_are_forgotten() {
        let turns = Turns::default();
        let held = turns.of("held").await;
        for n in 0..10 * FORGET_AT {
            turns.of(&format!("s{n}")).await;
        }
        let locks = turns.0.lock().expect("lock");
        assert!(locks.len() <= FORGET_AT && locks.contains_key(&held.name), "{}", locks.len());
    }
}
