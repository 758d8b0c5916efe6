//! Two writers at the same time, of which one was faster.
//!
//! Owns which errors tell so, and how often the slower one reads and decides again. Does not own what is decided.

use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// How often something is decided again.
const MOST_TIMES_AGAIN: u32 = 8;

/// Decides something in a transaction of its own, and again if another writer has overtaken it; a few times at most.
///
/// # Errors
/// The last try's.
pub async fn decide_again_if<T, E, F>(is_overtaken: impl Fn(&E) -> bool, decide: impl Fn() -> F) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    for _ in 0..MOST_TIMES_AGAIN {
        match decide().await {
            Err(error) if is_overtaken(&error) => {}
            outcome => return outcome,
        }
    }
    decide().await
}

/// Whether another writer was faster: the row that was to be unique is there, or the database could not order two
/// transactions. The caller reads and decides again.
#[must_use]
pub fn is_conflict(error: &DbErr) -> bool {
    if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
        return true;
    }
    let (DbErr::Exec(error) | DbErr::Query(error)) = error else { return false };
    let RuntimeErr::SqlxError(error) = error else { return false };
    // The codes of SQL's standard for a failed serialization and a deadlock.
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "40001" || code == "40P01")
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn what_was_overtaken_is_decided_again_a_few_times_and_any_other_error_is_the_last() {
        let tries = Cell::new(0);
        let decide = async |outcome: fn(u32) -> Result<u32, &'static str>| {
            tries.set(0);
            let next = || {
                tries.set(tries.get() + 1);
                std::future::ready(outcome(tries.get()))
            };
            (decide_again_if(|error| *error == "overtaken", next).await, tries.get())
        };
        assert_eq!(decide(|_| Ok(1)).await, (Ok(1), 1));
        assert_eq!(decide(|n| if n < 3 { Err("overtaken") } else { Ok(n) }).await, (Ok(3), 3));
        assert_eq!(decide(|n| Err(if n < 2 { "overtaken" } else { "full" })).await, (Err("full"), 2));
        assert_eq!(decide(|_| Err("overtaken")).await, (Err("overtaken"), 9));
    }
}
