//! What is known of one shard of a Kinesis stream.
//!
//! Owns that: what was fetched, how far behind that is, what went wrong, and when it is done. Where
//! reading goes on after a start is in the load history; the [`Ledger`] has the recorded cut besides, and what it takes
//! to tell whether records were lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use app::api::Millis;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

use super::reader::Answer;
use super::reading::{Position, Reading};
use super::{Reader, RemoteError};
use crate::clock::Clock;
use crate::records::source::Source;
use crate::stream::{Entry, Ledger, StreamError};
use crate::tasks;

/// Kinesis keeps every record for this long at least.
const SHORTEST_RETENTION_MS: Millis = 24 * 3_600_000;
/// That nothing waits is written down this often at most.
const BETWEEN_MARKS_MS: Millis = 600_000;

/// How far a shard has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lag {
    /// Records that were fetched and have not landed.
    pub fetched: u64,
    /// When the oldest of them arrived.
    pub oldest: Option<Millis>,
    /// When the oldest of them arrived that does not lie in the lake.
    pub oldest_outside_lake: Option<Millis>,
    /// Every record that arrived before this instant has been fetched; how many have come since is not known. `None` is
    /// that the shard has not been read yet.
    pub read_through: Option<Millis>,
}

/// A handle on one shard. Cheap to clone.
#[derive(Clone)]
pub struct RemoteShard(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) id: String,
    pub(super) ledger: Ledger,
    pub(super) clock: Clock,
    pub(super) runtime: Handle,
    pub(super) stop: watch::Receiver<bool>,
    pub(super) state: Mutex<State>,
    pub(super) end: watch::Sender<u64>,
    /// There may be something to fetch again.
    pub(super) wake: Notify,
    /// Told when the shard is closed, and when it is done.
    pub(super) changed: Arc<Notify>,
}

pub(super) struct State {
    pub(super) reading: Reading,
    /// As it is, and as it was written down last but for the mark that nothing waits.
    pub(super) entry: Entry,
    pub(super) marked_at: Option<Millis>,
    pub(super) read_through: Option<Millis>,
    pub(super) is_done: bool,
    pub(super) problem: Option<String>,
    pub(super) loss: Option<String>,
}

impl RemoteShard {
    /// Begins to read a shard; must be called on a runtime. `changed` is told when it is closed and when it is done.
    ///
    /// # Errors
    /// If its books cannot be read.
    pub fn open(
        reader: &Reader,
        id: &str,
        ledger: Ledger,
        clock: Clock,
        stop: watch::Receiver<bool>,
        changed: Arc<Notify>,
    ) -> Result<Self, StreamError> {
        let entry = Entry { is_drained: false, ..ledger.entry()? };
        let state = State {
            reading: Reading::default(),
            marked_at: entry.nothing_waited_at,
            read_through: None,
            entry,
            is_done: false,
            problem: None,
            loss: None,
        };
        let shard = Self(Arc::new(Inner {
            id: id.to_owned(),
            ledger,
            clock,
            runtime: Handle::current(),
            stop,
            state: Mutex::new(state),
            end: watch::Sender::new(0),
            wake: Notify::new(),
            changed,
        }));
        let (reader, followed) = (reader.clone(), shard.clone());
        tasks::spawn(format!("reading {}", shard.stream()), shard.stop(), move || {
            let (reader, followed) = (reader.clone(), followed.clone());
            async move { reader.follow(&followed).await }
        });
        Ok(shard)
    }

