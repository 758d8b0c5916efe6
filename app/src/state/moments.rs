//! The instants that the time slider stops at.

use crate::api::Millis;
use crate::api::class::Arrivals;

const MINUTE: Millis = 60_000;

/// Up to so many minutes each one has a stop of its own; in a longer time those have in which something came.
const MOST_MINUTES: i64 = 240;

/// The last millisecond of each minute that can be looked at, in order: from the first minute with an answer to the
/// last one, as far as they are over at `now`.
#[must_use]
pub fn moments(arrivals: &[Arrivals], now: Millis) -> Vec<Millis> {
    let (Some(first), Some(last)) = (arrivals.first(), arrivals.last()) else { return Vec::new() };
    let last = last.minute.max(first.minute);
    let minutes = (last - first.minute) / MINUTE + 1;
    let starts: Vec<Millis> = if minutes <= MOST_MINUTES {
        (0..minutes).map(|minute| first.minute + minute * MINUTE).collect()
    } else {
        arrivals.iter().map(|arrivals| arrivals.minute).collect()
    };
    // The minute that is not over yet is what is live.
    starts.into_iter().map(|start| start + MINUTE - 1).filter(|end| *end < now).collect()
}

/// The end of the last minute that is over.
#[must_use]
pub const fn last_minute(now: Millis) -> Millis {
    now - now.rem_euclid(MINUTE) - 1
}

/// The stop that stands for an instant: the last one that is not later, or the first.
#[must_use]
pub fn stop_of(moments: &[Millis], as_of: Millis) -> usize {
    moments.iter().rposition(|end| *end <= as_of).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Millis = 1_700_000_040_000;

    fn at(minutes: &[i64]) -> Vec<Arrivals> {
        minutes.iter().map(|minute| Arrivals { minute: T + minute * MINUTE, answers: 10 }).collect()
    }

    #[test]
    fn in_a_lesson_every_minute_is_a_stop_up_to_the_one_that_is_not_over() {
        let stops = moments(&at(&[0, 3]), T + 3 * MINUTE + 20_000);
        assert_eq!(stops, [0, 1, 2].map(|minute| T + minute * MINUTE + 59_999));
        assert_eq!(moments(&at(&[0, 3]), T + 60 * MINUTE).len(), 4);
    }

    #[test]
    fn over_weeks_only_the_minutes_with_answers_are_stops() {
        let stops = moments(&at(&[0, 1, 20_000]), Millis::MAX);
        assert_eq!(stops, [0, 1, 20_000].map(|minute| T + minute * MINUTE + 59_999));
        assert_eq!(moments(&[], T), Vec::<Millis>::new());
    }

    #[test]
    fn an_instant_is_shown_at_the_last_stop_before_it() {
        let stops = [10, 20, 30];
        assert_eq!([5, 10, 25, 99].map(|at| stop_of(&stops, at)), [0, 0, 1, 2]);
        assert_eq!(stop_of(&[], 5), 0);
        assert_eq!([T, T + 59_999].map(last_minute), [T - 1, T - 1]);
    }
}
