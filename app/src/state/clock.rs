//! The server's clock, as this browser estimates it. Ages and verdicts are told by it, because a phone's own clock may
//! be minutes off.

use crate::api::Millis;

/// How far the server's clock is ahead of this browser's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerClock {
    ahead: Millis,
}

impl ServerClock {
    /// Learns from an answer: the server said `server` at the instant that this browser calls `here`. The answer was on
    /// its way for a moment, so the estimate is a moment late, and ages look older, never younger.
    pub const fn learn(&mut self, server: Millis, here: Millis) {
        self.ahead = server - here;
    }

    /// The server's time at the instant that this browser calls `here`.
    #[must_use]
    pub const fn at(self, here: Millis) -> Millis {
        here + self.ahead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_s_time_is_told_by_a_clock_that_is_off() {
        let mut clock = ServerClock::default();
        clock.learn(1_000_000, 400);
        assert_eq!(clock.at(1_400), 1_001_000);
    }
}
