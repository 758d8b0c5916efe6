//! From a stream to the warehouse, one batch at a time.
//!
//! The order of operations, each of which may be the last before a crash:
//!
//! 1. cut: the batch's range of offsets is recorded in the stream;
//! 2. the object is put; its name and bytes follow from the range alone;
//! 3. the manifest is put, likewise;
//! 4. COPY: rows and load history in one transaction;
//! 5. the stream forgets the range, and `Loaded` is announced.
//!
//! After a crash the recorded cut is worked on again from step 2: the same names are written with the same bytes, and
//! a COPY that had committed is a no-op by the load history. Where the next batch begins is read from the load history,
//! never from a clock.
//!
//! Owns this order and the retry. Does not own how anything is stored: the [`Source`], the lake and the warehouse do.
//! Runs on a thread of its own for each stream, so that one dead stream never slows another.

mod names;
mod object;
mod source;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::watch;

pub use source::{Cut, Gathered, Source, SourceError, Until};

use crate::clock::Clock;
use crate::lake::{Lake, LakeError};
use crate::live::Live;
use crate::pace::Pace;
use crate::warehouse::columns::Table;
use crate::warehouse::{Load, Loaded, Warehouse, WarehouseError};

/// First pause after a failure; doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// When a batch is cut: at `size_bytes`, or when its first record has waited for `interval`, whichever comes first.
/// An interval of zero means "as soon as the last COPY has finished".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferingHints {
    /// Bytes before compression.
    pub size_bytes: usize,
    /// Longest wait of a record in the stream.
    pub interval: Duration,
}

/// Why a batch did not land. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The stream could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The lake did not take the object or the manifest.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// COPY failed.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// The object could not be compressed.
    #[error("the object could not be written: {0}")]
    Object(#[from] std::io::Error),
}

/// What is said of a stream's delivery from outside.
#[derive(Default)]
pub struct Health {
    problem: Mutex<Option<String>>,
    delivered: std::sync::atomic::AtomicU64,
    pace: Pace,
}

impl Health {
    /// What the last try failed with; `None` once one has succeeded.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.problem.lock().ok()?.clone()
    }

    /// One past the last offset that has landed.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.delivered.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// How fast batches go.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    fn set_problem(&self, problem: Option<String>) {
        if let Ok(mut current) = self.problem.lock() {
            *current = problem;
        }
    }
}

/// Everything that one stream's delivery works with.
pub struct Delivery<S> {
    /// Where records come from.
    pub source: S,
    /// Where they go.
    pub table: &'static Table,
    /// Where objects and manifests are kept.
    pub lake: Lake,
    /// What loads them.
    pub warehouse: Warehouse,
    /// Who hears of it.
    pub live: Live,
    /// When batches are cut.
    pub hints: BufferingHints,
    /// What time it is.
    pub clock: Clock,
}

