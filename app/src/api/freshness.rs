//! Freshness: how current a picture is, and the verdict over it.
//!
//! Owns the measurement's shape and the pure function that judges it; the same code judges on the server, for the
//! admin, and in the browser, where the age ticks between two measurements. Does not own a clock and does not measure:
//! `server::freshness` does, from what was accepted and what has landed.

use serde::{Deserialize, Serialize};

use super::Millis;

/// An answer that waits for less than this is simply on its way: a page in the middle of a lesson is *Live* although
/// at every instant some answer is between the two stores. Unless the configuration says otherwise.
pub const ON_ITS_WAY_MS: i64 = 1_000;

/// How long an answer may wait before the picture is *Delayed*, where delivery does not wait on purpose. Unless the configuration says otherwise.
pub const PATIENCE_MS: i64 = 10_000;

/// A measurement older than this no longer says anything about now. Unless the configuration says otherwise.
pub const STALE_AFTER_MS: i64 = 10_000;

/// An instant that lies further ahead than this was written by another clock than the one that `now` is told by, such as
/// that of a server whose clock has been set back between two starts. Its age is not known. Within it, a page only lags
/// a little behind its server.
pub const AHEAD_MS: i64 = 3_000;

/// One assignment's freshness, measured from the two stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Freshness {
    /// Server time of the measurement, taken before the first store was asked.
    pub measured_at: Millis,
    /// Answers in the transactional store.
    pub accepted: i64,
    /// Of these, in the warehouse. Equal to `accepted` only if none waits; records of strangers are not among them.
    pub landed: i64,
    /// Every answer accepted before this instant has landed.
    pub complete_through: Millis,
    /// When the oldest answer that has not landed was accepted.
    pub oldest_waiting: Option<Millis>,
    /// Whether the assignment takes no more answers.
    pub closed: bool,
    /// Submissions in the transactional store: of a student who handed in twice there are two.
    #[serde(default)]
    pub submissions: i64,
    /// Of these, the ones of which not every answer is in the warehouse.
    #[serde(default)]
    pub submissions_waiting: i64,
    /// When the last submission was accepted; absent if there is none.
    #[serde(default)]
    pub last_submitted_at: Option<Millis>,
    /// What the verdict goes by; the patience is beyond what the stream's buffering hints allow.
    pub thresholds: Thresholds,
}

/// From when on a wait is worth a word, in milliseconds. The server's configuration says so, and each measurement carries
/// it, so that browser and server judge alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Thresholds {
    /// As [`ON_ITS_WAY_MS`].
    pub on_its_way_ms: i64,
    /// As [`PATIENCE_MS`].
    pub patience_ms: i64,
    /// As [`STALE_AFTER_MS`].
    pub stale_after_ms: i64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { on_its_way_ms: ON_ITS_WAY_MS, patience_ms: PATIENCE_MS, stale_after_ms: STALE_AFTER_MS }
    }
}

impl Thresholds {
    /// The same for a stream whose batches wait for so many milliseconds on purpose.
    #[must_use]
    pub const fn waiting(self, on_purpose_ms: i64) -> Self {
        Self { patience_ms: self.patience_ms + on_purpose_ms, ..self }
    }

    /// The verdict on what has been waiting since `oldest`.
    fn waiting_since(&self, oldest: Millis, now: Millis) -> State {
        match age(oldest, now) {
            None => State::Delayed,
            Some(age) if age > self.patience_ms => State::Delayed,
            Some(age) if age > self.on_its_way_ms => State::CatchingUp,
            Some(_) => State::Live,
        }
    }

    /// Whether a measurement still says something about now.
    fn is_current(&self, measured_at: Millis, now: Millis) -> bool {
        age(measured_at, now).is_some_and(|age| age <= self.stale_after_ms)
    }
}

/// The verdict. Its names are the words on the badge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Whatever was accepted is counted, or has been on its way for less than a second.
    Live,
    /// Answers wait.
    CatchingUp,
    /// Answers have waited for too long, or nobody knows how many do.
    Delayed,
    /// Closed, and every accepted answer is counted.
    Final,
    /// This browser has lost the server.
    Disconnected,
    /// Never measured.
    Unknown,
    /// An instant in the past is shown, whatever is so now. Only a page says so.
    Past,
}

impl State {
    /// The word on the badge.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "Live",
            Self::CatchingUp => "Catching up",
            Self::Delayed => "Delayed",
            Self::Final => "Final",
            Self::Disconnected => "Disconnected",
            Self::Unknown => "Unknown",
            Self::Past => "Not now",
        }
    }
}

impl Freshness {
    /// Accepted and not landed.
    #[must_use]
    pub fn waiting(&self) -> i64 {
        (self.accepted - self.landed).max(0)
    }

