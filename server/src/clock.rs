//! What time it is. Injected, so that tests can set it.
//!
//! Owns one promise: within one process, time never goes backwards, even if the system's clock does. Does not own instants
//! that an earlier process wrote: they may lie in the future, and a reader then assumes the worse case.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use app::api::Millis;

/// While it is ahead of the wall clock, the clock goes this share slower: one part in so many. Ten seconds are told as
/// 9.8 then, which no verdict minds, and a step of a second is made up for within a minute.
const SLEW: u32 = 50;

/// A source of [`Millis`].
#[derive(Clone)]
pub struct Clock {
    steadied: Arc<dyn Fn() -> Millis + Send + Sync>,
    wall: Arc<dyn Fn() -> Millis + Send + Sync>,
}

impl Clock {
    /// The machine's wall clock, as long as it goes on. Once that has been set back, this one goes on by itself, a
    /// little slower, until the wall clock has caught up: an instant that has been written down stays in the past, and
    /// what waits grows older.
    #[must_use]
    pub fn system() -> Self {
        let began = Instant::now();
        let wall = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::steadied(wall, move || began.elapsed())
    }

    /// A clock by two others: `wall`, since 1970, which may jump, and `steady`, since any instant, which never does.
    #[must_use]
    pub fn steadied(
        wall: impl Fn() -> Duration + Send + Sync + 'static,
        steady: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Self {
        let latest = Mutex::new(Reading { shown: wall(), steady: steady() });
        let wall = Arc::new(wall);
        let shown = Arc::clone(&wall);
        let steadied = move || {
            let mut latest = latest.lock().unwrap_or_else(PoisonError::into_inner);
            *latest = latest.next(shown(), steady());
            latest.shown.as_millis() as Millis
        };
        Self { steadied: Arc::new(steadied), wall: Arc::new(move || wall().as_millis() as Millis) }
    }

    /// A clock that only its owner moves.
    #[must_use]
    pub fn manual(start: Millis) -> (Self, Arc<AtomicI64>) {
        let hand = Arc::new(AtomicI64::new(start));
        let shown = Arc::clone(&hand);
        let read: Arc<dyn Fn() -> Millis + Send + Sync> = Arc::new(move || shown.load(Ordering::Relaxed));
        (Self { steadied: Arc::clone(&read), wall: read }, hand)
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Millis {
        (self.steadied)()
    }

    /// What the machine's wall clock says, wrong or not: the time that others go by, such as a client who signs.
    #[must_use]
    pub fn wall(&self) -> Millis {
        (self.wall)()
    }
}

/// What the clock showed last, and what the steady one did.
#[derive(Clone, Copy)]
struct Reading {
    shown: Duration,
    steady: Duration,
}

impl Reading {
    fn next(self, wall: Duration, steady: Duration) -> Self {
        let gone = steady.saturating_sub(self.steady);
        let shown = wall.max(self.shown + gone - gone / SLEW);
        Self { shown, steady: steady.max(self.steady) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 10_000_000;

    /// Two hands in milliseconds, and the clock that goes by them.
    fn by_hand() -> (Arc<AtomicI64>, Arc<AtomicI64>, Clock) {
        let (wall, steady) = (Arc::new(AtomicI64::new(START)), Arc::new(AtomicI64::new(7)));
        let read = |hand: &Arc<AtomicI64>| {
            let hand = Arc::clone(hand);
            move || Duration::from_millis(hand.load(Ordering::Relaxed).unsigned_abs())
        };
        let clock = Clock::steadied(read(&wall), read(&steady));
        (wall, steady, clock)
    }

    fn pass(wall: &AtomicI64, steady: &AtomicI64, ms: i64) {
        wall.fetch_add(ms, Ordering::Relaxed);
        steady.fetch_add(ms, Ordering::Relaxed);
    }

    #[test]
    fn it_shows_the_wall_clock_as_long_as_that_goes_on() {
        let (wall, steady, clock) = by_hand();
        assert_eq!(clock.now(), START);
        pass(&wall, &steady, 30);
        assert_eq!(clock.now(), START + 30);
        wall.fetch_add(5_000, Ordering::Relaxed);
        assert_eq!(clock.now(), START + 5_030, "a machine that slept has not lived through it, but it is later");
    }

    #[test]
    fn a_wall_clock_that_is_set_back_neither_turns_it_back_nor_stops_it() {
        let (wall, steady, clock) = by_hand();
        let before = clock.now();
        wall.fetch_sub(3_600_000, Ordering::Relaxed);
        assert_eq!(clock.now(), before);
        let shown: Vec<Millis> = (0..10)
            .map(|_| {
                pass(&wall, &steady, 1_000);
                clock.now()
            })
            .collect();
        assert!(shown.is_sorted(), "{shown:?}");
        assert_eq!(shown.last(), Some(&(before + 9_800)), "ten seconds have passed, less one part in fifty");
    }

    #[test]
    fn time_passes_however_often_it_is_asked_for() {
        let (wall, steady, clock) = by_hand();
        wall.fetch_sub(3_600_000, Ordering::Relaxed);
        let before = clock.now();
        for _ in 0..1_000 {
            pass(&wall, &steady, 1);
            let _ = clock.now();
        }
        assert_eq!(clock.now(), before + 980);
    }

    #[test]
    fn it_follows_the_wall_clock_again_once_that_has_caught_up() {
        let (wall, steady, clock) = by_hand();
        wall.fetch_sub(200, Ordering::Relaxed);
        for _ in 0..11 {
            pass(&wall, &steady, 1_000);
            let _ = clock.now();
        }
        assert_eq!(clock.now(), START - 200 + 11_000, "two hundredths a second make up for 200 ms in ten");
    }
}
