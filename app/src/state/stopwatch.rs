//! The time that something is on screen.

use crate::api::Millis;

/// Measures how long the page is on screen: a page that is hidden, or sleeps in a pocket, takes no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopwatch {
    since: Option<Millis>,
}

impl Stopwatch {
    /// Runs from `now` if the page is visible.
    #[must_use]
    pub fn new(now: Millis, visible: bool) -> Self {
        Self { since: visible.then_some(now) }
    }

    /// The time on screen since the last lap, in milliseconds. It runs on if the page is visible.
    pub fn lap(&mut self, now: Millis, visible: bool) -> Millis {
        let spent = self.since.map_or(0, |since| now - since);
        *self = Self::new(now, visible);
        spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_page_spends_no_time_on_a_question() {
        let mut watch = Stopwatch::new(1_000, true);
        assert_eq!(watch.lap(1_400, true), 400, "a step");
        assert_eq!(watch.lap(1_500, false), 100, "hidden");
        assert_eq!(watch.lap(9_000, false), 0, "something came meanwhile");
        assert_eq!(watch.lap(60_000, true), 0, "shown");
        assert_eq!(watch.lap(60_300, true), 300, "a step");
        assert_eq!(Stopwatch::new(0, false).lap(5_000, true), 0, "opened in the background");
    }
}