    /// The verdict at `now`, in server time. It only gets worse as `now` moves on and no new measurement comes; an instant
    /// in the future makes it *Delayed*.
    #[must_use]
    pub fn state(&self, now: Millis) -> State {
        if age(self.measured_at, now).is_none() {
            return State::Delayed;
        }
        if self.waiting() > 0 || self.oldest_waiting.is_some() {
            return self.thresholds.waiting_since(self.oldest_waiting.unwrap_or(self.complete_through), now);
        }
        match (self.closed, self.thresholds.is_current(self.measured_at, now)) {
            (true, _) => State::Final,
            (false, true) => State::Live,
            (false, false) => State::Delayed,
        }
    }
}

/// A delivery stream's freshness: what waits between the transactional store and its table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StreamFreshness {
    /// Server time of the measurement; absent if there has been none.
    pub measured_at: Option<Millis>,
    /// Records accepted and not landed, wherever they are.
    pub waiting: i64,
    /// When the oldest of them was accepted.
    pub oldest_waiting: Option<Millis>,
    /// The last instant at which a record, an answer or a heartbeat, landed.
    pub last_landed: Option<Millis>,
    /// How often a heartbeat is sent when no one answers, in milliseconds; absent for a stream without heartbeats, which
    /// is judged by what waits alone.
    pub heartbeat_every_ms: Option<i64>,
    /// As in [`Freshness::thresholds`].
    pub thresholds: Thresholds,
    /// What the failing stage said last, if one is failing.
    pub problem: Option<String>,
}

impl StreamFreshness {
    /// The verdict at `now`, in server time.
    ///
    /// A quiet stream that is alive has landed a heartbeat lately; a dead one has not, so that silence alone makes the
    /// verdict worse. An instant in the future makes it *Delayed*.
    #[must_use]
    pub fn state(&self, now: Millis) -> State {
        let Some(measured_at) = self.measured_at else { return State::Unknown };
        if !self.thresholds.is_current(measured_at, now) {
            return State::Delayed;
        }
        if let Some(oldest) = self.oldest_waiting {
            return self.thresholds.waiting_since(oldest, now);
        }
        let Some(every) = self.heartbeat_every_ms else { return State::Live };
        let Some(last_landed) = self.last_landed else { return State::Unknown };
        match age(last_landed, now) {
            Some(age) if age <= every + self.thresholds.patience_ms => State::Live,
            _ => State::Delayed,
        }
    }
}

