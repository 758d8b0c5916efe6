//! Lines: so many at a time for each name, so many more behind them, and the rest is sent away.
//!
//! A guesser who has used up the free tries becomes slow in one; whoever has the right word only waits. Owns the line of each
//! name. Does not own what is done in a turn, nor how long that takes.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many lines are kept before those without anybody in them are forgotten.
const FORGET_AT: usize = 1_024;

/// The lines of all names.
pub struct Lines<K> {
    at_once: usize,
    most: usize,
    lines: Mutex<HashMap<K, Weak<Line>>>,
}

struct Line {
    turns: Arc<Semaphore>,
    /// At work or waiting.
    inside: AtomicUsize,
}

/// A turn, until it is dropped.
pub struct Turn {
    line: Arc<Line>,
    _turn: Option<OwnedSemaphorePermit>,
}

impl<K: Clone + Eq + Hash> Lines<K> {
    /// Lines in which so many try at once, and at most so many are inside.
    #[must_use]
    pub fn new(at_once: usize, most: usize) -> Self {
        Self { at_once, most, lines: Mutex::default() }
    }

    /// Waits for a turn; `None` if too many are inside already.
    pub async fn enter(&self, who: &K) -> Option<Turn> {
        let line = self.line_of(who);
        // Counted before the wait, and given back by the turn's end whatever becomes of it.
        let inside = line.inside.fetch_add(1, Ordering::AcqRel);
        let mut turn = Turn { line, _turn: None };
        if inside >= self.most {
            return None;
        }
        turn._turn = Arc::clone(&turn.line.turns).acquire_owned().await.ok();
        Some(turn)
    }

    fn line_of(&self, who: &K) -> Arc<Line> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get(who).and_then(Weak::upgrade) {
            return line;
        }
        if lines.len() >= FORGET_AT {
            lines.retain(|_, line| line.strong_count() > 0);
        }
        let line = Arc::new(Line { turns: Arc::new(Semaphore::new(self.at_once)), inside: AtomicUsize::new(0) });
        lines.insert(who.clone(), Arc::downgrade(&line));
        line
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.line.inside.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn some_try_some_wait_and_the_rest_is_sent_away() {
        let lines = Lines::new(1, 2);
        let first = lines.enter(&"a").await.expect("nobody is inside");
        let mut second = Box::pin(lines.enter(&"a"));
        assert!(futures::poll!(&mut second).is_pending());
        assert!(lines.enter(&"a").await.is_none());
        assert!(lines.enter(&"b").await.is_some(), "another line");
        drop(first);
        assert!(second.await.is_some());
        assert!(lines.enter(&"a").await.is_some(), "whoever was sent away is not inside");
    }

    #[tokio::test]
    async fn lines_that_nobody_is_in_are_forgotten() {
        let lines = Lines::new(1, 1);
        let held = lines.enter(&usize::MAX).await;
        for n in 0..10 * FORGET_AT {
            lines.enter(&n).await;
        }
        let kept = lines.lines.lock().expect("lock");
        assert!(held.is_some() && kept.len() <= FORGET_AT && kept.contains_key(&usize::MAX), "{}", kept.len());
    }
}
