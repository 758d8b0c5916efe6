//! Places where a test may end the process, as a power cut would.
//!
//! Owns nothing in the product: outside the unit tests a point is nothing at all. In them, a child process is told by
//! `FRESHMARK_CRASH_AT=point:n` to end without another word when it passes a point for the nth time.

/// Every point, in the order in which a record passes them.
#[cfg(test)]
pub(crate) const POINTS: [&str; 12] = [
    "stream: before commit",
    "stream: after commit",
    "delivery: before cut",
    "delivery: after cut",
    "delivery: before put",
    "delivery: after put",
    "warehouse: after rows",
    "warehouse: before commit",
    "warehouse: after commit",
    "delivery: after copy",
    "stream: before trim",
    "stream: after trim",
];

/// Passes a point.
#[cfg(not(test))]
#[inline]
pub(crate) const fn point(_name: &str) {}

/// Passes a point, or ends the process there.
#[cfg(test)]
pub(crate) fn point(name: &str) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static ARMED: LazyLock<Option<(String, AtomicUsize)>> = LazyLock::new(|| {
        let armed = std::env::var(ENVIRONMENT).ok()?;
        let (name, times) = armed.rsplit_once(':')?;
        Some((name.to_owned(), AtomicUsize::new(times.parse().ok()?)))
    });
    debug_assert!(POINTS.contains(&name), "{name} is not listed");
    let Some((armed, left)) = &*ARMED else { return };
    if armed == name && left.fetch_sub(1, Ordering::SeqCst) == 1 {
        std::process::abort();
    }
}

/// Names the point and how often it is passed.
#[cfg(test)]
pub(crate) const ENVIRONMENT: &str = "FRESHMARK_CRASH_AT";
