//! The freshness line in words. The badge only renders it.

use super::words;
use crate::api::Millis;
use crate::api::freshness::{Freshness, State, StreamFreshness};
use crate::api::pipeline::StreamStatus;

/// Whether this page hears its server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    /// Not yet.
    #[default]
    Opening,
    /// Yes.
    Open,
    /// Not since this instant, in server time.
    Lost(Millis),
}

/// What the freshness line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indicator {
    /// The verdict.
    pub state: State,
    /// The sentence beside the verdict's word.
    pub sentence: String,
}

/// Judges and words one assignment's freshness at `now`, in server time. Here and below, `clock` writes an instant as a
/// time of day, with its date where that is not today.
#[must_use]
pub fn indicator(
    freshness: Option<&Freshness>,
    connection: Connection,
    now: Millis,
    clock: impl Fn(Millis) -> String,
) -> Indicator {
    if let Connection::Lost(since) = connection {
        return disconnected(freshness, since, clock);
    }
    let Some(f) = freshness else {
        return Indicator { state: State::Unknown, sentence: "Not measured yet".to_owned() };
    };
    let state = f.state(now);
    let counted = format!("{} of {}", words::count(f.landed), words::count(f.accepted));
    let through = clock(f.complete_through);
    let sentence = match state {
        State::Live if f.accepted == 0 => "No answers yet; this page fills by itself".to_owned(),
        State::Live => format!("All answers received by {through} are counted: {counted}"),
        State::Final if f.accepted == 0 => "Closed without an answer".to_owned(),
        State::Final => format!("Closed, and every answer is counted: {counted}"),
        _ if f.waiting() > 0 => {
            let oldest = words::age(now - f.oldest_waiting.unwrap_or(f.complete_through));
            let waiting = words::of(f.waiting(), "answer");
            let wait = if f.waiting() == 1 { "waits" } else { "wait" };
            format!("{waiting} {wait}, the oldest for {oldest}. Counted: {counted}, complete to {through}")
        }
        _ => format!("Counted until {through}: {counted}. It has not been possible to check since"),
    };
    Indicator { state, sentence }
}

/// Words what was accepted by an instant in the past.
#[must_use]
pub fn as_of_indicator(f: &Freshness, as_of: Millis, now: Millis, clock: impl Fn(Millis) -> String) -> Indicator {
    let counted = format!("{} of {}", words::count(f.landed), words::count(f.accepted));
    let at = clock(as_of);
    if f.waiting() == 0 && f.oldest_waiting.is_none() {
        let sentence = format!("As it stood at {at}: every answer received by then is counted, {counted}");
        return Indicator { state: State::Final, sentence };
    }
    let sentence =
        format!("As it stood at {at}, as far as it is known: {counted} answers received by then are counted");
    Indicator { state: f.state(now), sentence }
}

fn disconnected(freshness: Option<&Freshness>, since: Millis, clock: impl Fn(Millis) -> String) -> Indicator {
    let lost = format!("This page lost the server at {} and keeps trying", clock(since));
    let sentence = match freshness {
        None => lost,
        Some(f) => format!(
            "{lost}. Counted until {}: {} of {}",
            clock(f.complete_through),
            words::count(f.landed),
            words::count(f.accepted)
        ),
    };
    Indicator { state: State::Disconnected, sentence }
}

/// Judges and words a delivery stream's freshness.
#[must_use]
pub fn stream_indicator(name: &str, f: &StreamFreshness, now: Millis, clock: impl Fn(Millis) -> String) -> Indicator {
    let state = f.state(now);
    let problem = f.problem.as_deref().map(|p| format!(" {p}.")).unwrap_or_default();
    let sentence = match (state, f.oldest_waiting) {
        (State::Live, _) => format!("{name}: every record accepted has landed"),
        (State::Unknown, _) => format!("{name} has not been measured.{problem}"),
        (_, Some(oldest)) => format!(
            "{name}: {} {}, the oldest for {}, since {}.{problem}",
            words::of(f.waiting, "record"),
            if f.waiting == 1 { "waits" } else { "wait" },
            words::age(now - oldest),
            clock(oldest)
        ),
        (_, None) => match f.last_landed {
            Some(at) => format!("{name}: nothing has landed since {}, not even a heartbeat.{problem}", clock(at)),
            None => format!("{name}: nothing has landed yet.{problem}"),
        },
    };
    Indicator { state, sentence }
}

/// The worst stream's verdict; of several that are equally bad, the first one's.
#[must_use]
pub fn worst(streams: &[StreamStatus], now: Millis, clock: impl Fn(Millis) -> String) -> Option<Indicator> {
    streams
        .iter()
        .rev()
        .map(|s| stream_indicator(&s.name, &s.freshness, now, &clock))
        .max_by_key(|indicator| badness(indicator.state))
}

/// How many streams there are besides the worst, and how many of them are live.
#[must_use]
pub fn others(streams: &[StreamStatus], now: Millis) -> String {
    let live = streams.iter().filter(|s| s.freshness.state(now) == State::Live).count();
    match streams.len().saturating_sub(1) {
        _ if live == streams.len() => words::of(live as i64, "delivery stream"),
        0 => String::new(),
        others if others == live => "every other stream is live".to_owned(),
        others => format!("{live} of {} live", words::of(others as i64, "other stream")),
    }
}

