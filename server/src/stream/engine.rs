//! The storage engine under every stream's log, and how it comes back after a write that failed.
//!
//! fjall refuses all writes after one has failed (a full disk, say), because nobody can know what is on disk then until
//! it is read again. So it is opened anew: what was acknowledged is there, and a record that was written but not
//! acknowledged may be there too, which a repeat on the wire is allowed to do.
//!
//! Owns the handle and its key spaces, one a stream. Does not own what lies in them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};

use super::{StreamError, repair};

/// The engine is opened anew at most this often.
const BETWEEN_TRIES: Duration = Duration::from_millis(500);
/// A key space holds so many bytes in memory before they are written as a table, and up to four times as many more
/// while they are; then writes wait.
const IN_MEMORY: u64 = 32 << 20;

/// One folder's engine.
pub(super) struct Engine {
    folder: PathBuf,
    /// Absent between a failure and the try that succeeds.
    open: RwLock<Option<Database>>,
    failed: AtomicBool,
    /// How often it was opened. Whoever remembers offsets reads them again when this has changed.
    generation: AtomicU64,
    tried: Mutex<Option<Instant>>,
}

impl Engine {
    pub fn open(folder: &Path) -> Result<Self, StreamError> {
        Ok(Self {
            folder: folder.to_owned(),
            open: RwLock::new(Some(open(folder)?)),
            failed: AtomicBool::new(false),
            generation: AtomicU64::new(1),
            tried: Mutex::default(),
        })
    }

    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Whether a write has failed and the engine has not been opened anew since.
    pub fn is_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Looks at one stream's key space.
    pub fn read<T>(
        &self,
        stream: &str,
        look: impl FnOnce(&Keyspace) -> Result<T, StreamError>,
    ) -> Result<T, StreamError> {
        self.with(stream, |_, space| look(space))
    }

    /// Commits what `fill` puts into a batch: all or nothing, and on disk when it returns if `durable`.
    pub fn write(
        &self,
        stream: &str,
        durable: bool,
        fill: impl FnOnce(&mut OwnedWriteBatch, &Keyspace) -> Result<(), StreamError>,
    ) -> Result<(), StreamError> {
        let done = self.with(stream, |db, space| {
            let mut batch = db.batch().durability(durable.then_some(PersistMode::SyncAll));
            fill(&mut batch, space)?;
            Ok(batch.commit()?)
        });
        if let Err(StreamError::Storage(_)) = &done {
            self.failed.store(true, Ordering::Release);
        }
        done
    }

    /// Removes a stream and all that it holds.
    pub fn drop_stream(&self, stream: &str) -> Result<(), StreamError> {
        self.with(stream, |db, space| Ok(db.delete_keyspace(space.clone())?))
    }

    /// Makes sure that writes can succeed again after one has failed.
    pub fn recover(&self) -> Result<(), StreamError> {
        if !self.failed.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        if tried.is_some_and(|at| at.elapsed() < BETWEEN_TRIES) {
            return Err(StreamError::Recovering);
        }
        *tried = Some(Instant::now());
        let mut handle = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if !self.failed.load(Ordering::Acquire) {
            return Ok(());
        }
        // The folder is locked by the old handle until that is gone.
        *handle = None;
        *handle = Some(open(&self.folder)?);
        self.failed.store(false, Ordering::Release);
        self.generation.fetch_add(1, Ordering::AcqRel);
        tracing::info!(folder = %self.folder.display(), "the streams' storage has been opened anew");
        Ok(())
    }

    /// As after a write that failed.
    #[cfg(test)]
    pub fn fail_for_test(&self) {
        self.failed.store(true, Ordering::Release);
    }

    fn with<T>(
        &self,
        stream: &str,
        work: impl FnOnce(&Database, &Keyspace) -> Result<T, StreamError>,
    ) -> Result<T, StreamError> {
        let handle = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let db = handle.as_ref().ok_or(StreamError::Recovering)?;
        let space = db.keyspace(stream, || KeyspaceCreateOptions::default().max_memtable_size(IN_MEMORY))?;
        work(db, &space)
    }
}

fn open(folder: &Path) -> Result<Database, StreamError> {
    repair::open(folder, || Database::builder(folder).worker_threads(1).open())
}
