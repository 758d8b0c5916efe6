//! What open pages are told: that an assignment changed, and once a second how current it is.
//!
//! Owns that all of it is worked out once an assignment, however many pages are open, and not at all for one that nobody
//! looks at; and how often pages are told of changes. Does not own how it travels.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use app::api::freshness::Freshness;
use app::api::live::{TICK_MS, Tick};
use futures::stream::{BoxStream, SelectAll, select_all};
use futures::{Stream, StreamExt};
use tokio::sync::broadcast;
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_stream::wrappers::BroadcastStream;

use super::Reports;
use crate::live::Listener;

/// Each page that is told of a change asks a question. The first change is told at once; before the next one of the same
/// assignment so much time passes that all pages together ask no more than so many questions a second, whatever lands.
/// With a thousand pages that is a quarter of a second, with one nothing that anybody could measure.
const MOST_QUESTIONS_PER_SECOND: u32 = 4_000;

/// A page that falls this far behind is told that something changed, and goes on with what is new.
const KEPT: usize = 8;

/// What a page is told of one assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Ask again for this assignment.
    Changed(i64),
    /// The server is alive, and this is how current the assignment is.
    Tick(Tick),
}

/// All pages that are open.
#[derive(Default)]
pub(super) struct OpenPages {
    assignments: Mutex<HashMap<i64, Open>>,
    /// Each as often as it follows an assignment.
    pages: AtomicU32,
    connections: AtomicU32,
}

/// An assignment that somebody looks at.
struct Open {
    said: broadcast::Sender<Said>,
    pages: usize,
    teller: AbortHandle,
}

impl OpenPages {
    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Open>> {
        self.assignments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many connections there are, and how many assignments are followed over any of them.
    pub fn counts(&self) -> (u32, usize) {
        (self.connections.load(Ordering::Relaxed), self.lock().len())
    }

    /// How long after a change the next one of the same assignment may be told.
    fn pause(&self) -> Duration {
        Duration::from_secs(1) * self.pages.load(Ordering::Relaxed) / MOST_QUESTIONS_PER_SECOND
    }

    fn leave(&self, assignment: i64) {
        self.pages.fetch_sub(1, Ordering::Relaxed);
        let mut assignments = self.lock();
        let Some(open) = assignments.get_mut(&assignment) else { return };
        open.pages -= 1;
        if open.pages == 0 {
            open.teller.abort();
            assignments.remove(&assignment);
        }
    }
}

/// The subscription of one event connection, which several open pages may share. Dropping it ends the subscription.
pub struct Following {
    open: Arc<OpenPages>,
    assignments: Vec<i64>,
    said: SelectAll<BoxStream<'static, Said>>,
}

impl Following {
    /// What is said next.
    pub async fn next(&mut self) -> Option<Said> {
        self.said.next().await
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.open.connections.fetch_sub(1, Ordering::Relaxed);
        self.assignments.iter().for_each(|assignment| self.open.leave(*assignment));
    }
}

impl Reports {
    /// Follows assignments, each named once, from now on. Who may do that has been checked.
    #[must_use]
    pub fn follow(&self, assignments: &[i64]) -> Following {
        self.open.connections.fetch_add(1, Ordering::Relaxed);
        let said = select_all(assignments.iter().map(|assignment| self.hear(*assignment).boxed()));
        Following { open: Arc::clone(&self.open), assignments: assignments.to_owned(), said }
    }

    fn hear(&self, assignment: i64) -> impl Stream<Item = Said> + use<> {
        self.open.pages.fetch_add(1, Ordering::Relaxed);
        let mut assignments = self.open.lock();
        let open = assignments.entry(assignment).or_insert_with(|| {
            let said = broadcast::Sender::new(KEPT);
            // It listens before anybody can ask, so that no change falls between the two.
            let changes = self.live.listen(assignment);
            let teller = tokio::spawn(self.clone().tell(assignment, changes, said.clone())).abort_handle();
            Open { said, pages: 0, teller }
        });
        open.pages += 1;
        // What was missed may have been a change.
        BroadcastStream::new(open.said.subscribe()).map(move |said| said.unwrap_or(Said::Changed(assignment)))
    }

    async fn tell(self, assignment: i64, changes: Listener, said: broadcast::Sender<Said>) {
        tokio::join!(self.tell_changes(assignment, changes, &said), self.tell_the_time(assignment, &said));
    }

    async fn tell_changes(&self, assignment: i64, mut changes: Listener, said: &broadcast::Sender<Said>) {
        while changes.changed().await {
            // Nobody may be listening by now.
            let _ = said.send(Said::Changed(assignment));
            sleep_until(Instant::now() + self.open.pause()).await;
        }
    }

    async fn tell_the_time(&self, assignment: i64, said: &broadcast::Sender<Said>) {
        let every = Duration::from_millis(TICK_MS);
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let freshness = self.freshness_within(every, assignment).await;
            let _ = said.send(Said::Tick(Tick { assignment, now: self.measure.now(), freshness }));
        }
    }

    /// The freshness as it was a moment ago; measured if no answer has been worked out since. A page without a measurement
    /// grows old by itself, and is told all the same that the server is there.
    async fn freshness_within(&self, patience: Duration, assignment: i64) -> Option<Freshness> {
        if let Some(freshness) = self.latest_freshness(assignment) {
            return Some(freshness);
        }
        match timeout(patience, pin!(self.measure.assignment(assignment))).await {
            Ok(Ok(freshness)) => return Some(freshness),
            Ok(Err(error)) => tracing::warn!(assignment, %error, "freshness could not be measured"),
            Err(_) => tracing::warn!(assignment, "measuring freshness takes too long"),
        }
        None
    }
}