/// What stands at the right of the line: how long ago the figures changed, as far as this page has seen. `first` is when
/// it saw figures first. Nothing where nothing is known of now, or nothing changes any more.
#[must_use]
pub fn last_change(
    state: State,
    changed: Option<Millis>,
    first: Option<Millis>,
    now: Millis,
    clock: impl Fn(Millis) -> String,
) -> String {
    match (state, changed, first) {
        (State::Final | State::Disconnected | State::Unknown, _, _) | (_, None, None) => String::new(),
        (_, Some(at), _) if now - at < 1_000 => "changed just now".to_owned(),
        (_, Some(at), _) => format!("changed {} ago", words::age(now - at)),
        (_, None, Some(at)) => format!("no change since {}", clock(at)),
    }
}

pub(super) const fn badness(state: State) -> u8 {
    match state {
        State::Final | State::Live => 0,
        State::CatchingUp => 1,
        State::Unknown => 2,
        State::Delayed => 3,
        State::Disconnected => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::freshness::Thresholds;

    const T: Millis = 1_700_000_000_000;

    fn clock(at: Millis) -> String {
        format!("T{:+}", (at - T) / 1_000)
    }

    fn measured(landed: i64) -> Freshness {
        let waits = landed < 280;
        Freshness {
            measured_at: T,
            accepted: 280,
            landed,
            complete_through: if waits { T - 3_000 } else { T },
            oldest_waiting: waits.then_some(T - 3_000),
            closed: false,
            thresholds: Thresholds::default(),
        }
    }

    fn says(f: Option<&Freshness>, connection: Connection, now: Millis) -> (State, String) {
        let indicator = indicator(f, connection, now, clock);
        (indicator.state, indicator.sentence)
    }

    #[test]
    fn each_state_has_its_sentence() {
        let open = Connection::Open;
        assert_eq!(says(None, open, T), (State::Unknown, "Not measured yet".into()));
        assert_eq!(
            says(Some(&measured(280)), open, T),
            (State::Live, "All answers received by T+0 are counted: 280 of 280".into())
        );
        assert_eq!(
            says(Some(&measured(276)), open, T),
            (State::CatchingUp, "4 answers wait, the oldest for 3\u{a0}s. Counted: 276 of 280, complete to T-3".into())
        );
        assert_eq!(says(Some(&measured(279)), open, T + 60_000).0, State::Delayed);
        assert_eq!(
            says(Some(&Freshness { closed: true, ..measured(280) }), open, T),
            (State::Final, "Closed, and every answer is counted: 280 of 280".into())
        );
        assert_eq!(
            says(Some(&measured(280)), Connection::Lost(T + 5_000), T + 9_000),
            (
                State::Disconnected,
                "This page lost the server at T+5 and keeps trying. Counted until T+0: 280 of 280".into()
            )
        );
    }

    #[test]
    fn the_past_is_final_once_all_that_was_received_by_then_has_landed() {
        let indicator = as_of_indicator(&measured(280), T - 60_000, T, clock);
        assert_eq!(indicator.state, State::Final);
        assert_eq!(indicator.sentence, "As it stood at T-60: every answer received by then is counted, 280 of 280");
        let indicator = as_of_indicator(&measured(276), T - 60_000, T, clock);
        assert_eq!(indicator.state, State::CatchingUp);
        assert!(indicator.sentence.contains("as far as it is known: 276 of 280"), "{}", indicator.sentence);
    }

    #[test]
    fn without_a_measurement_the_line_stops_claiming_to_be_live() {
        let (state, sentence) = says(Some(&measured(280)), Connection::Open, T + 11_000);
        assert_eq!(state, State::Delayed);
        assert!(sentence.contains("has not been possible to check"), "{sentence}");
    }

    #[test]
    fn the_last_change_is_told_where_it_can_be_known() {
        let says = |state, changed, first| last_change(state, changed, first, T, clock);
        assert_eq!(says(State::Live, None, None), "", "no figures yet");
        assert_eq!(says(State::Live, None, Some(T - 60_000)), "no change since T-60");
        assert_eq!(says(State::CatchingUp, Some(T - 2_000), Some(T - 60_000)), "changed 2\u{a0}s ago");
        assert_eq!(says(State::Live, Some(T - 900), None), "changed just now");
        assert_eq!(says(State::Final, Some(T - 2_000), Some(T - 60_000)), "", "it cannot change any more");
        assert_eq!(says(State::Disconnected, Some(T - 2_000), None), "", "it may have changed since");
    }

    fn stream(name: &str, waiting: i64) -> StreamStatus {
        StreamStatus {
            name: name.to_owned(),
            freshness: StreamFreshness {
                measured_at: Some(T),
                waiting,
                oldest_waiting: (waiting > 0).then_some(T - 8_000),
                last_landed: Some(T - 1_000),
                heartbeat_every_ms: Some(10_000),
                thresholds: Thresholds::default(),
                problem: None,
            },
            stages: vec![],
            heartbeat: None,
            parked: Vec::new(),
        }
    }

    #[test]
    fn the_other_streams_are_counted() {
        let says = |waiting: &[i64]| others(&waiting.iter().map(|n| stream("s", *n)).collect::<Vec<_>>(), T);
        assert_eq!(says(&[0, 0]), "2 delivery streams");
        assert_eq!(says(&[1]), "");
        assert_eq!(says(&[1, 0, 0]), "every other stream is live");
        assert_eq!(says(&[1, 0, 4]), "1 of 2 other streams live");
    }

    #[test]
    fn the_worst_stream_speaks() {
        let verdict = worst(&[stream("a", 0), stream("b", 1_204), stream("c", 0)], T, clock).expect("a verdict");
        assert_eq!(verdict.state, State::CatchingUp);
        assert_eq!(verdict.sentence, "b: 1,204 records wait, the oldest for 8\u{a0}s, since T-8.");
    }
}
