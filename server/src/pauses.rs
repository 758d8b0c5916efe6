//! Pauses between tries: each is twice as long as the one before, up to a longest, until a try succeeds.
//!
//! Owns that everybody who tries again pauses alike. Does not own what is tried, nor for how long.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// The pauses of one who tries again.
pub struct Pauses {
    all: ExponentialBuilder,
    coming: ExponentialBackoff,
    longest: Duration,
}

impl Pauses {
    /// Pauses from `first` on, which double up to `longest`.
    #[must_use]
    pub fn new(first: Duration, longest: Duration) -> Self {
        let all = ExponentialBuilder::new().with_min_delay(first).with_max_delay(longest).without_max_times();
        Self { all, coming: all.build(), longest }
    }

    /// Returns how long to pause now, after one more failure.
    pub fn after_failure(&mut self) -> Duration {
        self.coming.next().unwrap_or(self.longest)
    }

    /// A try has succeeded: the next failure is a first one.
    pub fn reset(&mut self) {
        self.coming = self.all.build();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_after_a_success() {
        let mut pauses = Pauses::new(Duration::from_millis(100), Duration::from_millis(500));
        let mut next = |n: usize| (0..n).map(|_| pauses.after_failure().as_millis()).collect::<Vec<_>>();
        assert_eq!(next(5), [100, 200, 400, 500, 500]);
        assert_eq!(next(100).last(), Some(&500), "for ever");
        pauses.reset();
        assert_eq!(pauses.after_failure(), Duration::from_millis(100));
    }
}