impl<S: Source> Delivery<S> {
    /// Delivers until `stop` says true, on a thread of its own.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn spawn(self, stop: watch::Receiver<bool>) -> std::io::Result<(Arc<Health>, std::thread::JoinHandle<()>)> {
        let health = Arc::new(Health::default());
        let shown = Arc::clone(&health);
        let runtime = Handle::current();
        let thread = std::thread::Builder::new()
            .name(format!("delivery {}", self.source.stream()))
            .spawn(move || self.run(&runtime, &shown, stop))?;
        Ok((health, thread))
    }

    fn run(&self, runtime: &Handle, health: &Health, mut stop: watch::Receiver<bool>) {
        let mut pause = FIRST_PAUSE;
        let mut next = None;
        while !*stop.borrow() {
            match self.turn(runtime, health, &mut next, &mut stop) {
                Ok(()) => {
                    health.set_problem(None);
                    pause = FIRST_PAUSE;
                }
                Err(error) => {
                    tracing::warn!(stream = self.source.stream(), %error, ?pause, "a batch did not land; trying again");
                    health.set_problem(Some(error.to_string()));
                    let _ = runtime.block_on(tokio::time::timeout(pause, stop.wait_for(|stop| *stop)));
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Finds where it stands, waits for a batch and brings it in.
    fn turn(
        &self,
        runtime: &Handle,
        health: &Health,
        next: &mut Option<u64>,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), DeliveryError> {
        let from = match *next {
            Some(from) => from,
            None => self.resume(runtime)?,
        };
        *next = Some(from);
        health.delivered.store(from, std::sync::atomic::Ordering::Relaxed);
        let Some(batch) = self.wait_for_batch(runtime, from, stop)? else { return Ok(()) };
        let began = Instant::now();
        let cut = batch.cut();
        self.source.record_cut(cut)?;
        self.bring_in(runtime, &batch)?;
        *next = Some(cut.end);
        health.delivered.store(cut.end, std::sync::atomic::Ordering::Relaxed);
        health.pace.note(1, began);
        self.finish(&batch)
    }

    /// Where the next batch begins, after finishing one that a crash interrupted.
    fn resume(&self, runtime: &Handle) -> Result<u64, DeliveryError> {
        let landed = runtime.block_on(self.warehouse.stream_end(self.source.stream().to_owned()))?.end;
        let Some(cut) = self.source.pending_cut()?.filter(|cut| cut.end > landed) else {
            self.source.forget_before(landed)?;
            return Ok(landed);
        };
        tracing::info!(stream = self.source.stream(), cut.start, cut.end, "finishing the batch that was interrupted");
        let batch = self.source.read(cut.start, Until::Offset(cut.end))?;
        self.bring_in(runtime, &batch)?;
        self.finish(&batch)?;
        Ok(cut.end)
    }

    /// Waits until the buffering hints say "cut", or for `stop`.
    fn wait_for_batch(
        &self,
        runtime: &Handle,
        from: u64,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Option<Gathered>, DeliveryError> {
        let mut end = self.source.end();
        loop {
            let seen = *end.borrow_and_update();
            let deadline = if seen > from {
                let batch = self.source.read(from, Until::Bytes(self.hints.size_bytes))?;
                let waited = self.clock.now() - batch.first_arrived();
                let left = self.hints.interval.saturating_sub(Duration::from_millis(waited.max(0).unsigned_abs()));
                if left.is_zero() || batch.end() < seen {
                    return Ok(Some(batch));
                }
                left
            } else {
                Duration::from_secs(3600)
            };
            let more = runtime.block_on(async {
                tokio::select! {
                    more = end.changed() => more.is_ok(),
                    () = tokio::time::sleep(deadline) => true,
                    _ = stop.wait_for(|stop| *stop) => false,
                }
            });
            if !more {
                return Ok(None);
            }
        }
    }

    /// Steps 2 to 4.
    fn bring_in(&self, runtime: &Handle, batch: &Gathered) -> Result<(), DeliveryError> {
        let cut = batch.cut();
        let names = names::Names::of(self.source.stream(), self.source.shard(), cut, batch.first_arrived());
        let object = object::gzip(&batch.data)?;
        let object_bytes = object.len() as u64;
        let manifest = object::manifest(&self.lake.url(&names.object));
        runtime.block_on(async {
            self.lake.put(&names.object, object).await?;
            self.lake.put(&names.manifest, manifest).await
        })?;
        let loaded = self.warehouse.load(&Load {
            table: self.table,
            stream: self.source.stream().to_owned(),
            shard: self.source.shard().to_owned(),
            start: cut.start,
            end: cut.end,
            manifest: self.lake.url(&names.manifest),
            object: names.object,
            object_bytes,
            now: self.clock.now(),
        })?;
        if let Loaded::Rows(rows) = loaded
            && rows != cut.end - cut.start
        {
            tracing::error!(
                stream = self.source.stream(),
                cut.start,
                cut.end,
                rows,
                "COPY brought another number of rows"
            );
        }
        Ok(())
    }

    /// Step 5.
    fn finish(&self, batch: &Gathered) -> Result<(), DeliveryError> {
        self.live.publish(batch.assignments());
        self.source.forget_before(batch.end())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
