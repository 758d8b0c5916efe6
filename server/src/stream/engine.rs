//! The storage engine under every stream's log, and how it comes back after a write that failed.
//!
//! fjall refuses all writes after one has failed (a full disk, say), because nobody can know what is on disk then until
//! it is read again. So it is opened anew: what was acknowledged is there, and a record that was written but not
//! acknowledged may be there too, which a repeat on the wire is allowed to do.
//!
//! A key space is one log's: it is made when the log is opened, and removed with the log. Whoever still holds a handle on
//! a log that was removed gets [`StreamError::Removed`]; nothing makes a key space in passing, so that a late append can
//! never fall into a log of the same stream that was made meanwhile.
//!
//! Owns the handle and its key spaces. Does not own what lies in them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};

use super::{StreamError, repair};

/// The engine is opened anew at most this often.
const BETWEEN_TRIES: Duration = Duration::from_millis(500);
/// A key space holds so many bytes in memory before they are to be written as a table.
const IN_MEMORY: u64 = 32 << 20;
/// All key spaces together hold so many bytes at the most, those among them that are being written as tables. The engine
/// itself does not hold to any bound here: it only asks for a table to be written, and takes more meanwhile.
const MOST_IN_MEMORY: u64 = 96 << 20;
/// So long a write waits for that.
const MEMORY_TIME: Duration = Duration::from_secs(2);
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
/// One thread writes tables, and never merges. Of the messages that each table leaves, one a thread, two others take theirs
/// in time: with one thread less, the first spins on what is left for as long as the other merges (fjall 3.1).
const WORKERS: usize = 3;
/// Blocks of tables that are kept after a read. Delivery reads each record once, so that keeping more helps nobody.
const CACHED: u64 = 8 << 20;
/// The journal's files, until what is in them has been written as tables.
const MOST_JOURNAL: u64 = 128 << 20;

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

    /// Looks at one key space.
    pub fn read<T>(
        &self,
        space: &str,
        look: impl FnOnce(&Keyspace) -> Result<T, StreamError>,
    ) -> Result<T, StreamError> {
        self.with(space, |_, space| look(space))
    }

    /// Commits what `fill` puts into a batch: all or nothing, and on disk when it returns if `durable`.
    pub fn write(
        &self,
        space: &str,
        durable: bool,
        fill: impl FnOnce(&mut OwnedWriteBatch, &Keyspace) -> Result<(), StreamError>,
    ) -> Result<(), StreamError> {
        self.wait_for_memory();
        let done = self.with(space, |db, space| {
            if db.write_buffer_size() > MOST_IN_MEMORY {
                // An engine that has failed never writes its tables; it says so to whoever flushes.
                db.persist(PersistMode::Buffer)?;
                return Err(StreamError::Busy);
            }
            let mut batch = db.batch().durability(durable.then_some(PersistMode::SyncAll));
            fill(&mut batch, space)?;
            Ok(batch.commit()?)
        });
        if let Err(StreamError::Storage(_)) = &done {
            self.failed.store(true, Ordering::Release);
        }
        done
    }

    /// Makes a key space, unless it is there.
    pub fn create(&self, space: &str) -> Result<(), StreamError> {
        let handle = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let db = handle.as_ref().ok_or(StreamError::Recovering)?;
        db.keyspace(space, options)?;
        Ok(())
    }

    /// Removes a key space with all that it holds; one that is not there is fine. Waits for whoever is at work in it, and
    /// nobody comes in afterwards.
    pub fn remove(&self, space: &str) -> Result<(), StreamError> {
        let handle = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let db = handle.as_ref().ok_or(StreamError::Recovering)?;
        if db.keyspace_exists(space) {
            db.delete_keyspace(db.keyspace(space, options)?)?;
        }
        Ok(())
    }

    /// Gives back the disk of what was removed from a key space, which removing alone does not. Takes as long as writing
    /// what is left in it.
    pub fn compact(&self, space: &str) -> Result<(), StreamError> {
        // Not under the lock: whoever wants it alone would keep every stream waiting.
        let space = self.with(space, |_, space| Ok(space.clone()))?;
        Ok(space.major_compact()?)
    }

    /// The names of all key spaces.
    pub fn spaces(&self) -> Result<Vec<String>, StreamError> {
        let handle = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let db = handle.as_ref().ok_or(StreamError::Recovering)?;
        Ok(db.list_keyspace_names().iter().map(|name| name.to_string()).collect())
    }

    /// Returns when there is room in memory for one more write, or after [`MEMORY_TIME`]. Holds nothing meanwhile.
    fn wait_for_memory(&self) {
        let is_full = || {
            let handle = self.open.read().unwrap_or_else(PoisonError::into_inner);
            handle.as_ref().is_some_and(|db| db.write_buffer_size() > MOST_IN_MEMORY)
        };
        let began = Instant::now();
        while is_full() && began.elapsed() < MEMORY_TIME {
            std::thread::sleep(BETWEEN_LOOKS);
        }
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
        // Before anybody may write again: whoever remembers offsets has to read them first.
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.failed.store(false, Ordering::Release);
        tracing::info!(folder = %self.folder.display(), "the streams' storage has been opened anew");
        Ok(())
    }

    /// As after a write that failed: nobody knows what is on disk until it is read again.
    pub fn distrust(&self) {
        self.failed.store(true, Ordering::Release);
    }

    fn with<T>(
        &self,
        space: &str,
        work: impl FnOnce(&Database, &Keyspace) -> Result<T, StreamError>,
    ) -> Result<T, StreamError> {
        let handle = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let db = handle.as_ref().ok_or(StreamError::Recovering)?;
        if !db.keyspace_exists(space) {
            return Err(StreamError::Removed);
        }
        work(db, &db.keyspace(space, options)?)
    }
}

fn options() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default().max_memtable_size(IN_MEMORY)
}

fn open(folder: &Path) -> Result<Database, StreamError> {
    let builder = || Database::builder(folder).worker_threads(WORKERS).max_journaling_size(MOST_JOURNAL);
    repair::open(folder, || builder().cache_size(CACHED).open())
}
