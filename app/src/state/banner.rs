//! What the pages of staff say of the pipeline: the banner above them, and the admin's page.
//!
//! An admin always reads the worst stream's verdict, since when, and how many records wait. A teacher reads nothing while
//! all is well, and in trouble what it means for the class, without a word of streams.

use super::freshness::{Connection, Indicator, badness, lost, stream_indicator};
use super::words;
use crate::api::freshness::State;
use crate::api::health::DeliveryHealth;
use crate::api::{ApiError, Millis};

/// What is known, as the last question was answered. A question that did not reach the server is no answer: that is the
/// [`Connection`]'s to say.
pub type Known = Result<DeliveryHealth, ApiError>;

/// What a page has been told of the pipeline, at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// How the last question was answered; nothing before the first answer.
    pub known: Option<&'a Known>,
    /// Whether the server is heard.
    pub connection: Connection,
    /// When the state could be read last, where `known` is an error.
    pub unread_since: Millis,
    /// The instant, in server time.
    pub now: Millis,
}

impl Told<'_> {
    /// For an admin: the one state of the pipeline, on every page. `clock` writes an instant, with its date where that is not
    /// today.
    #[must_use]
    pub fn for_admin(self, clock: impl Fn(Millis) -> String) -> Indicator {
        let Self { known, connection, unread_since, now } = self;
        if let Connection::Lost(since) = connection {
            return Indicator::of(State::Disconnected, lost(since, clock));
        }
        match known {
            None => Indicator::of(State::Unknown, "Not measured yet"),
            Some(Ok(health)) => worst(health, now, clock),
            Some(Err(error)) => Indicator::of(
                State::Unknown,
                format!("Its state has not been readable since {}: {error}", clock(unread_since)),
            ),
        }
    }

    /// For a teacher; nothing while all is well.
    #[must_use]
    pub fn for_teacher(self, clock: impl Fn(Millis) -> String) -> Option<Indicator> {
        let Self { known, connection, unread_since, now } = self;
        if let Connection::Lost(since) = connection {
            // Nothing of the students, whose network may be another.
            let sentence = format!("This page has not reached the server since {} and keeps trying.", clock(since));
            return Some(Indicator::of(State::Disconnected, sentence));
        }
        let Ok(health) = known? else {
            let since = clock(unread_since);
            let sentence =
                format!("Since {since} the server has not said whether results are late. This page keeps asking.");
            return Some(Indicator::of(State::Unknown, sentence));
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
        Some(Indicator::of(state, format!("Answers that students hand in are safe.{rest}")))
    }
}

/// The worst stream's verdict; of several that are equally bad, the first one's.
fn worst(health: &DeliveryHealth, now: Millis, clock: impl Fn(Millis) -> String) -> Indicator {
    let indicators = health.streams.iter().rev().map(|s| stream_indicator(&s.name, &s.freshness, now, &clock));
    let worst = indicators.max_by_key(|indicator| badness(indicator.state));
    worst.unwrap_or_else(|| Indicator::of(State::Unknown, "No delivery stream is configured"))
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

    const OPEN: Connection = Connection::Open;
    const LOST: Connection = Connection::Lost(T - 9_000);

    #[test]
    fn an_admin_reads_the_worst_stream_since_when_and_how_much_waits() {
        let of = |known: Option<&Known>, connection| {
            let said = Told { known, connection, unread_since: T - 7_000, now: T }.for_admin(clock);
            (said.state, said.sentence)
        };
        let live = stream(0, None);
        assert_eq!(of(Some(&known(vec![live.clone()])), OPEN).0, State::Live);
        let (state, sentence) = of(Some(&known(vec![live.clone(), stream(12, Some(T - 60_000)), live])), OPEN);
        assert_eq!(state, State::Delayed);
        assert_eq!(sentence, "s: 12 records wait, the oldest for 60\u{a0}s, since T-60. The lake is full.");
        let (state, sentence) = of(Some(&Err(ApiError::unavailable("busy"))), OPEN);
        assert_eq!((state, &*sentence), (State::Unknown, "Its state has not been readable since T-7: busy"));
        assert_eq!(of(Some(&known(Vec::new())), OPEN).0, State::Unknown);
        assert_eq!(of(None, Connection::Opening).0, State::Unknown);
    }

    #[test]
    fn a_lost_server_is_the_only_state_whatever_was_known() {
        let lost = "This page lost the server at T-9 and keeps trying";
        for known in [None, Some(known(vec![stream(0, None)])), Some(Err(ApiError::unavailable("busy")))] {
            let told = Told { known: known.as_ref(), connection: LOST, unread_since: T, now: T };
            let said = told.for_admin(clock);
            assert_eq!((said.state, &*said.sentence), (State::Disconnected, lost));
        }
    }

    #[test]
    fn a_teacher_reads_nothing_while_all_is_well_and_mild_words_in_trouble() {
        let of = |known: &Known| {
            let told = Told { known: Some(known), connection: OPEN, unread_since: T - 9_000, now: T };
            told.for_teacher(clock).map(|said| said.sentence)
        };
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
        let of = |known: Option<&Known>, connection| {
            let told = Told { known, connection, unread_since: T - 7_000, now: T };
            told.for_teacher(clock).map(|said| (said.state, said.sentence))
        };
        let says = "This page has not reached the server since T-9 and keeps trying.".to_owned();
        let well = known(vec![stream(0, None)]);
        assert_eq!(of(Some(&well), LOST), Some((State::Disconnected, says)));
        let says = "Since T-7 the server has not said whether results are late. This page keeps asking.".to_owned();
        assert_eq!(of(Some(&Err(ApiError::unavailable("busy"))), OPEN), Some((State::Unknown, says)));
        assert_eq!(of(None, Connection::Opening), None, "it has only just asked");
    }
}
