//! How often somebody may try something: a bucket of tries for each, refilled by the clock.
//!
//! Owns the counting, in memory that does not grow with the number of those who try, and the token bucket of streams and keys
//! ([`Bucket`]). Does not own who counts as one, nor what is tried. The crate `governor` does not serve: its limiter by key grows
//! with those who try until it is swept, and it takes all that was asked for or nothing, where a stream takes a part.

mod bucket;

pub use bucket::Bucket;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use app::api::Millis;

use crate::clock::Clock;

/// So many are counted one by one. Of more, those are forgotten who have tried the least.
const MOST_KNOWN: usize = 10_000;

/// How much everybody may try.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Tries in one go.
    pub at_once: u32,
    /// Milliseconds until one of them comes back.
    pub refill_ms: Millis,
}

/// Nothing is left; something will be after so many whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// Seconds.
    pub retry_after_s: u64,
}

/// The buckets of all who try one thing.
pub struct Limit<K> {
    allowance: Allowance,
    clock: Clock,
    buckets: Mutex<Buckets<K>>,
}

impl<K: Clone + Eq + Hash> Limit<K> {
    /// Allows so much to everybody.
    #[must_use]
    pub fn new(allowance: Allowance, clock: Clock) -> Self {
        Self { allowance, clock, buckets: Mutex::new(Buckets(HashMap::new())) }
    }

    /// Takes one try.
    ///
    /// # Errors
    /// If none is left. A try that was refused costs nothing.
    pub fn take(&self, who: &K) -> Result<(), Exhausted> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let Allowance { at_once, refill_ms } = self.allowance;
        // When a bucket is full again that is empty now.
        let empty_at = now + i64::from(at_once) * refill_ms;
        let next = buckets.full_at(who).max(now) + refill_ms;
        if next > empty_at {
            return Err(Exhausted { retry_after_s: (next - empty_at).unsigned_abs().div_ceil(1_000) });
        }
        buckets.set(who, next, now);
        Ok(())
    }

    /// Gives back one try that was taken.
    pub fn give_back(&self, who: &K) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let next = buckets.full_at(who) - self.allowance.refill_ms;
        buckets.set(who, next, self.clock.now());
    }
}

/// By whose it is, when each bucket is full again. One that is full is not kept.
struct Buckets<K>(HashMap<K, Millis>);

impl<K: Clone + Eq + Hash> Buckets<K> {
    fn full_at(&self, who: &K) -> Millis {
        self.0.get(who).copied().unwrap_or(Millis::MIN / 2)
    }

    fn set(&mut self, who: &K, full_at: Millis, now: Millis) {
        if full_at <= now {
            self.0.remove(who);
            return;
        }
        if self.0.len() >= MOST_KNOWN && !self.0.contains_key(who) {
            self.make_room(now);
        }
        self.0.insert(who.clone(), full_at);
    }

    /// Forgets whose bucket is full by now, or else the one that is the fullest.
    fn make_room(&mut self, now: Millis) {
        self.0.retain(|_, full_at| *full_at > now);
        if self.0.len() < MOST_KNOWN {
            return;
        }
        let fullest = self.0.iter().min_by_key(|(_, full_at)| **full_at).map(|(who, _)| who.clone());
        if let Some(who) = fullest {
            self.0.remove(&who);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    fn three_a_minute() -> (Limit<u32>, Arc<AtomicI64>) {
        let (clock, hand) = Clock::manual(1_000_000);
        (Limit::new(Allowance { at_once: 3, refill_ms: 20_000 }, clock), hand)
    }

    fn taken(limit: &Limit<u32>, who: u32, tries: usize) -> usize {
        (0..tries).filter(|_| limit.take(&who).is_ok()).count()
    }

    #[test]
    fn so_many_in_one_go_and_then_one_after_the_other() {
        let (limit, hand) = three_a_minute();
        assert_eq!(taken(&limit, 1, 10), 3);
        assert_eq!(limit.take(&1), Err(Exhausted { retry_after_s: 20 }));
        hand.fetch_add(12_500, Ordering::Relaxed);
        assert_eq!(limit.take(&1), Err(Exhausted { retry_after_s: 8 }), "the wait is told rounded up");
        hand.fetch_add(7_500, Ordering::Relaxed);
        assert_eq!(taken(&limit, 1, 10), 1);
        hand.fetch_add(3_600_000, Ordering::Relaxed);
        assert_eq!(taken(&limit, 1, 10), 3, "and no more after an hour");
    }

    #[test]
    fn one_does_not_use_up_another_s() {
        let (limit, _) = three_a_minute();
        assert_eq!((taken(&limit, 1, 10), taken(&limit, 2, 10)), (3, 3));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let (limit, _) = three_a_minute();
        for _ in 0..10 {
            assert_eq!(limit.take(&1), Ok(()));
            limit.give_back(&1);
        }
        assert_eq!(taken(&limit, 1, 10), 3, "and no more than that");
    }

    #[test]
    fn memory_does_not_grow_and_whoever_tried_most_is_remembered() {
        let (limit, _) = three_a_minute();
        assert_eq!(taken(&limit, 0, 10), 3);
        for stranger in 1..=MOST_KNOWN as u32 + 500 {
            assert_eq!(limit.take(&stranger), Ok(()));
        }
        assert_eq!(limit.buckets.lock().expect("lock").0.len(), MOST_KNOWN);
        assert!(limit.take(&0).is_err());
    }

    #[test]
    fn whoever_has_waited_long_enough_is_forgotten() {
        let (limit, hand) = three_a_minute();
        for stranger in 0..MOST_KNOWN as u32 {
            assert_eq!(limit.take(&stranger), Ok(()));
        }
        hand.fetch_add(20_000, Ordering::Relaxed);
        assert_eq!(limit.take(&u32::MAX), Ok(()));
        assert_eq!(limit.buckets.lock().expect("lock").0.len(), 1);
    }
}
