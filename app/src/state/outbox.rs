//! What a device does with attempts: how long it keeps them, and when it tries again to send one. Does not own the sending
//! (`browser::outbox`), nor what is kept of one ([`Attempt::to_keep`]).

use super::attempt::Attempt;
use super::refresh::{capped, pause_ms};
use crate::api::Millis;

/// Longest pause between two tries of a submission, in milliseconds.
const LONGEST_PAUSE_MS: Millis = 30_000;

const DAY_MS: Millis = 24 * 60 * 60 * 1_000;

/// How long a device keeps an attempt that the server has: until the teacher has closed the quiz, and the student has
/// looked once more.
const RECEIPT_KEPT_MS: Millis = 7 * DAY_MS;

/// How many of those it keeps; a tablet goes from hand to hand.
const RECEIPTS_KEPT: usize = 3;

/// How long a device keeps an attempt that was begun and not handed in.
const UNFINISHED_KEPT_MS: Millis = 30 * DAY_MS;

/// The names of the attempts that a device need not keep any longer at `now`, which is the server's time: a device whose
/// clock is put right must not lose anything by it. What was handed in and has no receipt is kept for as long as it takes.
#[must_use]
pub fn outlived(kept: &[Attempt], now: Millis) -> Vec<String> {
    let is_outlived = |attempt: &&Attempt| {
        if attempt.is_pending() {
            return false;
        }
        let Some(since) = since(attempt) else { return false };
        if attempt.receipt.is_none() {
            return now - since > UNFINISHED_KEPT_MS;
        }
        let newer = kept.iter().filter(|other| other.receipt.is_some() && self::since(other) > Some(since));
        newer.count() >= RECEIPTS_KEPT || now - since > RECEIPT_KEPT_MS
    };
    kept.iter().filter(is_outlived).map(|attempt| attempt.joined.attempt.clone()).collect()
}

/// Since when its age counts, in server time; `None` where that was never known.
fn since(attempt: &Attempt) -> Option<Millis> {
    let begun = Some(attempt.begun_at).filter(|at| *at > 0);
    attempt.receipt.as_ref().map_or(begun, |receipt| Some(receipt.accepted_at))
}

/// How long to wait before try number `tries` + 1, in milliseconds: doubling from a second to half a minute, and no less
/// than the server has asked for. `chance` is 0 to 1, so that a class whose network comes back does not knock all at once.
#[must_use]
pub fn retry_after_ms(tries: u32, chance: f64, wish: Option<Millis>) -> u32 {
    let chance = chance.clamp(0.0, 1.0);
    let spread = pause_ms(tries, LONGEST_PAUSE_MS, None) as f64 * (0.5 + 0.5 * chance);
    let wished = capped(wish) as f64 * (1.0 + 0.1 * chance);
    spread.max(wished) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::attempts::{Joined, Receipt};
    use crate::state::attempt::Step;

    const NOW: Millis = 1_000 * DAY_MS;

    fn begun(name: &str, days_ago: i64) -> Attempt {
        Attempt::new(Joined { attempt: name.to_owned(), token: "t".to_owned() }, NOW - days_ago * DAY_MS)
    }

    fn acknowledged(name: &str, days_ago: i64) -> Attempt {
        let receipt = Receipt { accepted_at: NOW - days_ago * DAY_MS, answered: 1, questions: 2 };
        Attempt { receipt: Some(receipt), step: Step::HandedIn, ..begun(name, days_ago) }
    }

    #[test]
    fn a_shared_device_keeps_few_receipts_for_a_week_and_what_was_not_finished_for_a_month() {
        let kept = [acknowledged("a", 0), acknowledged("b", 1), acknowledged("c", 8), begun("d", 8)];
        assert_eq!(outlived(&kept, NOW), ["c"]);
        let kept = [acknowledged("a", 3), acknowledged("b", 2), acknowledged("c", 1), acknowledged("d", 0)];
        assert_eq!(outlived(&kept, NOW), ["a"]);
        assert_eq!(outlived(&[begun("a", 31), begun("b", 29)], NOW), ["a"]);
    }

    #[test]
    fn what_was_handed_in_and_not_sent_is_kept_whatever_any_clock_says() {
        for days_ago in [-200, 0, 31, 200, 20_000] {
            let mut attempt = begun("a", days_ago);
            attempt.hand_in();
            assert!(outlived(&[attempt], NOW).is_empty(), "{days_ago} days");
        }
        // A record from before this was kept says 1970.
        let unknown = Attempt { begun_at: 0, ..begun("a", 0) };
        assert!(outlived(&[unknown], NOW).is_empty());
    }

    #[test]
    fn pauses_double_to_half_a_minute_and_are_spread() {
        assert_eq!(retry_after_ms(0, 1.0, None), 1_000);
        assert_eq!(retry_after_ms(3, 1.0, None), 8_000);
        assert_eq!(retry_after_ms(3, 0.0, None), 4_000);
        assert_eq!(retry_after_ms(60, 1.0, None), 30_000);
        assert_eq!(retry_after_ms(0, 0.0, Some(60_000)), 60_000, "a server that asks for a pause gets it");
    }
}
