//! A token bucket: how much may pass now, at a steady rate with bursts.
//!
//! Owns the arithmetic. The clock is the caller's.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use app::api::Millis;

/// Units that come back at a steady rate, up to a burst.
pub struct Bucket {
    per_second: f64,
    burst: f64,
    level: Mutex<(f64, Millis)>,
}

impl Bucket {
    /// A full bucket. `per_second` and `burst` are units, both above 0.
    #[must_use]
    pub fn new(per_second: u64, burst: u64, now: Millis) -> Self {
        let (per_second, burst) = (per_second.max(1) as f64, burst.max(1) as f64);
        Self { per_second, burst, level: Mutex::new((burst, now)) }
    }

    /// Takes as many of `wanted` units as there are, whole ones.
    #[must_use]
    pub fn take_up_to(&self, wanted: u64, now: Millis) -> u64 {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        self.fill(&mut level, now);
        let taken = (level.0.floor().max(0.0) as u64).min(wanted);
        level.0 -= taken as f64;
        taken
    }

    /// Takes all of `wanted` units, or none and says how long to wait. More than a whole burst passes when the bucket is
    /// full, and is paid back by what comes after.
    ///
    /// # Errors
    /// How long it takes until they are there.
    pub fn take(&self, wanted: u64, now: Millis) -> Result<(), Duration> {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        self.fill(&mut level, now);
        let needed = (wanted as f64).min(self.burst);
        if level.0 < needed {
            return Err(Duration::from_secs_f64((needed - level.0) / self.per_second));
        }
        level.0 -= wanted as f64;
        Ok(())
    }

    fn fill(&self, level: &mut (f64, Millis), now: Millis) {
        let passed = (now - level.1).max(0) as f64 / 1e3;
        *level = ((level.0 + passed * self.per_second).min(self.burst), now.max(level.1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_steady_rate() {
        let bucket = Bucket::new(10, 20, 0);
        assert_eq!(bucket.take_up_to(25, 0), 20);
        assert_eq!(bucket.take(1, 0), Err(Duration::from_millis(100)));
        assert_eq!(bucket.take(1, 100), Ok(()));
        assert_eq!(bucket.take_up_to(25, 600), 5);
        assert_eq!(bucket.take_up_to(25, 3_600_000), 20, "never more than a burst");
    }

    #[test]
    fn what_is_larger_than_a_burst_passes_and_is_paid_back() {
        let bucket = Bucket::new(10, 20, 0);
        assert_eq!(bucket.take(30, 0), Ok(()));
        assert_eq!(bucket.take(1, 500), Err(Duration::from_millis(600)));
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing() {
        let bucket = Bucket::new(10, 10, 10_000);
        assert_eq!(bucket.take_up_to(10, 10_000), 10);
        assert_eq!(bucket.take_up_to(10, 5_000), 0);
        assert_eq!(bucket.take_up_to(10, 10_500), 5);
    }
}