/// How long ago `at` was, at `now`, in milliseconds; `None` if nobody can tell.
#[must_use]
pub fn age(at: Millis, now: Millis) -> Option<i64> {
    let age = now.saturating_sub(at);
    (age >= -AHEAD_MS).then_some(age)
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Millis = 1_700_000_000_000;

    fn all_counted() -> Freshness {
        Freshness {
            measured_at: T,
            accepted: 280,
            landed: 280,
            complete_through: T,
            oldest_waiting: None,
            closed: false,
            submissions: 28,
            submissions_waiting: 0,
            last_submitted_at: Some(T - 60_000),
            thresholds: Thresholds::default(),
        }
    }

    /// As a server of an older build says it.
    #[test]
    fn a_measurement_that_counts_no_submissions_is_read_all_the_same() {
        let mut written = serde_json::to_value(all_counted()).expect("written");
        let fields = written.as_object_mut().expect("fields");
        for newer in ["submissions", "submissions_waiting", "last_submitted_at"] {
            assert!(fields.remove(newer).is_some(), "{newer}");
        }
        let read: Freshness = serde_json::from_value(written).expect("read");
        assert_eq!(read, Freshness { submissions: 0, last_submitted_at: None, ..all_counted() });
    }

    fn one_waits_since(oldest: Millis) -> Freshness {
        Freshness {
            landed: 279,
            submissions_waiting: 1,
            complete_through: oldest,
            oldest_waiting: Some(oldest),
            ..all_counted()
        }
    }

    #[test]
    fn all_counted_is_live_and_final_once_closed() {
        assert_eq!(all_counted().state(T + 50), State::Live);
        assert_eq!(Freshness { closed: true, ..all_counted() }.state(T + 50), State::Final);
    }

    #[test]
    fn closed_with_an_answer_waiting_is_not_final() {
        let f = Freshness { closed: true, ..one_waits_since(T - 3_000) };
        assert_eq!(f.state(T), State::CatchingUp);
    }

    #[test]
    fn an_answer_ages_from_on_its_way_to_catching_up_to_delayed() {
        let f = one_waits_since(T);
        assert_eq!(f.state(T + ON_ITS_WAY_MS), State::Live);
        assert_eq!(f.state(T + ON_ITS_WAY_MS + 1), State::CatchingUp);
        assert_eq!(f.state(T + PATIENCE_MS), State::CatchingUp);
        assert_eq!(f.state(T + PATIENCE_MS + 1), State::Delayed);
    }

    #[test]
    fn an_answer_that_waits_because_batches_are_to_be_large_is_not_delayed() {
        let f = Freshness { thresholds: Thresholds::default().waiting(60_000), ..one_waits_since(T - 55_000) };
        assert_eq!(f.state(T), State::CatchingUp);
        let quiet = StreamFreshness {
            thresholds: Thresholds::default().waiting(60_000),
            last_landed: Some(T - 75_000),
            ..quiet_stream()
        };
        assert_eq!(quiet.state(T), State::Live, "its heartbeat waits with the batch");
    }

    #[test]
    fn without_a_new_measurement_the_verdict_gets_worse_and_never_better() {
        fn rank(s: State) -> u8 {
            match s {
                State::Live | State::Final => 0,
                State::CatchingUp => 1,
                _ => 2,
            }
        }
        for f in [all_counted(), one_waits_since(T), one_waits_since(T - 5_000)] {
            let ranks: Vec<u8> = (0..30).map(|s| rank(f.state(T + s * 1_000))).collect();
            assert!(ranks.is_sorted(), "{f:?}: {ranks:?}");
            assert_eq!(ranks.last(), Some(&2), "{f:?} must not stay live without a measurement");
        }
    }

    #[test]
    fn more_landed_than_accepted_does_not_hide_a_waiting_answer() {
        let f = Freshness { landed: 281, oldest_waiting: Some(T - 60_000), ..all_counted() };
        assert_eq!(f.state(T), State::Delayed);
    }

    /// After a restart with an earlier clock.
    #[test]
    fn what_lies_in_the_future_is_delayed_and_never_live() {
        let ahead = T + 3_600_000;
        for f in [
            one_waits_since(ahead),
            Freshness { measured_at: T, oldest_waiting: None, ..one_waits_since(ahead) },
            Freshness { measured_at: ahead, ..all_counted() },
            Freshness { measured_at: ahead, ..one_waits_since(T - 5_000) },
            Freshness { measured_at: ahead, closed: true, ..all_counted() },
        ] {
            assert_eq!(f.state(T), State::Delayed, "{f:?}");
        }
        for s in [
            StreamFreshness { measured_at: Some(ahead), ..quiet_stream() },
            StreamFreshness { oldest_waiting: Some(ahead), waiting: 1, ..quiet_stream() },
            StreamFreshness { last_landed: Some(ahead), ..quiet_stream() },
        ] {
            assert_eq!(s.state(T), State::Delayed, "{s:?}");
        }
    }

    #[test]
    fn a_page_that_lags_a_little_behind_its_server_still_judges() {
        assert_eq!(all_counted().state(T - AHEAD_MS), State::Live);
        assert_eq!(all_counted().state(T - AHEAD_MS - 1), State::Delayed);
        assert_eq!(one_waits_since(T).state(T - AHEAD_MS), State::Live);
        let landed_now = StreamFreshness { last_landed: Some(T), ..quiet_stream() };
        assert_eq!(landed_now.state(T - AHEAD_MS), State::Live);
    }

    fn quiet_stream() -> StreamFreshness {
        StreamFreshness {
            measured_at: Some(T),
            waiting: 0,
            oldest_waiting: None,
            last_landed: Some(T - 5_000),
            heartbeat_every_ms: Some(10_000),
            thresholds: Thresholds::default(),
            problem: None,
        }
    }

    #[test]
    fn a_quiet_stream_with_heartbeats_is_live_and_one_without_is_delayed() {
        assert_eq!(quiet_stream().state(T), State::Live);
        let dead = StreamFreshness { last_landed: Some(T - 21_000), ..quiet_stream() };
        assert_eq!(dead.state(T), State::Delayed);
        let young = StreamFreshness { last_landed: None, ..quiet_stream() };
        assert_eq!(young.state(T), State::Unknown);
        let without = StreamFreshness { last_landed: None, heartbeat_every_ms: None, ..quiet_stream() };
        assert_eq!(without.state(T), State::Live, "nothing waits, and nothing is expected");
    }

    #[test]
    fn a_stream_never_measured_is_unknown_and_a_stale_one_delayed() {
        assert_eq!(StreamFreshness { measured_at: None, ..quiet_stream() }.state(T), State::Unknown);
        assert_eq!(quiet_stream().state(T + STALE_AFTER_MS + 1), State::Delayed);
    }
}
