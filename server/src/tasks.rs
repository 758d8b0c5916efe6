//! Tasks that run as long as the server does.
//!
//! Owns their guard: one that panics is said by name, counted, and begins again, because whatever it does has to go on.
//! Threads that guard their own turns say and count a panic here, too. Does not own what a task does; each watches `stop`
//! by itself, and keeps what has to outlive a panic outside of itself.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Between a panic and the next beginning.
const PAUSE: Duration = Duration::from_secs(1);

/// How often each task of this process has panicked.
static PANICS: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// Begins a task, and begins it again after a panic, until it returns or `stop` says true.
pub fn spawn<F>(name: String, mut stop: watch::Receiver<bool>, task: impl Fn() -> F + Send + 'static) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send,
{
    tokio::spawn(async move {
        while AssertUnwindSafe(task()).catch_unwind().await.is_err() {
            panicked(&name);
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    })
}

/// Says and counts that a task has panicked. It goes on.
pub(crate) fn panicked(name: &str) {
    tracing::error!(task = name, "a task panicked; it goes on");
    *counted().entry(name.to_owned()).or_default() += 1;
}

/// How often each task has panicked, if it has.
#[must_use]
pub fn panics() -> BTreeMap<String, u64> {
    counted().clone()
}

fn counted() -> MutexGuard<'static, BTreeMap<String, u64>> {
    PANICS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_begins_again_and_one_that_returns_has_ended() {
        let stop = watch::Sender::new(false);
        let begun = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&begun);
        let name = "a_task_that_panics_begins_again";
        let task = spawn(name.to_owned(), stop.subscribe(), move || {
            let begun = Arc::clone(&counted);
            async move { assert!(begun.fetch_add(1, Ordering::Relaxed) > 0, "the first time") }
        });
        task.await.expect("it has ended");
        assert_eq!((begun.load(Ordering::Relaxed), panics()[name]), (2, 1));
    }
}
