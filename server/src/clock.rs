//! What time it is. Injected, so that tests can set it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use app::api::Millis;

/// A source of [`Millis`].
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Millis + Send + Sync>);

impl Clock {
    /// The machine's wall clock. Never goes back within one process, even if the machine's does: an instant that has
    /// been written down stays in the past.
    #[must_use]
    pub fn system() -> Self {
        let latest = AtomicI64::new(0);
        Self(Arc::new(move || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as Millis);
            latest.fetch_max(now, Ordering::Relaxed).max(now)
        }))
    }

    /// A clock that only its owner moves.
    #[must_use]
    pub fn manual(start: Millis) -> (Self, Arc<AtomicI64>) {
        let hand = Arc::new(AtomicI64::new(start));
        let shown = Arc::clone(&hand);
        (Self(Arc::new(move || shown.load(Ordering::Relaxed))), hand)
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Millis {
        (self.0)()
    }
}
