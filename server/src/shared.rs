//! One answer for all who ask at the same time.
//!
//! Owns when a computed result may be used again. Its computation must have begun after the last change of the assignment that
//! was announced before the request arrived, and at most [`GOOD_FOR`] ago. A page that hears of a change therefore never gets
//! a result from before the change. A request that arrives during a computation waits for that one, or for the next. Does not
//! own the results, nor who may see them: that is checked for each request.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use app::api::ApiError;
use tokio::sync::Semaphore;

use crate::live::{Listener, Live, Version};
use crate::recent::GOOD_FOR;

/// Answers that are worked out at the same time. More would not be ready sooner, and loads would wait for them; what waits
/// for its turn is answered with all that has changed by then.
const AT_ONCE: usize = 4;

/// Answers by what was asked.
pub(crate) struct Shared<K, V> {
    live: Live,
    entries: Mutex<Entries<K, V>>,
    /// So many are worked out at the same time.
    turns: Semaphore,
    asked: AtomicU64,
    worked_out: AtomicU64,
}

struct Entries<K, V> {
    of: HashMap<K, Arc<Entry<V>>>,
    /// So many are kept before those that are no longer good are looked for.
    sweep_at: usize,
}

struct Entry<V> {
    changes: Listener,
    /// Held while an answer is worked out.
    kept: tokio::sync::Mutex<Option<Kept<V>>>,
}

/// The last answer.
struct Kept<V> {
    version: Version,
    began: Instant,
    ended: Instant,
    outcome: Result<V, ApiError>,
}

impl<V> Kept<V> {
    /// Whether it answers a question that was asked at `asked`, when `wanted` was the assignment's latest version.
    fn answers(&self, wanted: Version, asked: Instant) -> bool {
        let is_current = match self.outcome {
            // What was begun after the question is as good as one of its own, however long it took.
            Ok(_) => self.began >= asked || self.began.elapsed() < GOOD_FOR,
            // An error stands for those alone who waited for it.
            Err(_) => self.ended >= asked,
        };
        is_current && self.version >= wanted
    }
}

impl<K: Eq + Hash, V: Clone> Shared<K, V> {
    /// Nothing yet; what changes is told by `live`.
    pub fn new(live: Live) -> Self {
        let entries = Mutex::new(Entries { of: HashMap::new(), sweep_at: 64 });
        Self { live, entries, turns: Semaphore::new(AT_ONCE), asked: AtomicU64::new(0), worked_out: AtomicU64::new(0) }
    }

    /// The answer to a question about an assignment, worked out if there is none that is good enough. If whoever works it
    /// out goes away, the next one who waits does it.
    ///
    /// # Errors
    /// What working it out said.
    pub async fn get(
        &self,
        question: K,
        assignment: i64,
        work_out: impl Future<Output = Result<V, ApiError>>,
    ) -> Result<V, ApiError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let asked = Instant::now();
        let entry = self.entry(question, assignment);
        let wanted = entry.changes.version();
        let mut kept = entry.kept.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.answers(wanted, asked)) {
            return kept.outcome.clone();
        }
        // What changes until its turn comes is in it. The semaphore is never closed.
        let _turn = self.turns.acquire().await;
        self.worked_out.fetch_add(1, Ordering::Relaxed);
        let (version, began) = (entry.changes.version(), Instant::now());
        let outcome = work_out.await;
        *kept = Some(Kept { version, began, ended: Instant::now(), outcome: outcome.clone() });
        outcome
    }

    /// An answer that was begun within the last moment, whatever has changed since; never waits.
    pub fn latest(&self, question: &K) -> Option<V> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = entries.of.get(question)?.kept.try_lock().ok()?;
        let kept = kept.as_ref().filter(|kept| kept.began.elapsed() < GOOD_FOR)?;
        kept.outcome.as_ref().ok().cloned()
    }

    /// How many questions there have been, and how many answers were worked out for them.
    pub fn counts(&self) -> (u64, u64) {
        (self.asked.load(Ordering::Relaxed), self.worked_out.load(Ordering::Relaxed))
    }

    fn entry(&self, question: K, assignment: i64) -> Arc<Entry<V>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.of.get(&question) {
            return Arc::clone(entry);
        }
        entries.make_room();
        let entry = Arc::new(Entry { changes: self.live.listen(assignment), kept: tokio::sync::Mutex::default() });
        entries.of.insert(question, Arc::clone(&entry));
        entry
    }
}

