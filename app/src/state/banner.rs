//! What the banner above a member of staff's pages says.
//!
//! An admin always reads the worst stream's verdict, since when, and how many records wait. A teacher reads nothing while
//! all is well, and in trouble what it means for the class, without a word of streams.

use super::freshness::{Indicator, badness, stream_indicator};
use super::words;
use crate::api::freshness::State;
use crate::api::health::DeliveryHealth;
use crate::api::{ApiError, Millis};

/// What is known, as the last question was answered.
pub type Known = Result<DeliveryHealth, ApiError>;

/// For an admin. `lost_at` is when the page lost the server, if it has; `clock` writes an instant as a time of day,
/// with its date where that is not today.
#[must_use]
pub fn for_admin(known: &Known, lost_at: Millis, now: Millis, clock: impl Fn(Millis) -> String) -> Indicator {
    let unknown = |sentence: String| Indicator { state: State::Unknown, sentence };
    match known {
        Ok(health) => {
            let indicators = health.streams.iter().rev().map(|s| stream_indicator(&s.name, &s.freshness, now, &clock));
            let worst = indicators.max_by_key(|indicator| badness(indicator.state));
            worst.unwrap_or_else(|| unknown("no delivery stream is configured".to_owned()))
        }
        Err(ApiError::Unreachable { .. }) => Indicator {
            state: State::Disconnected,
            sentence: format!("this page lost the server at {} and keeps trying", clock(lost_at)),
        },
        Err(error) => unknown(format!("its state has not been readable since {}: {error}", clock(lost_at))),
    }
}

/// For a teacher; nothing while all is well.
#[must_use]
pub fn for_teacher(known: &Known, lost_at: Millis, now: Millis, clock: impl Fn(Millis) -> String) -> Option<Indicator> {
    let health = match known {
        Ok(health) => health,
        Err(error) => return Some(not_told(error, &clock(lost_at))),
    };
    let (state, freshness) = health
        .streams
        .iter()
        .map(|stream| (stream.freshness.state(now), &stream.freshness))
        .filter(|(state, _)| matches!(state, State::Delayed | State::Unknown))
        .max_by_key(|(state, _)| badness(*state))?;
    let complete_to = freshness.oldest_waiting.or(freshness.last_landed);
    let complete = complete_to.map(|at| format!(" Results are complete to {}", clock(at)));
    let waiting = match freshness.waiting {
        0 => None,
        1 => Some("1 answer waits".to_owned()),
        n => Some(format!("{} wait", words::of(n, "answer"))),
    };
    let rest = match (complete, waiting) {
        (Some(complete), Some(waiting)) => format!("{complete}; {waiting}."),
        (Some(complete), None) => format!("{complete}."),
        (None, Some(waiting)) => format!(" Results are late; {waiting}."),
        (None, None) => " Results may be late.".to_owned(),
    };
    Some(Indicator { state, sentence: format!("Answers that students hand in are safe.{rest}") })
}

/// What a teacher reads of a question without an answer: nothing of the students, whose network may be another.
fn not_told(error: &ApiError, since: &str) -> Indicator {
    match error {
        ApiError::Unreachable { .. } => Indicator {
            state: State::Disconnected,
            sentence: format!("This page has not reached the server since {since} and keeps trying."),
        },
        _ => Indicator {
            state: State::Unknown,
            sentence: format!(
                "Since {since} the server has not said whether results are late. This page keeps asking."
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::freshness::{StreamFreshness, Thresholds};
    use crate::api::health::StreamHealth;

    const T: Millis = 1_700_000_000_000;

    fn clock(at: Millis) -> String {
        format!("T{:+}", (at - T) / 1_000)
    }

    fn stream(waiting: i64, since: Option<Millis>) -> StreamHealth {
        let freshness = StreamFreshness {
            measured_at: Some(T),
            waiting,
            oldest_waiting: since,
            last_landed: Some(T - 5_000),
            heartbeat_every_ms: Some(10_000),
            thresholds: Thresholds::default(),
            problem: Some("the lake is full".to_owned()),
        };
        StreamHealth { name: "s".to_owned(), freshness }
    }

    fn known(streams: Vec<StreamHealth>) -> Known {
        Ok(DeliveryHealth { now: T, streams })
    }

    fn unreachable() -> Known {
        Err(ApiError::Unreachable { message: "no network".to_owned() })
    }

    #[test]
    fn an_admin_reads_the_worst_stream_since_when_and_how_much_waits() {
        let of = |known: &Known| {
            let Indicator { state, sentence } = for_admin(known, T - 9_000, T, clock);
            (state, sentence)
        };
        let live = stream(0, None);
        assert_eq!(of(&known(vec![live.clone()])).0, State::Live);
        let (state, sentence) = of(&known(vec![live.clone(), stream(12, Some(T - 60_000)), live]));
        assert_eq!(state, State::Delayed);
        assert_eq!(sentence, "s: 12 records wait, the oldest for 60\u{a0}s, since T-60. the lake is full.");
        assert_eq!(
            of(&unreachable()),
            (State::Disconnected, "this page lost the server at T-9 and keeps trying".to_owned())
        );
        let (state, sentence) = of(&Err(ApiError::unavailable("busy")));
        assert_eq!((state, &*sentence), (State::Unknown, "its state has not been readable since T-9: busy"));
        assert_eq!(of(&known(Vec::new())).0, State::Unknown);
    }

    #[test]
    fn a_teacher_reads_nothing_while_all_is_well_and_mild_words_in_trouble() {
        let of = |known: &Known| for_teacher(known, T - 9_000, T, clock).map(|indicator| indicator.sentence);
        assert_eq!(of(&known(vec![stream(0, None)])), None);
        assert_eq!(of(&known(vec![stream(3, Some(T - 5_000))])), None, "a few seconds are no trouble");
        let safe = "Answers that students hand in are safe.";
        for (waiting, says) in [
            (12, " Results are complete to T-60; 12 answers wait."),
            (1, " Results are complete to T-60; 1 answer waits."),
            (0, " Results are complete to T-60."),
        ] {
            assert_eq!(of(&known(vec![stream(waiting, Some(T - 60_000))])), Some(format!("{safe}{says}")));
        }
        let mut never = stream(0, None);
        never.freshness.measured_at = None;
        never.freshness.last_landed = None;
        assert_eq!(of(&known(vec![never])), Some(format!("{safe} Results may be late.")));
    }

    #[test]
    fn a_teacher_who_is_not_answered_reads_only_what_is_known() {
        let of = |known: &Known| for_teacher(known, T - 9_000, T, clock).map(|said| (said.state, said.sentence));
        let says = "This page has not reached the server since T-9 and keeps trying.".to_owned();
        assert_eq!(of(&unreachable()), Some((State::Disconnected, says)));
        let says = "Since T-9 the server has not said whether results are late. This page keeps asking.".to_owned();
        assert_eq!(of(&Err(ApiError::unavailable("busy"))), Some((State::Unknown, says)));
    }
}
