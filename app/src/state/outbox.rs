//! What a device does with attempts: how long it keeps them, and when it tries again to send one. Does not own the sending
//! (`browser::outbox`), nor what is kept of one ([`Attempt::to_keep`]).

use super::attempt::Attempt;
use crate::api::Millis;

/// Longest pause between two tries of a submission, in milliseconds.
const LONGEST_PAUSE_MS: f64 = 30_000.0;

const DAY_MS: Millis = 24 * 60 * 60 * 1_000;

/// How long a device keeps an attempt that the server has: until the teacher has closed the quiz, and the student has
/// looked once more.
const RECEIPT_KEPT_MS: Millis = 7 * DAY_MS;

/// How many of those it keeps; a tablet goes from hand to hand.
const RECEIPTS_KEPT: usize = 3;

/// How long a device keeps an attempt that the server has not.
const UNSENT_KEPT_MS: Millis = 30 * DAY_MS;

/// The names of the attempts that a device need not keep any longer.
#[must_use]
pub fn outlived(kept: &[Attempt], now: Millis) -> Vec<String> {
    let is_outlived = |attempt: &&Attempt| {
        let age = now - attempt.begun_at;
        if attempt.receipt.is_none() {
            return age > UNSENT_KEPT_MS;
        }
        let newer = kept.iter().filter(|other| other.receipt.is_some() && other.begun_at > attempt.begun_at);
        newer.count() >= RECEIPTS_KEPT || age > RECEIPT_KEPT_MS
    };
    kept.iter().filter(is_outlived).map(|attempt| attempt.joined.attempt.clone()).collect()
}

/// How long to wait before try number `tries` + 1, in milliseconds: doubling from a second to half a minute. `chance` is
/// 0 to 1, so that a class whose network comes back does not knock all at once.
#[must_use]
pub fn retry_after_ms(tries: u32, chance: f64) -> u32 {
    let pause = (1_000.0 * 2f64.powi(tries.min(10).cast_signed())).min(LONGEST_PAUSE_MS);
    (pause * (0.5 + 0.5 * chance.clamp(0.0, 1.0))) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::attempts::{Joined, Receipt};

    #[test]
    fn a_shared_device_keeps_few_receipts_for_a_week_and_what_was_not_sent_for_a_month() {
        let begun = |name: &str, days_ago: i64, has_receipt: bool| {
            let joined = Joined { attempt: name.to_owned(), token: "t".to_owned() };
            let receipt = has_receipt.then_some(Receipt { accepted_at: 5, answered: 1, questions: 2 });
            Attempt { receipt, ..Attempt::new(joined, -days_ago * DAY_MS) }
        };
        let kept = [begun("a", 0, true), begun("b", 1, true), begun("c", 8, true), begun("d", 8, false)];
        assert_eq!(outlived(&kept, 0), ["c"]);
        let kept = [begun("a", 3, true), begun("b", 2, true), begun("c", 1, true), begun("d", 0, true)];
        assert_eq!(outlived(&kept, 0), ["a"]);
        assert_eq!(outlived(&[begun("a", 31, false), begun("b", 29, false)], 0), ["a"]);
    }

    #[test]
    fn pauses_double_to_half_a_minute_and_are_spread() {
        assert_eq!(retry_after_ms(0, 1.0), 1_000);
        assert_eq!(retry_after_ms(3, 1.0), 8_000);
        assert_eq!(retry_after_ms(3, 0.0), 4_000);
        assert_eq!(retry_after_ms(60, 1.0), 30_000);
    }
}
