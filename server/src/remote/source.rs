//! A shard elsewhere as a [`Source`] of delivery.
//!
//! Owns how delivery's questions are answered from what has been fetched and written down, and that a batch which was cut
//! is read again as it was. Does not own either of these: the [`RemoteShard`] does.

use app::api::Millis;
use tokio::sync::watch;

use super::RemoteShard;
use super::reading::{Continuation, Position};
use crate::records::source::{Cut, Gathered, Parked, Source, SourceError, Until};
use crate::stream::{Entry, RecordedCut, StreamError};

/// A shard could not be read as delivery asked.
#[derive(Debug, thiserror::Error)]
enum ShardError {
    /// The stream does not answer as it should.
    #[error("{0}")]
    Remote(String),
    /// Delivery asks for what it has let go.
    #[error("offset {asked} is asked for, but reading stands at {at}")]
    Elsewhere { asked: u64, at: u64 },
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopped,
    /// The books cannot be read or written.
    #[error(transparent)]
    Books(#[from] StreamError),
}

impl From<ShardError> for SourceError {
    fn from(error: ShardError) -> Self {
        Self(Box::new(error))
    }
}

impl RemoteShard {
    /// Reading goes on elsewhere.
    fn jumped(&self) {
        let end = self.state().reading.end();
        self.0.end.send_replace(end);
        self.0.wake.notify_one();
    }

    /// Reads a batch again that was cut: the same records, however long that takes.
    fn read_again(&self, batch: &mut Gathered, end: u64) -> Result<(), ShardError> {
        let cut = self.state().entry.cut.clone().filter(|recorded| recorded.cut.end == end);
        let last = cut.as_ref().map(|recorded| recorded.last.as_str());
        let (mut fetched, mut stop) = (self.0.end.subscribe(), self.stop());
        loop {
            fetched.borrow_and_update();
            let mut state = self.state();
            state.reading.take_into(batch, Until::Offset(end), last);
            let is_last = last.is_some_and(|last| batch.checkpoint() == Some(last) || state.reading.is_past(last));
            if batch.end() >= end || is_last || state.reading.is_drained(batch.end()) {
                return Ok(());
            }
            if let Some(problem) = &state.problem {
                return Err(ShardError::Remote(problem.clone()));
            }
            drop(state);
            self.0.wake.notify_one();
            let is_stopped = self.0.runtime.block_on(async {
                tokio::select! {
                    _ = fetched.changed() => false,
                    _ = stop.wait_for(|stop| *stop) => true,
                }
            });
            if is_stopped {
                return Err(ShardError::Stopped);
            }
        }
    }
}

impl Source for RemoteShard {
    fn stream(&self) -> &str {
        self.0.ledger.stream()
    }

    fn shard(&self) -> String {
        self.0.ledger.shard().to_owned()
    }

    fn end(&self) -> watch::Receiver<u64> {
        self.0.end.subscribe()
    }

    fn resume(&self, offset: u64, checkpoint: Option<&str>) -> Result<(), SourceError> {
        self.state().reading.jump(Position { offset, after: checkpoint.map(str::to_owned) });
        self.jumped();
        Ok(())
    }

    fn is_drained(&self, offset: u64) -> bool {
        self.state().reading.is_drained(offset)
    }

    fn arrival_of(&self, offset: u64) -> Result<Option<Millis>, SourceError> {
        Ok(self.state().reading.arrival_of(offset))
    }

    fn read(&self, batch: &mut Gathered, until: Until) -> Result<(), SourceError> {
        let going_on = self.state().reading.goes_on_with(batch);
        match going_on {
            Continuation::Here => {}
            Continuation::Jumped => self.jumped(),
            Continuation::Nowhere(at) => return Err(ShardError::Elsewhere { asked: batch.end(), at }.into()),
        }
        match until {
            Until::Bytes(_) => self.state().reading.take_into(batch, until, None),
            Until::Offset(end) => self.read_again(batch, end)?,
        }
        self.0.wake.notify_one();
        Ok(())
    }

    fn pending_cut(&self) -> Result<Option<Cut>, SourceError> {
        Ok(self.state().entry.cut.as_ref().map(|recorded| recorded.cut))
    }

    fn record_cut(&self, cut: Cut) -> Result<(), SourceError> {
        let mut state = self.state();
        let last = state.reading.taken_to(cut.end).map(str::to_owned);
        let last = last.ok_or(ShardError::Elsewhere { asked: cut.end, at: state.reading.end() })?;
        let first_arrived = state.reading.arrival_of(cut.start).unwrap_or_default();
        let entry = Entry { cut: Some(RecordedCut { cut, last, first_arrived }), ..state.entry.clone() };
        self.0.ledger.write(&entry).map_err(ShardError::from)?;
        state.entry = entry;
        Ok(())
    }

    fn parked(&self) -> Result<Vec<Parked>, SourceError> {
        Ok(self.0.ledger.parked().map_err(ShardError::from)?)
    }

    fn park(&self, parked: &Parked) -> Result<(), SourceError> {
        Ok(self.0.ledger.park(parked).map_err(ShardError::from)?)
    }

    fn forget_before(&self, offset: u64) -> Result<(), SourceError> {
        let mut state = self.state();
        state.reading.landed_before(offset);
        self.settle(&mut state);
        Ok(())
    }
}
