//! When to ask again: once, however many loads landed meanwhile, not at all while nobody looks, and after a failure with
//! growing pauses until an answer comes. The pages of staff and the outbox of students go by the same rule.
//!
//! The crate `backon` makes pauses one after the other; here they follow from how many tries failed, which a page keeps.
//!
//! Does not own how long one question may take: `browser::transport` ends each after a while, so that an answer always
//! comes.

use crate::api::Millis;

/// Longest pause after failures, in milliseconds.
const LONGEST_PAUSE_MS: Millis = 8_000;

/// A server that asks to be left alone for longer than this is asked after it all the same, in milliseconds.
pub const LONGEST_WISH_MS: Millis = 600_000;

/// How long to pause after so many failures: doubling from a second to `longest`, and no less than the server has asked
/// for.
#[must_use]
pub fn pause_ms(failures: u32, longest: Millis, wish: Option<Millis>) -> Millis {
    let pause = longest.min(1_000 << failures.min(10));
    pause.max(capped(wish))
}

/// How long a server's wish is kept to, in milliseconds.
#[must_use]
pub fn capped(wish: Option<Millis>) -> Millis {
    wish.unwrap_or(0).min(LONGEST_WISH_MS)
}

/// Until when the server wishes to be left alone. Of several wishes the one counts that ends last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    until: Millis,
}

impl Wish {
    /// An answer came at `now`, with the pause that it asks for, if it does. `now` is any clock that never goes back.
    pub fn heard(&mut self, pause: Option<Millis>, now: Millis) {
        self.until = self.until.max(now + capped(pause));
    }

    /// What is left of the pause; absent where there is nothing to wait for.
    #[must_use]
    pub fn left(self, now: Millis) -> Option<Millis> {
        Some(self.until - now).filter(|left| *left > 0)
    }
}

/// What a page of live results does about changes. `now` is any clock that does not stand still.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refresh {
    asking: bool,
    stale: bool,
    hidden: bool,
    failures: u32,
    not_before: Millis,
    wish: Wish,
}

impl Refresh {
    /// Something changed, or the page wants fresh figures for another reason. Returns whether to ask now.
    #[must_use]
    pub fn changed(&mut self, now: Millis) -> bool {
        self.stale = true;
        self.start(now)
    }

    /// The server is back: no reason to wait any longer than it asked for itself. Returns whether to ask now.
    #[must_use]
    pub fn reconnected(&mut self, now: Millis) -> bool {
        self.failures = 0;
        self.not_before = self.wish.until.min(self.not_before);
        self.changed(now)
    }

    /// An answer came. Returns whether to ask once more, because something changed since the question.
    #[must_use]
    pub fn answered(&mut self, now: Millis) -> bool {
        self.asking = false;
        self.failures = 0;
        self.start(now)
    }

    /// No answer came, but one may come later: what is shown stays stale, and is asked for again after a pause, which is no
    /// shorter than the server wishes.
    pub fn failed(&mut self, now: Millis, wish: Option<Millis>) {
        self.asking = false;
        self.stale = true;
        self.wish.heard(wish, now);
        self.not_before = now + pause_ms(self.failures, LONGEST_PAUSE_MS, wish);
        self.failures = self.failures.saturating_add(1);
    }

    /// Time has passed. Returns whether to ask now.
    #[must_use]
    pub fn waited(&mut self, now: Millis) -> bool {
        self.start(now)
    }

    /// The page was hidden or shown. Returns whether to ask now.
    #[must_use]
    pub fn shown(&mut self, visible: bool, now: Millis) -> bool {
        self.hidden = !visible;
        self.start(now)
    }

    fn start(&mut self, now: Millis) -> bool {
        let start = self.stale && !self.asking && !self.hidden && now >= self.not_before;
        if start {
            self.asking = true;
            self.stale = false;
        }
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Millis = 1_700_000_000_000;

    #[test]
    fn of_several_wishes_the_one_counts_that_ends_last() {
        let mut wish = Wish::default();
        assert_eq!(wish.left(T), None);
        wish.heard(Some(60_000), T);
        wish.heard(None, T + 1_000);
        wish.heard(Some(5_000), T + 2_000);
        assert_eq!(wish.left(T + 3_000), Some(57_000));
        assert_eq!(wish.left(T + 60_000), None, "it is over");
        wish.heard(Some(99_000_000), T);
        assert_eq!(wish.left(T), Some(600_000), "but not for ever");
    }

    #[test]
    fn many_changes_during_one_question_are_one_more_question() {
        let mut refresh = Refresh::default();
        assert!(refresh.changed(T), "the first change asks");
        for _ in 0..50 {
            assert!(!refresh.changed(T), "one question at a time");
        }
        assert!(refresh.answered(T), "what changed meanwhile is asked for once");
        assert!(!refresh.answered(T), "and then it is quiet");
    }

    #[test]
    fn a_hidden_page_asks_nothing_until_it_is_shown() {
        let mut refresh = Refresh::default();
        assert!(!refresh.shown(false, T));
        assert!(!refresh.changed(T));
        assert!(!refresh.waited(T));
        assert!(refresh.shown(true, T));
        assert!(!refresh.answered(T));
    }

    #[test]
    fn a_question_without_an_answer_is_asked_again_after_growing_pauses_whatever_changes() {
        let mut refresh = Refresh::default();
        assert!(refresh.changed(T));
        let mut now = T;
        for pause in [1_000, 2_000, 4_000, 8_000, 8_000] {
            refresh.failed(now, None);
            assert!(!refresh.changed(now), "a change does not hurry it");
            assert!(!refresh.waited(now + pause - 1), "not before {pause}");
            now += pause;
            assert!(refresh.waited(now), "after {pause}");
        }
        assert!(!refresh.answered(now), "an answer ends it");
        assert!(refresh.changed(now), "and the next change asks at once");
    }

    #[test]
    fn a_server_that_is_back_is_asked_at_once() {
        let mut refresh = Refresh::default();
        assert!(refresh.changed(T));
        refresh.failed(T, None);
        assert!(refresh.reconnected(T + 1));
    }

    #[test]
    fn a_server_that_asks_for_a_pause_gets_it_even_when_it_is_back() {
        let mut refresh = Refresh::default();
        assert!(refresh.changed(T));
        refresh.failed(T, Some(60_000));
        assert!(!refresh.waited(T + 8_000));
        assert!(!refresh.reconnected(T + 20_000));
        assert!(refresh.waited(T + 60_000));
        refresh.failed(T + 60_000, Some(99_000_000));
        assert!(refresh.waited(T + 60_000 + LONGEST_WISH_MS), "but not for ever");
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        assert_eq!([0, 1, 3, 5, 60].map(|tries| pause_ms(tries, 30_000, None)), [1_000, 2_000, 8_000, 30_000, 30_000]);
        assert_eq!(pause_ms(0, 30_000, Some(5_000)), 5_000);
    }
}
