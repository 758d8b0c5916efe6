//! How fast a stage runs: units a second and middle time, over the last ten seconds. For people to look at; no
//! verdict is computed from it.

use std::sync::Mutex;
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
        let Ok(mut seen) = self.0.lock() else { return };
        if seen.len() == KEPT {
            seen.drain(..KEPT / 2);
        }
        seen.push(Observation { at: now, units: units as u64, took: now - start });
    }

    /// The last ten seconds, or as much of them as is kept.
    #[must_use]
    pub fn read(&self) -> Reading {
        let now = Instant::now();
        let Ok(seen) = self.0.lock() else { return Reading::default() };
        let recent: Vec<Observation> = seen.iter().copied().filter(|o| now - o.at < WINDOW).collect();
        drop(seen);
        let Some(first) = recent.first() else { return Reading::default() };
        let span = if recent.len() < KEPT / 2 { WINDOW } else { now - first.at };
        let units: u64 = recent.iter().map(|o| o.units).sum();
        let mut took: Vec<f64> = recent.iter().map(|o| o.took.as_secs_f64() * 1e3).collect();
        took.sort_by(f64::total_cmp);
        Reading { per_second: units as f64 / span.as_secs_f64().max(0.001), p50_ms: took.get(took.len() / 2).copied() }
    }
}
