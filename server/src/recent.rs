//! A cache that keeps what was looked up for a moment, for lookups that many requests repeat.
//!
//! Owns how long an entry is used, and that a removed entry is not used any more. Keeps only what was found: a lookup that
//! found nothing is always repeated. Concurrent lookups of one entry are not merged. Does not own the lookups.
//!
//! The crate `moka` merges them, and promises nothing of a lookup that is under way when its entry is removed: here a key that
//! was revoked must not come back.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What another process changes in the store is noticed after this long at the latest.
pub(crate) const GOOD_FOR: Duration = Duration::from_secs(1);

/// Values by their keys.
pub(crate) struct Recent<K, V>(Mutex<Found<K, V>>);

struct Found<K, V> {
    values: HashMap<K, (Instant, V)>,
    /// So many are kept before those that are no longer good are looked for.
    sweep_at: usize,
    /// How often something was taken back.
    taken_back: u64,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Found { values: HashMap::new(), sweep_at: 64, taken_back: 0 }))
    }
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// The value of a key, looked up if that was not done a moment ago.
    ///
    /// # Errors
    /// What looking it up said.
    pub async fn get<E>(&self, key: K, look_up: impl Future<Output = Result<Option<V>, E>>) -> Result<Option<V>, E> {
        let taken_back = {
            let found = self.lock();
            if let Some(value) = found.values.get(&key).filter(|(at, _)| at.elapsed() < GOOD_FOR) {
                return Ok(Some(value.1.clone()));
            }
            found.taken_back
        };
        // Taken before the look, so that no value is older than it seems.
        let at = Instant::now();
        let value = look_up.await?;
        let mut found = self.lock();
        // It may have been found before it was taken back.
        if let Some(value) = value.clone().filter(|_| found.taken_back == taken_back) {
            found.keep(key, at, value);
        }
        Ok(value)
    }

    /// Takes a value back: from now on it is looked up again.
    pub fn take_back<Q: Eq + Hash + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let mut found = self.lock();
        found.values.remove(key);
        found.taken_back += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Found<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, V> Found<K, V> {
    fn keep(&mut self, key: K, at: Instant, value: V) {
        if self.values.len() >= self.sweep_at {
            self.values.retain(|_, (at, _)| at.elapsed() < GOOD_FOR);
            self.sweep_at = 64.max(self.values.len() * 2);
        }
        self.values.insert(key, (at, value));
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    async fn find(value: i32) -> Result<Option<i32>, Infallible> {
        Ok(Some(value))
    }

    #[tokio::test]
    async fn a_value_is_looked_up_once_and_again_after_it_was_taken_back() {
        let recent = Recent::<String, i32>::default();
        assert_eq!(recent.get("a".to_owned(), find(1)).await, Ok(Some(1)));
        assert_eq!(recent.get("a".to_owned(), find(2)).await, Ok(Some(1)));
        assert_eq!(recent.get("b".to_owned(), find(3)).await, Ok(Some(3)));
        recent.take_back("a");
        assert_eq!(recent.get("a".to_owned(), find(4)).await, Ok(Some(4)));
    }

    #[tokio::test]
    async fn what_is_taken_back_while_it_is_looked_up_is_not_kept() {
        let recent = Recent::<String, i32>::default();
        let ended_meanwhile = async {
            recent.take_back("a");
            find(1).await
        };
        assert_eq!(recent.get("a".to_owned(), ended_meanwhile).await, Ok(Some(1)));
        assert_eq!(recent.get("a".to_owned(), async { Ok::<_, Infallible>(None) }).await, Ok(None));
    }

    #[tokio::test]
    async fn what_is_not_there_is_looked_for_each_time_and_errors_are_not_kept() {
        let recent = Recent::<i32, i32>::default();
        assert_eq!(recent.get(1, async { Err("no") }).await, Err("no"));
        assert_eq!(recent.get(1, async { Ok::<_, &str>(None) }).await, Ok(None));
        assert_eq!(recent.get(1, async { Ok::<_, &str>(Some(5)) }).await, Ok(Some(5)));
    }

    #[tokio::test]
    async fn what_is_no_longer_good_does_not_pile_up() {
        let recent = Recent::<i32, i32>::default();
        {
            let long_ago = Instant::now().checked_sub(GOOD_FOR).expect("the machine has run for a second");
            let mut found = recent.lock();
            (0..64).for_each(|key| found.keep(key, long_ago, 0));
        }
        assert_eq!(recent.get(0, find(7)).await, Ok(Some(7)), "it was too old");
        assert_eq!(recent.lock().values.len(), 1);
    }
}
