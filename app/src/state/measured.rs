//! Which of two measurements to show.

use crate::api::freshness::Freshness;

/// A measurement, and which of the page's connections was open when it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// 1, 2, 3, … in the order in which the page connected.
    pub connection: u32,
    /// The measurement.
    pub freshness: Freshness,
}

impl Measured {
    /// The newer of two. Over one connection that is the later one, because answers may overtake each other. What came
    /// over a later connection is newer whatever its time, because the server may have been started again meanwhile, on
    /// a clock that had been set back.
    #[must_use]
    pub fn newest(self, other: Self) -> Self {
        let age = |m: &Self| (m.connection, m.freshness.measured_at);
        if age(&self) > age(&other) { self } else { other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Millis;
    use crate::api::freshness::Thresholds;

    const T: Millis = 1_700_000_000_000;

    fn measured(connection: u32, measured_at: Millis) -> Measured {
        let freshness = Freshness {
            measured_at,
            accepted: 280,
            landed: 280,
            complete_through: measured_at,
            oldest_waiting: None,
            closed: false,
            submissions: 28,
            submissions_waiting: 0,
            last_submitted_at: None,
            thresholds: Thresholds::default(),
        };
        Measured { connection, freshness }
    }

    #[test]
    fn over_one_connection_the_later_measurement_is_newer() {
        let (early, late) = (measured(1, T), measured(1, T + 5));
        assert_eq!(early.newest(late), late);
        assert_eq!(late.newest(early), late);
    }

    #[test]
    fn a_server_that_came_back_with_an_earlier_clock_is_believed() {
        let (before, after) = (measured(1, T), measured(2, T - 3_600_000));
        assert_eq!(before.newest(after), after);
        assert_eq!(after.newest(before), after, "an answer from before the break comes too late");
    }
}