impl<K: Eq + Hash, V> Entries<K, V> {
    fn make_room(&mut self) {
        if self.of.len() < self.sweep_at {
            return;
        }
        let is_good = |kept: &Option<Kept<V>>| kept.as_ref().is_some_and(|kept| kept.began.elapsed() < GOOD_FOR);
        // One that somebody waits for is locked, or has more than one owner.
        self.of.retain(|_, entry| {
            Arc::strong_count(entry) > 1 || entry.kept.try_lock().map_or(true, |kept| is_good(&kept))
        });
        self.sweep_at = 64.max(self.of.len() * 2);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI32;

    use tokio::sync::oneshot;

    use super::*;

    /// Answers that count how often they were worked out.
    struct Counting {
        live: Live,
        shared: Shared<&'static str, i32>,
        count: AtomicI32,
    }

    impl Counting {
        fn new() -> Arc<Self> {
            let live = Live::default();
            Arc::new(Self { shared: Shared::new(live.clone()), live, count: AtomicI32::new(0) })
        }

        /// Asks about assignment 7.
        async fn ask(&self) -> Result<i32, ApiError> {
            self.shared.get("q", 7, async { Ok(self.count.fetch_add(1, Ordering::SeqCst) + 1) }).await
        }

        /// Asks in a task of its own; the answer comes once `go` was sent.
        async fn ask_slowly(self: &Arc<Self>) -> (oneshot::Sender<()>, tokio::task::JoinHandle<Result<i32, ApiError>>) {
            let (go, gone) = oneshot::channel();
            let (began, has_begun) = oneshot::channel();
            let this = Arc::clone(self);
            let task = tokio::spawn(async move {
                let work_out = async {
                    let _ = began.send(());
                    let _ = gone.await;
                    Ok(this.count.fetch_add(1, Ordering::SeqCst) + 1)
                };
                this.shared.get("q", 7, work_out).await
            });
            has_begun.await.expect("it has begun");
            (go, task)
        }

        /// Asks in a task of its own, which waits by the time this returns.
        async fn ask_and_wait(self: &Arc<Self>) -> tokio::task::JoinHandle<Result<i32, ApiError>> {
            let (this, before) = (Arc::clone(self), self.shared.counts().0);
            let task = tokio::spawn(async move { this.ask().await });
            while self.shared.counts().0 == before {
                tokio::task::yield_now().await;
            }
            task
        }
    }

    #[tokio::test]
    async fn an_answer_is_good_until_its_assignment_changes() {
        let counting = Counting::new();
        assert_eq!(counting.ask().await, Ok(1));
        counting.live.publish(&[8]);
        assert_eq!(counting.ask().await, Ok(1), "another assignment");
        counting.live.publish(&[7]);
        assert_eq!(counting.ask().await, Ok(2));
        counting.live.accepted([7]);
        assert_eq!(counting.ask().await, Ok(3));
        counting.live.publish_all();
        assert_eq!(counting.ask().await, Ok(4));
        assert_eq!(counting.shared.counts(), (5, 4));
    }

    #[tokio::test]
    async fn who_asks_meanwhile_waits_for_the_same_answer() {
        let counting = Counting::new();
        let (go, first) = counting.ask_slowly().await;
        let others = [counting.ask_and_wait().await, counting.ask_and_wait().await];
        go.send(()).expect("it waits");
        for asked in [first].into_iter().chain(others) {
            assert_eq!(asked.await.expect("answered"), Ok(1));
        }
    }

    #[tokio::test]
    async fn who_asks_after_a_change_never_gets_an_answer_that_was_begun_before_it() {
        let counting = Counting::new();
        let (go, first) = counting.ask_slowly().await;
        counting.live.publish(&[7]);
        let others = [counting.ask_and_wait().await, counting.ask_and_wait().await];
        go.send(()).expect("it waits");
        assert_eq!(first.await.expect("answered"), Ok(1));
        for asked in others {
            assert_eq!(asked.await.expect("answered"), Ok(2), "one more for both");
        }
    }

    #[tokio::test]
    async fn who_waits_works_it_out_if_the_first_has_gone_away() {
        let counting = Counting::new();
        let (_go, first) = counting.ask_slowly().await;
        let next = counting.ask_and_wait().await;
        first.abort();
        assert_eq!(next.await.expect("answered"), Ok(1));
    }

    #[tokio::test]
    async fn an_error_is_told_to_those_who_waited_and_to_nobody_else() {
        let shared = Shared::<&str, i32>::new(Live::default());
        let failed = async {
            tokio::task::yield_now().await;
            Err(ApiError::unavailable("no"))
        };
        let (first, waited) = tokio::join!(shared.get("q", 7, failed), shared.get("q", 7, async { Ok(1) }));
        assert!(first.is_err() && waited == first, "{first:?}, {waited:?}");
        assert_eq!(shared.get("q", 7, async { Ok(2) }).await, Ok(2));
    }

    #[test]
    fn an_answer_grows_old_but_not_for_those_who_waited_for_it() {
        let asked = Instant::now();
        let long_ago = asked.checked_sub(GOOD_FOR).expect("the machine has run for longer");
        let kept = |began, ended, outcome| Kept { version: 3, began, ended, outcome };
        assert!(!kept(long_ago, asked, Ok(1)).answers(3, asked));
        assert!(kept(long_ago, asked, Ok(1)).answers(3, long_ago), "it took its time");
        assert!(kept(asked, asked, Ok(1)).answers(3, asked));
        assert!(!kept(asked, asked, Ok(1)).answers(4, asked));
    }

    #[tokio::test]
    async fn answers_that_nobody_asks_for_any_more_are_let_go() {
        let shared = Shared::<i64, i32>::new(Live::default());
        for n in 0..10_000 {
            let _ = shared.get(n, n, async { Err::<i32, _>(ApiError::unavailable("no")) }).await;
            if let Ok(entries) = shared.entries.lock() {
                // As a second later.
                entries.of.values().for_each(|entry| {
                    if let Ok(mut kept) = entry.kept.try_lock() {
                        *kept = None;
                    }
                });
            }
        }
        assert!(shared.entries.lock().is_ok_and(|entries| entries.of.len() <= 64));
    }
}
