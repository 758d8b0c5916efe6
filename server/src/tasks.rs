//! Tasks that run as long as the server does.
//!
//! Owns their guard: one that panics is said by name and begins again, because whatever it does has to go on. Does not own
//! what a task does; each watches `stop` by itself, and keeps what has to outlive a panic outside of itself.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Between a panic and the next beginning.
const PAUSE: Duration = Duration::from_secs(1);

/// Begins a task, and begins it again after a panic, until it returns or `stop` says true.
pub fn spawn<F>(name: String, mut stop: watch::Receiver<bool>, task: impl Fn() -> F + Send + 'static) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send,
{
    tokio::spawn(async move {
        while AssertUnwindSafe(task()).catch_unwind().await.is_err() {
            tracing::error!(task = name, "a task panicked; it begins again");
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    })
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
        let task = spawn("test".to_owned(), stop.subscribe(), move || {
            let begun = Arc::clone(&counted);
            async move { assert!(begun.fetch_add(1, Ordering::Relaxed) > 0, "the first time") }
        });
        task.await.expect("it has ended");
        assert_eq!(begun.load(Ordering::Relaxed), 2);
    }
}
