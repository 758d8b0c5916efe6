//! A key that is known, and how often it has been used.
//!
//! Owns rate and daily quota of one key, over both of its faces and both wires. Does not own where a day's count is kept.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use app::api::Millis;

use super::{KeyError, rights};
use crate::access::Rights;
use crate::limit::Bucket;
use crate::store::tables::gateway_key;

/// API Gateway's account-level throttle, where a key has none of its own: requests a second, and a burst.
const RATE: i64 = 10_000;
const BURST: i64 = 5_000;
pub(super) const DAY_MS: Millis = 86_400_000;

/// A key that is known, with what it allows. Clones share their counts.
#[derive(Clone)]
pub struct Key(pub(super) Arc<Known>);

pub(super) struct Known {
    rights: Rights,
    /// Who puts, as the records say it; `None` is this server itself.
    producer: Option<String>,
    /// Absent for the server's own, which are not counted.
    pub row: Option<gateway_key::Model>,
    bucket: Option<Bucket>,
    used: Mutex<Used>,
}

/// Requests of one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    pub day: i64,
    /// Written down already.
    pub stored: i64,
    /// Since then.
    pub more: i64,
}

/// Requests of a key that are being written down. They count as stored meanwhile, so that nobody else writes them down; when
/// that fails, or is given up, they count as not stored again. A commit that is given up may have stored them all the same:
/// then they are written down twice, which costs the key some of its day and never gives it more.
pub(super) struct Unwritten<'a> {
    key: &'a Key,
    used: Used,
}

impl<'a> Unwritten<'a> {
    /// What is to be written down of a key, if anything is.
    pub fn of(key: &'a Key) -> Option<Self> {
        let mut now = key.used();
        let used = *now;
        (now.stored, now.more) = (used.stored + used.more, 0);
        (used.more > 0).then(|| Self { key, used })
    }

    /// The count as it was.
    pub const fn used(&self) -> Used {
        self.used
    }

    /// The requests have been written down.
    pub fn settle(mut self) {
        self.used.more = 0;
    }
}

impl Drop for Unwritten<'_> {
    fn drop(&mut self) {
        let mut now = self.key.used();
        // Of a day that is over nothing counts any more.
        if now.day == self.used.day {
            (now.stored, now.more) = (now.stored - self.used.more, now.more + self.used.more);
        }
    }
}

impl Key {
    /// The key of a row, of which so many requests have been counted today.
    pub(super) fn of(row: gateway_key::Model, used: Used, now: Millis) -> Self {
        let rate = row.rate.unwrap_or(RATE).unsigned_abs();
        let burst = row.burst.or(row.rate).unwrap_or(BURST).unsigned_abs();
        Self(Arc::new(Known {
            rights: rights::of(&row),
            producer: Some(row.id.clone()),
            bucket: Some(Bucket::new(rate, burst, now)),
            used: Mutex::new(used),
            row: Some(row),
        }))
    }

    /// One of the server's own, which opens everything and is not counted.
    pub(super) fn own(producer: Option<&str>) -> Self {
        let producer = producer.map(str::to_owned);
        let used = Mutex::default();
        Self(Arc::new(Known { rights: Rights::everything(), producer, row: None, bucket: None, used }))
    }

    /// What it opens. `access` says what follows from that.
    #[must_use]
    pub fn rights(&self) -> &Rights {
        &self.0.rights
    }

    /// Who puts with it: the key's id; `None` for this server's own relay.
    #[must_use]
    pub fn producer(&self) -> Option<&str> {
        self.0.producer.as_deref()
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        // Each change is one step; a panic leaves nothing half-done.
        self.0.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one request.
    ///
    /// # Errors
    /// If the key has been used too often. A request that is refused is not counted.
    pub(super) fn count(&self, now: Millis) -> Result<(), KeyError> {
        let (Some(row), Some(bucket)) = (&self.0.row, &self.0.bucket) else { return Ok(()) };
        let mut used = self.used();
        let day = now.div_euclid(DAY_MS);
        if used.day != day {
            *used = Used { day, ..Used::default() };
        }
        if let Some(daily) = row.daily.filter(|daily| used.stored + used.more >= *daily) {
            let wait = Duration::from_millis((DAY_MS - now.rem_euclid(DAY_MS)).unsigned_abs());
            let problem = format!("this key's {daily} requests of today have been used up; go on after midnight UTC");
            return Err(KeyError::TooMany { problem, wait });
        }
        bucket.take(1, now).map_err(|wait| {
            let problem = "this key is used more often than it may be; wait as long as retry-after says".to_owned();
            KeyError::TooMany { problem, wait }
        })?;
        used.more += 1;
        Ok(())
    }
}
