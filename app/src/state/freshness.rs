//! The freshness line in words. The badge only renders it.

use super::words;
use crate::api::Millis;
use crate::api::freshness::{Freshness, State, StreamFreshness};
use crate::api::health::StreamHealth;
use crate::api::results::Participation;

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

/// How an instant is written, with its date where that is not today.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// `10:41:07`.
    pub second: fn(Millis) -> String,
    /// `10:41`.
    pub minute: fn(Millis) -> String,
}

/// What the freshness line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indicator {
    /// The verdict.
    pub state: State,
    /// What stands first, and is said aloud when it changes: the verdict's word, or which instant is shown.
    pub word: String,
    /// The sentence beside it.
    pub sentence: String,
}

impl Indicator {
    /// With the verdict's own word.
    #[must_use]
    pub fn of(state: State, sentence: impl Into<String>) -> Self {
        Self { state, word: state.word().to_owned(), sentence: sentence.into() }
    }
}

/// Judges and words one assignment's freshness at `now`, in server time: first how many have submitted, and whether all
/// of that is counted. `shown`: nothing where nothing has been measured yet.
#[must_use]
pub fn indicator(
    shown: Option<(&Freshness, Participation)>,
    connection: Connection,
    now: Millis,
    clock: Clock,
) -> Indicator {
    if let Connection::Lost(since) = connection {
        return disconnected(shown, since, clock);
    }
    let Some((f, class)) = shown else { return Indicator::of(State::Unknown, "Not measured yet") };
    let state = f.state(now);
    let submitted = words::submitted(class);
    let through = (clock.second)(f.complete_through);
    let last = last_one(f, clock);
    let closed = if f.closed { "Closed: " } else { "" };
    let sentence = match state {
        State::Live if f.accepted == 0 => "No answers yet; this page fills by itself".to_owned(),
        State::Live if is_behind(f) => {
            format!("{submitted}, {} on the way{last}", on_the_way(f))
        }
        State::Live => format!("Up to date: {submitted}, all counted{last}"),
        State::Final if f.accepted == 0 => "Closed: nobody submitted".to_owned(),
        State::Final => format!("Closed: {submitted}, all counted{last}"),
        _ if is_behind(f) => {
            let oldest = words::age(now - f.oldest_waiting.unwrap_or(f.complete_through));
            format!("{closed}{submitted}. {}, the oldest for {oldest}. Complete to {through}", not_counted(f))
        }
        _ => format!("{submitted} by {through}, all counted. It has not been possible to check since"),
    };
    Indicator::of(state, sentence)
}

/// Words what was accepted by an instant in the past, so that nobody takes it for now.
#[must_use]
pub fn past_indicator(
    f: &Freshness,
    class: Participation,
    as_of: Millis,
    connection: Connection,
    clock: Clock,
) -> Indicator {
    let counted = match (f.accepted, is_behind(f)) {
        (0, _) => "Nobody had submitted by then".to_owned(),
        (_, false) => format!("{} by then, all counted", had_submitted(class)),
        (_, true) => format!("{} by then. {}", had_submitted(class), not_counted(f)),
    };
    let sentence = match connection {
        Connection::Lost(since) => format!("{counted}. {}", lost(since, clock.second)),
        _ => counted,
    };
    Indicator { state: State::Past, word: format!("Showing {}, not now", (clock.minute)(as_of)), sentence }
}

/// How the figures of a file stood at an instant, which `clock` writes.
#[must_use]
pub fn as_it_stood(f: &Freshness, as_of: Millis, clock: impl Fn(Millis) -> String) -> String {
    let counted = answers(f);
    let at = clock(as_of);
    if is_behind(f) {
        return format!("As it stood at {at}, as far as it is known: {counted} answers received by then are counted");
    }
    format!("As it stood at {at}: every answer received by then is counted, {counted}")
}

/// Beside the line: how many answers are counted, of those that were received; nothing where there are none.
#[must_use]
pub fn answers_counted(f: &Freshness) -> String {
    if f.accepted == 0 { String::new() } else { format!("{} answers counted", answers(f)) }
}

/// In a word, for a list of several: whether what was submitted is counted.
#[must_use]
pub fn briefly(f: &Freshness, now: Millis) -> String {
    let waiting = on_the_way(f);
    match f.state(now) {
        _ if f.accepted == 0 => String::new(),
        State::Live if is_behind(f) => format!("{waiting} on the way"),
        State::Live | State::Final => "all counted".to_owned(),
        _ if is_behind(f) => format!("{waiting} not counted yet"),
        _ => "not checked lately".to_owned(),
    }
}

fn is_behind(f: &Freshness) -> bool {
    f.waiting() > 0 || f.submissions_waiting > 0 || f.oldest_waiting.is_some()
}

fn answers(f: &Freshness) -> String {
    format!("{} of {}", words::count(f.landed), words::count(f.accepted))
}

fn had_submitted(class: Participation) -> String {
    format!("{} of {} had submitted", words::count(class.submitted), words::count(class.students))
}

