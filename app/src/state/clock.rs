//! The server's clock, as this browser estimates it, and a clock of this browser's own that nobody can set back. Ages and
//! verdicts are told by the server's, because a phone's own clock may be minutes off.
//!
//! Owns the estimate, and that it errs to the worse side: an age may look older than it is, never younger. Does not own
//! the browser's clocks (`browser::time`).

use crate::api::Millis;

/// Between which bounds the server's clock is ahead of this browser's. Both are kept as tight as anything has shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerClock {
    /// What was heard had been on its way: the server is at least so far ahead.
    least: Option<Millis>,
    /// What was answered had been asked before: the server is at most so far ahead.
    most: Option<Millis>,
}

impl ServerClock {
    /// Learns from an event: the server said `server`, and this browser heard it at `here`. How long it was on its way is
    /// not known.
    pub fn heard(&mut self, server: Millis, here: Millis) {
        let least = server - here;
        if self.most.is_some_and(|most| least > most) {
            // One of the clocks was set, or this one slept. What it said before counts no longer.
            *self = Self::default();
        }
        self.least = Some(self.least.map_or(least, |known| known.max(least)));
    }

    /// Learns from an answer: this browser asked at `asked`, the server looked at its clock at `server`, and the answer was
    /// here at `here`.
    pub fn answered(&mut self, server: Millis, asked: Millis, here: Millis) {
        let most = server - asked;
        if self.least.is_some_and(|least| most < least) {
            *self = Self::default();
        }
        self.heard(server, here);
        self.most = Some(self.most.map_or(most, |known| known.min(most)));
    }

    /// The server's time at the instant that this browser calls `here`: the latest that it can be, so that what is old does
    /// not look fresh. Without an answer there is no such bound, and the best guess is told.
    #[must_use]
    pub fn at(self, here: Millis) -> Millis {
        here + self.most.or(self.least).unwrap_or(0)
    }
}

/// A clock that only goes forward, made of two that this browser has: a steady one, which may stand still while the device
/// sleeps, and the one that people set. Of the two it goes by whichever says that more time has passed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waking {
    steady: f64,
    wall: f64,
    now: f64,
}

impl Waking {
    /// Begins at the time that people have set.
    #[must_use]
    pub const fn new(steady: f64, wall: f64) -> Self {
        Self { steady, wall, now: wall }
    }

    /// The time, where the two clocks stand like this.
    pub fn at(&mut self, steady: f64, wall: f64) -> Millis {
        self.now += (steady - self.steady).max(wall - self.wall).max(0.0);
        (self.steady, self.wall) = (steady, wall);
        self.now as Millis
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The server is this far ahead in each test.
    const AHEAD: Millis = 1_000_000;

    fn age(clock: ServerClock, of: Millis, here: Millis) -> Millis {
        clock.at(here) - of
    }

    #[test]
    fn the_server_s_time_is_told_by_a_clock_that_is_off() {
        let mut clock = ServerClock::default();
        clock.answered(AHEAD + 400, 400, 400);
        assert_eq!(clock.at(1_400), AHEAD + 1_400);
    }

    #[test]
    fn an_age_never_looks_younger_than_it_is_however_slow_the_way() {
        for (out, back) in [(0, 15_000), (15_000, 0), (7_500, 7_500), (20, 30)] {
            let mut clock = ServerClock::default();
            clock.answered(AHEAD + out, 0, out + back);
            let here = out + back;
            let true_age = back;
            let told = age(clock, AHEAD + out, here);
            assert!(told >= true_age, "{out} out, {back} back: told {told}");
            assert!(told <= true_age + out, "no older than the way there explains: told {told}");
        }
    }

    #[test]
    fn a_way_that_grows_slow_does_not_move_the_clock() {
        let mut clock = ServerClock::default();
        clock.answered(AHEAD + 10, 0, 20);
        // From now on everything is fifteen seconds late.
        for second in 1..60 {
            let said = AHEAD + second * 1_000;
            let here = second * 1_000 + 15_000;
            clock.heard(said, here);
            assert!(age(clock, said, here) >= 15_000, "after {second} s: {}", age(clock, said, here));
        }
        clock.answered(AHEAD + 75_000, 60_000, 90_000);
        assert_eq!(age(clock, AHEAD + 75_000, 90_000), 15_010, "a slow answer teaches nothing");
    }

    #[test]
    fn a_clock_that_was_set_is_learnt_anew() {
        let mut clock = ServerClock::default();
        clock.answered(AHEAD, 0, 10);
        clock.heard(AHEAD + 3_600_000, 20);
        assert_eq!(clock.at(20), AHEAD + 3_600_000, "set forward, or this device slept");
        clock.answered(AHEAD + 40, 30, 50);
        assert_eq!(clock.at(50), AHEAD + 60, "set back");
    }

    #[test]
    fn ticks_alone_are_told_by_the_fastest_of_them() {
        let mut clock = ServerClock::default();
        clock.heard(AHEAD + 1_000, 1_400);
        clock.heard(AHEAD + 2_000, 2_050);
        clock.heard(AHEAD + 3_000, 9_000);
        assert_eq!(clock.at(9_000), AHEAD + 8_950);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_go_back_and_a_sleep_counts() {
        let mut clock = Waking::new(100.0, 1_000_000.0);
        assert_eq!(clock.at(600.0, 1_000_500.0), 1_000_500);
        assert_eq!(clock.at(1_600.0, 500_000.0), 1_001_500, "set back: a second is a second");
        assert_eq!(clock.at(1_600.0, 560_000.0), 1_061_500, "slept a minute, in which the steady one stood still");
        assert_eq!(clock.at(1_600.0, 560_000.0), 1_061_500);
    }
}