    /// What Kinesis calls it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Whether it is closed, and every record of it has landed or is parked.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state().is_done
    }

    /// Whether it takes no more records, and all of them have been fetched. Newer ones are in its children.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        let reading = &self.state().reading;
        reading.is_drained(reading.end())
    }

    /// Records that were lost, or else what the last try of reading failed with.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let state = self.state();
        state.loss.clone().or_else(|| state.problem.clone())
    }

    /// How far it has been read. Everything before `in_lake_before` lies in the lake.
    #[must_use]
    pub fn lag(&self, in_lake_before: u64) -> Lag {
        let state = self.state();
        let reading = &state.reading;
        let landed = reading.end() - reading.waiting();
        Lag {
            fetched: reading.waiting(),
            oldest: reading.arrival_of(landed),
            oldest_outside_lake: reading.arrival_of(landed.max(in_lake_before)),
            read_through: state.read_through,
        }
    }

    pub(super) fn stop(&self) -> watch::Receiver<bool> {
        self.0.stop.clone()
    }

    pub(super) fn now(&self) -> Millis {
        self.0.clock.now()
    }

    pub(super) fn wanted(&self) -> Option<(u64, Position)> {
        self.state().reading.wanted()
    }

    pub(super) async fn woken(&self) {
        self.0.wake.notified().await;
    }

    /// Takes in what a call that was made at `asked_at` was answered.
    pub(super) fn take_in(&self, jumps: u64, asked_at: Millis, answer: Answer) {
        let mut state = self.state();
        let is_empty = answer.records.is_empty();
        if !state.reading.fetched(jumps, answer.records, answer.is_last) {
            return;
        }
        if state.problem.take().is_some() {
            tracing::info!(stream = self.stream(), shard = self.0.id, "the shard is read again");
        }
        if let Some(behind) = answer.behind_ms {
            state.read_through = state.read_through.max(Some(asked_at - behind.max(0)));
            if behind == 0 && state.reading.nothing_waits() {
                self.mark(&mut state, asked_at);
            }
        }
        self.settle(&mut state);
        let end = state.reading.end();
        drop(state);
        if !is_empty || answer.is_last {
            self.0.end.send_replace(end);
        }
        if answer.is_last {
            self.0.changed.notify_one();
        }
    }

    /// Nothing waited at this instant. Written down now and then, a flush of a fifth of a millisecond.
    fn mark(&self, state: &mut State, at: Millis) {
        state.entry.nothing_waited_at = Some(at);
        if state.marked_at.is_some_and(|marked| at - marked < BETWEEN_MARKS_MS) {
            return;
        }
        match self.0.ledger.write(&state.entry) {
            Ok(()) => state.marked_at = Some(at),
            Err(error) => tracing::warn!(stream = self.stream(), shard = self.0.id, %error, "a mark was not written"),
        }
    }

    /// The shard is done once it is closed and nothing of it waits.
    pub(super) fn settle(&self, state: &mut State) {
        if state.is_done || !state.reading.nothing_waits() || !state.reading.is_drained(state.reading.end()) {
            return;
        }
        state.is_done = true;
        state.entry.is_drained = true;
        if let Err(error) = self.0.ledger.write(&state.entry) {
            // It is found out again after a start.
            tracing::warn!(stream = self.stream(), shard = self.0.id, %error, "a drained shard was not written down");
        }
        self.0.wake.notify_one();
        self.0.changed.notify_one();
    }

    /// A call failed. That the stream is slow is no problem, only a lag.
    pub(super) fn note_failure(&self, error: &RemoteError) {
        if let RemoteError::Throttled(_) = error {
            tracing::debug!(stream = self.stream(), shard = self.0.id, %error, "reading is slowed down");
            return;
        }
        let said = error.to_string();
        let mut state = self.state();
        if state.problem.as_ref() != Some(&said) {
            tracing::warn!(stream = self.stream(), shard = self.0.id, %error, "a shard cannot be read; trying again");
            state.problem = Some(said);
        }
        drop(state);
        // Whoever waits for records hears of it.
        self.0.end.send_modify(|_| ());
    }

    /// The record that landed last is gone from the stream, and so may be others that came after it. They are not if all
    /// had landed less than the shortest retention ago.
    pub(super) fn note_gap(&self, expected: &str, first: Option<&str>) {
        let mut state = self.state();
        let waited_for = state.entry.nothing_waited_at.map(|at| self.now() - at);
        if waited_for.is_some_and(|ms| ms < SHORTEST_RETENTION_MS) {
            return;
        }
        let up_to = first.map_or_else(|| "the end of the shard".to_owned(), |first| format!("sequence number {first}"));
        let shard = &self.0.id;
        self.lose(
            &mut state,
            format!(
                "records of {shard} between sequence number {expected} and {up_to} are lost, if there were any: the \
                 stream keeps them no longer, and they were not read in time; give the stream a longer retention"
            ),
        );
    }

    /// The stream does not know the record that landed last.
    pub(super) fn note_another_stream(&self, problem: &str) {
        let mut state = self.state();
        let shard = &self.0.id;
        self.lose(
            &mut state,
            format!(
                "{shard} is not the shard that was read before; what that still held is lost, and this one is read from \
                 its oldest record on: {problem}"
            ),
        );
    }

    fn lose(&self, state: &mut State, loss: String) {
        tracing::error!(stream = self.stream(), shard = self.0.id, loss, "records may be lost");
        state.loss = Some(loss);
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
