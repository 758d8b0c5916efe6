//! What both drivers share: which batch comes next, and what they have seen.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Batches by number, given out until the time is up.
pub struct Batches {
    next: AtomicU64,
    until: Instant,
}

impl Batches {
    pub fn until(until: Instant) -> Self {
        Self { next: AtomicU64::new(0), until }
    }

    /// The next batch, or `None` when the time is up. What has been given out is to be put to its end.
    pub fn next(&self) -> Option<u64> {
        (Instant::now() < self.until).then(|| self.next.fetch_add(1, Ordering::Relaxed))
    }

    pub fn given_out(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }
}

/// What one connection has seen.
#[derive(Default)]
pub struct Tally {
    /// Records that were acknowledged.
    pub records: u64,
    /// Records that had to be sent again, each as often as it was.
    pub again: u64,
    /// Bytes of all bodies.
    pub bytes: u64,
    waits: Vec<Duration>,
}

impl Tally {
    /// A request was answered after so long.
    pub fn sent(&mut self, wait: Duration, bytes: usize) {
        self.bytes += bytes as u64;
        self.waits.push(wait);
    }

    pub fn add(&mut self, other: Self) {
        self.records += other.records;
        self.again += other.again;
        self.bytes += other.bytes;
        self.waits.extend(other.waits);
    }

    /// The wait that so large a share did not exceed, in milliseconds.
    pub fn wait_ms(&mut self, share: f64) -> f64 {
        self.waits.sort_unstable();
        let last = self.waits.len().saturating_sub(1);
        self.waits.get((last as f64 * share).round() as usize).map_or(0.0, |wait| wait.as_secs_f64() * 1e3)
    }
}
