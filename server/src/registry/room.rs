//! How many streams may be made over the wire, and of how many shards.
//!
//! Owns the bounds. Each stream has a thread for its log and one for its delivery, and a shard has its marks in memory:
//! whoever may make streams must not be able to take the machine. Does not own who may make one.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Streams that may be made over the wire.
pub const MOST_STREAMS: usize = 200;
/// Open shards of all of them together.
pub const MOST_SHARDS: usize = 1_000;

/// The room that is left.
pub(super) struct Room {
    streams: Arc<Semaphore>,
    shards: Arc<Semaphore>,
}

/// What one stream takes of it, given back when it ends.
pub struct Taken {
    _stream: OwnedSemaphorePermit,
    _shards: OwnedSemaphorePermit,
}

impl Default for Room {
    fn default() -> Self {
        Self { streams: Arc::new(Semaphore::new(MOST_STREAMS)), shards: Arc::new(Semaphore::new(MOST_SHARDS)) }
    }
}

impl Room {
    /// Room for one stream; `None` if there is none left.
    pub fn take(&self, shards: u32) -> Option<Taken> {
        let stream = Arc::clone(&self.streams).try_acquire_owned().ok()?;
        let shards = Arc::clone(&self.shards).try_acquire_many_owned(shards.max(1)).ok()?;
        Some(Taken { _stream: stream, _shards: shards })
    }
}
