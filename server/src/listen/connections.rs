//! The connections that are open, and who makes room when all are taken.
//!
//! Owns the bound and the choice. Does not own what goes over a connection.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::sync::Notify;

use super::HEAD_TIME;

/// File descriptors that belong to the server's own files.
const RESERVED: u64 = 256;
/// The most connections that the two listeners share.
const MOST: u64 = 4_096;
/// A response of which the client takes nothing for so long may make room; after twice as long it is given up. Event streams
/// tick every second.
const STALLED: Duration = Duration::from_secs(15);
/// How often a connection is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The fewest, however low the process's limit is.
const FEWEST: u64 = 64;

/// How many connections one listener may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound(usize);

impl Bound {
    /// The bounds of the pages' listener and of the AWS wire's: three parts and one of what the process's file
    /// descriptors allow. Raises the process's limit as far as it may first.
    #[must_use]
    pub fn of_process() -> (Self, Self) {
        let mut limit = getrlimit(Resource::Nofile);
        if limit.current != limit.maximum {
            let raised = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
            if setrlimit(Resource::Nofile, raised).is_ok() {
                limit = raised;
            }
        }
        Self::within(limit.current.unwrap_or(u64::MAX))
    }

    /// So many, for a test.
    #[cfg(test)]
    pub(super) const fn for_test(bound: usize) -> Self {
        Self(bound)
    }

    fn within(descriptors: u64) -> (Self, Self) {
        let all = descriptors.saturating_sub(RESERVED).clamp(FEWEST, MOST) as usize;
        (Self(all - all / 4), Self(all / 4))
    }
}

/// All connections of a listener.
pub(super) struct Connections {
    bound: usize,
    all: Arc<Mutex<All>>,
    began: Instant,
}

#[derive(Default)]
struct All {
    next: u64,
    open: HashMap<u64, Weak<Connection>>,
}

/// One connection. Counted until it is dropped.
pub(super) struct Connection {
    id: u64,
    all: Arc<Mutex<All>>,
    began: Instant,
    /// Requests that were begun, and the last byte of whose response is not sent.
    in_flight: AtomicUsize,
    /// Of these, the ones whose response has begun.
    responding: AtomicUsize,
    /// When a request began, a part of a response was taken, or a response ended: milliseconds after the listener's
    /// beginning.
    active_at: AtomicU64,
    close: Notify,
}

impl Connections {
    pub fn new(Bound(bound): Bound) -> Self {
        Self { bound, all: Arc::default(), began: Instant::now() }
    }

    /// A new connection; `None` if there is no room, and nobody who could make it.
    pub fn add(&self) -> Option<Arc<Connection>> {
        let is_full = self.lock().open.len() >= self.bound;
        if is_full && !self.make_room() {
            tracing::warn!(bound = self.bound, "every connection is at work; one more is turned away");
            return None;
        }
        let mut all = self.lock();
        let id = all.next;
        all.next += 1;
        let connection = Arc::new(Connection {
            id,
            all: Arc::clone(&self.all),
            began: self.began,
            in_flight: AtomicUsize::new(0),
            responding: AtomicUsize::new(0),
            active_at: AtomicU64::new(millis(self.began)),
            close: Notify::new(),
        });
        all.open.insert(id, Arc::downgrade(&connection));
        Some(connection)
    }

    /// Closes an idle connection; or else one whose response has not begun, be its request whole or not, or is not taken.
    /// Of several, the one that has been quiet the longest.
    pub fn make_room(&self) -> bool {
        // Dropped after the lock has gone: the last one to drop a connection takes the lock itself.
        let open: Vec<Arc<Connection>> = self.lock().open.values().filter_map(Weak::upgrade).collect();
        let rank = |connection: &&Arc<Connection>| {
            let is_busy = connection.in_flight.load(Ordering::Relaxed) > 0;
            (is_busy, connection.active_at.load(Ordering::Relaxed))
        };
        let may_go = |connection: &&Arc<Connection>| {
            connection.responding.load(Ordering::Relaxed) == 0 || connection.quiet_for() > STALLED
        };
        let Some(victim) = open.iter().filter(may_go).min_by_key(rank) else { return false };
        self.lock().open.remove(&victim.id);
        victim.close.notify_one();
        true
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// A request's head has arrived.
    pub fn begin(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.is_active();
        InFlight { connection: Arc::clone(self), responds: false }
    }

    /// Returns when somebody else needs the room, or nothing has gone over the connection for too long: it is silent, or
    /// its client does not read what it has asked for.
    pub async fn closed(&self) {
        loop {
            tokio::select! {
                () = self.close.notified() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let is_idle = self.in_flight.load(Ordering::Relaxed) == 0;
            let is_responding = self.responding.load(Ordering::Relaxed) > 0;
            let patience = if is_idle { HEAD_TIME } else { STALLED * 2 };
            if (is_idle || is_responding) && self.quiet_for() > patience {
                return;
            }
        }
    }

    /// How long ago anything went over it.
    fn quiet_for(&self) -> Duration {
        Duration::from_millis(millis(self.began).saturating_sub(self.active_at.load(Ordering::Relaxed)))
    }

    fn is_active(&self) {
        self.active_at.store(millis(self.began), Ordering::Relaxed);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).open.remove(&self.id);
    }
}

/// One request, until the last byte of its response is sent.
pub(super) struct InFlight {
    connection: Arc<Connection>,
    responds: bool,
}

impl InFlight {
    /// Its response begins.
    pub fn responds(&mut self) {
        if !std::mem::replace(&mut self.responds, true) {
            self.connection.responding.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The client has taken a part of the response.
    pub fn goes_on(&self) {
        self.connection.is_active();
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let Connection { in_flight, responding, .. } = &*self.connection;
        responding.fetch_sub(usize::from(self.responds), Ordering::Relaxed);
        in_flight.fetch_sub(1, Ordering::Relaxed);
        self.connection.is_active();
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_closed(connection: &Connection) -> bool {
        futures::FutureExt::now_or_never(connection.close.notified()).is_some()
    }

    #[test]
    fn file_descriptors_are_kept_for_the_servers_own_files() {
        assert_eq!(Bound::within(1024), (Bound(576), Bound(192)));
        assert_eq!(Bound::within(100), (Bound(48), Bound(16)));
        assert_eq!(Bound::within(1 << 20), (Bound(3_072), Bound(1_024)));
    }

    #[test]
    fn whoever_is_idle_makes_room_then_whose_response_has_not_begun_and_never_who_is_answered() {
        let connections = Connections::new(Bound(3));
        let [answered, waiting, idle] = [(); 3].map(|()| connections.add().expect("room"));
        let mut response = answered.begin();
        response.responds();
        let request = waiting.begin();
        let fourth = connections.add().expect("the idle one has made room");
        assert_eq!([&answered, &waiting, &idle].map(|c| is_closed(c)), [false, false, true]);
        let mut fourth_request = fourth.begin();
        fourth_request.responds();
        let fifth = connections.add().expect("the one without a response has made room");
        assert_eq!([&answered, &waiting, &fourth].map(|c| is_closed(c)), [false, true, false]);
        let mut fifth_request = fifth.begin();
        fifth_request.responds();
        assert!(connections.add().is_none(), "all are being answered");
        drop((fifth_request, fifth, request));
        assert!(connections.add().is_some(), "one has gone");
    }
}