/// When the last submission came.
fn last_one(f: &Freshness, clock: Clock) -> String {
    f.last_submitted_at.map(|at| format!(" (last at {})", (clock.minute)(at))).unwrap_or_default()
}

/// `2 submissions (20 answers) are not counted yet`, or answers alone where submissions were not counted.
fn not_counted(f: &Freshness) -> String {
    let answers = words::of(f.waiting(), "answer");
    let (what, n) = match (f.submissions_waiting, f.waiting()) {
        (0, waiting) => (answers, waiting),
        (n, 0) => (words::of(n, "submission"), n),
        (n, _) => (format!("{} ({answers})", words::of(n, "submission")), n),
    };
    format!("{what} {} not counted yet", if n == 1 { "is" } else { "are" })
}

/// How much is on its way, in few words.
fn on_the_way(f: &Freshness) -> String {
    let (what, n) = match f.submissions_waiting {
        0 => ("answer", f.waiting()),
        n => ("submission", n),
    };
    words::of(n.max(1), what)
}

/// Since when the server is not heard.
pub(super) fn lost(since: Millis, clock: impl Fn(Millis) -> String) -> String {
    format!("This page lost the server at {} and keeps trying", clock(since))
}

fn disconnected(shown: Option<(&Freshness, Participation)>, since: Millis, clock: Clock) -> Indicator {
    let lost = lost(since, clock.second);
    let sentence = match shown {
        None => lost,
        Some((f, class)) => {
            let counted = if is_behind(f) { not_counted(f) } else { "all counted".to_owned() };
            format!("{lost}. Last known at {}: {}, {counted}", (clock.second)(f.measured_at), words::submitted(class))
        }
    };
    Indicator::of(State::Disconnected, sentence)
}

/// Judges and words a delivery stream's freshness. `clock` writes an instant.
#[must_use]
pub fn stream_indicator(name: &str, f: &StreamFreshness, now: Millis, clock: impl Fn(Millis) -> String) -> Indicator {
    let state = f.state(now);
    let problem = f.problem.as_deref().map(|problem| format!(" {}", words::sentence(problem))).unwrap_or_default();
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
            Some(at) => {
                format!("{name}: no data has arrived since {}. The pipeline may be stopped.{problem}", clock(at))
            }
            None => format!("{name}: no data has arrived yet.{problem}"),
        },
    };
    Indicator::of(state, sentence)
}

/// How many streams there are besides the worst, and how many of them are live.
#[must_use]
pub fn others(streams: &[StreamHealth], now: Millis) -> String {
    let live = streams.iter().filter(|s| s.freshness.state(now) == State::Live).count();
    match streams.len().saturating_sub(1) {
        _ if live == streams.len() => words::of(live as i64, "delivery stream"),
        0 => String::new(),
        others if others == live => "every other stream is live".to_owned(),
        others => format!("{live} of {} live", words::of(others as i64, "other stream")),
    }
}

