//! Whether the server is heard, from what came and what did not.
//!
//! Owns the rule by which every part of a page says the same. `now` is a clock that runs on while the device sleeps.

use crate::api::Millis;
use crate::api::live::TICK_MS;

/// A question that failed says nothing of a server that was heard within so many milliseconds.
const HEARD_LATELY_MS: Millis = TICK_MS as Millis * 3 / 2;

/// A server that is heard and answers nothing for so many milliseconds is lost all the same: nothing new can be shown.
const ANSWERED_LATELY_MS: Millis = 5_000;

/// What was heard of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hearing {
    /// When an event or an answer came last.
    heard_at: Millis,
    /// When an answer came last.
    answered_at: Millis,
    /// Whether it is an answer that is waited for, and no event will do.
    is_unanswered: bool,
}

impl Hearing {
    /// Nothing has been heard before `now`, in milliseconds.
    #[must_use]
    pub const fn new(now: Millis) -> Self {
        Self { heard_at: now, answered_at: now, is_unanswered: false }
    }

    /// Nobody has listened for a while, and now begins to: that nothing came meanwhile says nothing.
    pub fn listens(&mut self, now: Millis) {
        (self.heard_at, self.answered_at) = (now, now);
    }

    /// An event came. Returns whether the server is heard.
    pub fn heard(&mut self, now: Millis) -> bool {
        self.heard_at = now;
        !self.is_unanswered
    }

    /// An answer came: the server is heard.
    pub fn answered(&mut self, now: Millis) {
        *self = Self::new(now);
    }

    /// A question was not answered. Returns for how long the server is lost, if it is.
    pub fn unanswered(&mut self, now: Millis) -> Option<Millis> {
        let (silent, unanswered) = (self.silent_ms(now), now - self.answered_at);
        if silent < HEARD_LATELY_MS && unanswered < ANSWERED_LATELY_MS {
            return None;
        }
        self.is_unanswered = true;
        Some(silent.max(unanswered))
    }

    /// For how long nothing has come.
    #[must_use]
    pub const fn silent_ms(&self, now: Millis) -> Millis {
        now - self.heard_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Millis = 1_000_000;

    #[test]
    fn one_question_that_fails_says_nothing_while_events_come() {
        let mut hearing = Hearing::new(T);
        assert!(hearing.heard(T + 1_000));
        assert_eq!(hearing.unanswered(T + 2_000), None);
        assert!(hearing.heard(T + 2_100));
    }

    #[test]
    fn a_silent_server_is_lost_since_it_was_heard_last() {
        let mut hearing = Hearing::new(T);
        hearing.answered(T + 1_000);
        assert_eq!(hearing.unanswered(T + 4_000), Some(3_000));
    }

    #[test]
    fn a_server_that_is_heard_and_answers_nothing_is_lost_until_it_answers() {
        let mut hearing = Hearing::new(T);
        for second in 1..=6 {
            hearing.heard(T + second * 1_000);
        }
        assert_eq!(hearing.unanswered(T + 6_000), Some(6_000));
        assert!(!hearing.heard(T + 6_500), "an event does not do");
        hearing.answered(T + 7_000);
        assert!(hearing.heard(T + 7_500));
    }

    #[test]
    fn that_nobody_listened_says_nothing_of_the_server() {
        let mut hearing = Hearing::new(T);
        hearing.listens(T + 600_000);
        assert_eq!(hearing.unanswered(T + 600_500), None);
        assert_eq!(hearing.silent_ms(T + 601_000), 1_000);
        assert!(hearing.unanswered(T + 620_000).is_some());
        hearing.listens(T + 700_000);
        assert!(!hearing.heard(T + 700_500), "an answer is waited for all the same");
    }
}
