//! How fast a stage runs: units a second, and how long one observation took, over the last ten seconds. For people to look at; no
//! verdict is computed from it.
//!
//! Owns the sums of these ten seconds.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(10);
/// Enough for a steady median; older observations make room for newer ones.
const KEPT: usize = 512;

/// One stage's recent past.
pub struct Pace(Mutex<Vec<Observation>>);

#[derive(Clone, Copy)]
struct Observation {
    at: Instant,
    units: u64,
    took: Duration,
}

/// What [`Pace::read`] says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// Units a second.
    pub per_second: f64,
    /// Middle duration of one observation, in milliseconds.
    pub p50_ms: Option<f64>,
    /// Ninety-nine of a hundred observations took no longer, in milliseconds.
    pub p99_ms: Option<f64>,
}

impl Default for Pace {
    fn default() -> Self {
        Self(Mutex::new(Vec::with_capacity(KEPT)))
    }
}

impl Pace {
    /// Notes that `units` went through in one go that began at `start`.
    pub fn note(&self, units: usize, start: Instant) {
        let now = Instant::now();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() == KEPT {
            seen.drain(..KEPT / 2);
        }
        seen.push(Observation { at: now, units: units as u64, took: now - start });
    }

    /// The last ten seconds of a stage that several of these watch, its shards say; or as much of them as is kept.
    #[must_use]
    pub fn read<'a>(together: impl IntoIterator<Item = &'a Self>) -> Reading {
        let now = Instant::now();
        let (mut per_second, mut took) = (0.0, Vec::new());
        for pace in together {
            let seen = pace.0.lock().unwrap_or_else(PoisonError::into_inner);
            let recent: Vec<Observation> = seen.iter().copied().filter(|o| now - o.at < WINDOW).collect();
            drop(seen);
            let Some(first) = recent.first() else { continue };
            let span = if recent.len() < KEPT / 2 { WINDOW } else { now - first.at };
            let units: u64 = recent.iter().map(|o| o.units).sum();
            per_second += units as f64 / span.as_secs_f64().max(0.001);
            took.extend(recent.iter().map(|o| o.took.as_secs_f64() * 1e3));
        }
        took.sort_by(f64::total_cmp);
        let at = |share: f64| took.get((took.len().saturating_sub(1) as f64 * share).round() as usize).copied();
        Reading { per_second, p50_ms: at(0.5), p99_ms: at(0.99) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_read_together() {
        let (one, other, idle) = (Pace::default(), Pace::default(), Pace::default());
        let ago = |ms| Instant::now() - Duration::from_millis(ms);
        (0..98).for_each(|_| one.note(1, ago(2)));
        other.note(1, ago(500));
        other.note(1, ago(900));
        let reading = Pace::read([&one, &other, &idle]);
        assert!((9.9..=10.1).contains(&reading.per_second), "{reading:?}");
        assert!(reading.p50_ms.is_some_and(|ms| (2.0..400.0).contains(&ms)), "{reading:?}");
        assert!(reading.p99_ms.is_some_and(|ms| ms >= 500.0), "{reading:?}");
        assert_eq!(Pace::read([&idle]), Reading::default());
    }
}