pub(super) const fn badness(state: State) -> u8 {
    match state {
        State::Final | State::Live | State::Past => 0,
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

    const CLOCK: Clock = Clock { second: clock, minute: |at| format!("T{:+}min", (at - T) / 60_000) };
    const CLASS: Participation = Participation { students: 31, working: 2, submitted: 28 };

    /// Of 28 submissions with ten answers each; the last came two minutes ago.
    fn measured(landed: i64) -> Freshness {
        let waits = landed < 280;
        Freshness {
            measured_at: T,
            accepted: 280,
            landed,
            complete_through: if waits { T - 3_000 } else { T },
            oldest_waiting: waits.then_some(T - 3_000),
            closed: false,
            submissions: 28,
            submissions_waiting: (280 - landed + 9) / 10,
            last_submitted_at: Some(T - 120_000),
            thresholds: Thresholds::default(),
        }
    }

    fn says(f: Option<&Freshness>, connection: Connection, now: Millis) -> (State, String) {
        let indicator = indicator(f.map(|f| (f, CLASS)), connection, now, CLOCK);
        assert_eq!(indicator.word, indicator.state.word());
        (indicator.state, indicator.sentence)
    }

    #[test]
    fn each_state_has_its_sentence_and_submissions_are_counted_first() {
        let open = Connection::Open;
        let closed = |landed| Freshness { closed: true, ..measured(landed) };
        assert_eq!(says(None, open, T), (State::Unknown, "Not measured yet".into()));
        assert_eq!(
            says(Some(&measured(280)), open, T),
            (State::Live, "Up to date: 28 of 31 submitted, all counted (last at T-2min)".into())
        );
        let on_the_way = Freshness { oldest_waiting: Some(T - 500), ..measured(270) };
        assert_eq!(
            says(Some(&on_the_way), open, T),
            (State::Live, "28 of 31 submitted, 1 submission on the way (last at T-2min)".into()),
            "nothing is called counted that is not"
        );
        let behind = "28 of 31 submitted. 2 submissions (14 answers) are not counted yet, the oldest for 3\u{a0}s. Complete to T-3";
        assert_eq!(says(Some(&measured(266)), open, T), (State::CatchingUp, behind.into()));
        assert_eq!(says(Some(&closed(266)), open, T), (State::CatchingUp, format!("Closed: {behind}")));
        assert!(says(Some(&measured(279)), open, T).1.contains("1 submission (1 answer) is not counted yet"));
        assert_eq!(says(Some(&measured(279)), open, T + 60_000).0, State::Delayed);
        assert_eq!(
            says(Some(&closed(280)), open, T),
            (State::Final, "Closed: 28 of 31 submitted, all counted (last at T-2min)".into())
        );
        let lost = "This page lost the server at T+5 and keeps trying. Last known at T+0: 28 of 31 submitted, ";
        let gone = Connection::Lost(T + 5_000);
        for (landed, rest) in [(280, "all counted"), (270, "1 submission (10 answers) is not counted yet")] {
            assert_eq!(says(Some(&measured(landed)), gone, T + 9_000), (State::Disconnected, format!("{lost}{rest}")));
        }
    }

    #[test]
    fn a_quiz_without_answers_says_so_open_and_closed() {
        let none = Freshness { accepted: 0, landed: 0, submissions: 0, last_submitted_at: None, ..measured(280) };
        let open = Connection::Open;
        assert_eq!(says(Some(&none), open, T).1, "No answers yet; this page fills by itself");
        assert_eq!(says(Some(&Freshness { closed: true, ..none }), open, T).1, "Closed: nobody submitted");
    }

    /// An older server counts answers alone.
    #[test]
    fn without_a_count_of_submissions_answers_are_counted() {
        let f = Freshness { submissions: 0, submissions_waiting: 0, last_submitted_at: None, ..measured(276) };
        assert!(says(Some(&f), Connection::Open, T).1.contains(". 4 answers are not counted yet, "));
        let f = Freshness { submissions: 0, last_submitted_at: None, ..measured(280) };
        assert_eq!(says(Some(&f), Connection::Open, T).1, "Up to date: 28 of 31 submitted, all counted");
    }

    #[test]
    fn the_past_is_never_live_or_final_and_says_that_it_is_not_now() {
        let says = |f: &Freshness, connection| {
            let indicator = past_indicator(f, CLASS, T - 60_000, connection, CLOCK);
            assert_eq!((indicator.state, &*indicator.word), (State::Past, "Showing T-1min, not now"));
            indicator.sentence
        };
        let open = Connection::Open;
        assert_eq!(says(&measured(280), open), "28 of 31 had submitted by then, all counted");
        assert_eq!(says(&Freshness { closed: true, ..measured(280) }, open), says(&measured(280), open));
        assert_eq!(
            says(&measured(270), open),
            "28 of 31 had submitted by then. 1 submission (10 answers) is not counted yet"
        );
        let none = Freshness { accepted: 0, landed: 0, submissions: 0, ..measured(280) };
        assert_eq!(says(&none, open), "Nobody had submitted by then");
        let lost = says(&none, Connection::Lost(T));
        assert_eq!(lost, "Nobody had submitted by then. This page lost the server at T+0 and keeps trying");
    }

    #[test]
    fn a_file_says_how_its_figures_stood() {
        let says = |landed| as_it_stood(&measured(landed), T - 60_000, clock);
        assert_eq!(says(280), "As it stood at T-60: every answer received by then is counted, 280 of 280");
        assert!(says(276).contains("as far as it is known: 276 of 280"), "{}", says(276));
    }

    #[test]
    fn a_list_says_it_in_a_word() {
        let says = |f: &Freshness, now| briefly(f, now);
        assert_eq!(says(&measured(280), T), "all counted");
        assert_eq!(says(&Freshness { oldest_waiting: Some(T - 500), ..measured(270) }, T), "1 submission on the way");
        assert_eq!(says(&measured(260), T), "2 submissions not counted yet");
        assert_eq!(says(&measured(280), T + 60_000), "not checked lately");
        assert_eq!(says(&Freshness { accepted: 0, landed: 0, ..measured(280) }, T), "", "nothing to count");
    }

    #[test]
    fn without_a_measurement_the_line_stops_claiming_to_be_live() {
        let (state, sentence) = says(Some(&measured(280)), Connection::Open, T + 11_000);
        assert_eq!(state, State::Delayed);
        assert!(sentence.contains("has not been possible to check"), "{sentence}");
    }

    #[test]
    fn a_stream_that_stands_still_says_since_when_and_what_that_may_mean() {
        let mut still = stream("a", 0).freshness;
        still.last_landed = Some(T - 60_000);
        let says = |f: &StreamFreshness| stream_indicator("a", f, T, clock).sentence;
        assert_eq!(says(&still), "a: no data has arrived since T-60. The pipeline may be stopped.");
        still.problem = Some("the disk is full".to_owned());
        assert!(says(&still).ends_with("stopped. The disk is full."), "{}", says(&still));
    }

    fn stream(name: &str, waiting: i64) -> StreamHealth {
        StreamHealth {
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
}
