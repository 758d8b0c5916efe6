//! From one shard of a stream to the warehouse, one batch at a time.
//!
//! The order of operations, each of which may be the last before a crash:
//!
//! 1. cut: the batch's range of offsets is recorded in the stream;
//! 2. the object is put, with the error output before it; their names follow from the range alone. A stream with a
//!    transform has its function make the records into what is put;
//! 3. the manifest is put, likewise;
//! 4. COPY: rows and load history in one transaction;
//! 5. `Loaded` is announced, and the stream may forget the range.
//!
//! After a crash the recorded cut is worked on again from step 2: the same names are written with the same bytes, and
//! a COPY that had committed is a no-op by the load history. A function may answer otherwise the second time: then other
//! bytes take the place of the first ones, which is safe, because error output, object and manifest are all put again
//! before COPY reads any of them, and a range whose COPY has committed is never worked on again, so that what lies in the
//! lake is what was loaded. Where the next batch begins is read from the load history, never from a clock. A step that
//! fails is tried again, with the same batch; a COPY that fails for as long as [`Settings::copy_retry`], or is refused for good,
//! is parked: its manifest is left under `errors/manifests/`, and the stream goes on.
//!
//! A batch of heartbeats and nothing else takes the same way, and leaves nothing behind that grows: its object and its
//! manifest take the place of the last ones, its row in the load history that of the row before.
//!
//! A stream without a table ends in the lake: step 3 is left out, and step 4 is its row in the load history alone.
//!
//! Owns this order and the retry. Does not own how anything is stored: the [`Source`], the lake and the warehouse do.
//! Runs on a thread of its own for each shard, so that one dead stream never slows another.

mod counts;
mod error;
mod failed;
mod health;
mod names;
mod object;
mod prepared;
pub mod replay;
mod sorted;
mod transformed;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::watch;

pub use counts::{Counts, Deliveries};
pub use error::DeliveryError;
pub use health::{Failing, Health};
pub use names::{Layout, MANIFESTS, is_of_heartbeats, is_reserved_folder, object_key};
pub use object::lines_of;

use self::prepared::{PreparedBatch, Route};
use crate::clock::Clock;
use crate::lake::{Lake, Objects as _};
use crate::live::Live;
use crate::pauses::Pauses;
use crate::records::columns::Table;
use crate::records::manifest::{Manifest, Meta, Size};
use crate::records::source::{Cut, Gathered, Source, Until};
use crate::transform::Transformer;
use crate::warehouse::{Advice, Load, Loaded, ShardEnd, Warehouse, WarehouseError};
use crate::{crash, tasks};

/// First pause after a failure; doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A look at the stream even if nothing was heard of it.
const LOOK_ANYWAY: Duration = Duration::from_secs(3600);

/// When a batch is cut: at `size_bytes`, or when its first record has waited for `interval`, whichever comes first.
/// An interval of zero means "as soon as the last COPY has finished".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferingHints {
    /// Bytes before compression.
    pub size_bytes: usize,
    /// Longest wait of a record in the stream.
    pub interval: Duration,
}

/// How a stream is delivered; may change while it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// When batches are cut.
    pub hints: BufferingHints,
    /// How long a COPY that fails is tried again before its batch is parked.
    pub copy_retry: Duration,
}

/// Everything that one shard's delivery works with.
pub struct Delivery<S> {
    /// Where records come from.
    pub source: S,
    /// What changes them on their way, if anything does.
    pub transform: Option<Transformer>,
    /// Where they go; without a table the lake is the destination.
    pub table: Option<Arc<Table>>,
    /// How its objects lie in the lake.
    pub layout: Layout,
    /// Where objects and manifests are kept.
    pub lake: Lake,
    /// What loads them.
    pub warehouse: Warehouse,
    /// Who hears of it.
    pub live: Live,
    /// How it is done.
    pub settings: watch::Receiver<Settings>,
    /// What time it is.
    pub clock: Clock,
}

/// Where one shard's delivery stands. Nothing here has to outlive the process.
#[derive(Default)]
struct Progress {
    /// Where the next batch begins; not known after a start.
    next: Option<u64>,
    prepared: Option<PreparedBatch>,
}

impl<S: Source> Delivery<S> {
    /// Delivers until `stop` says true or the source is drained, on a thread of its own.
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
        let mut pauses = Pauses::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut progress = Progress::default();
        while !is_over(&stop) {
            match self.guarded_turn(runtime, health, &mut progress, &mut stop) {
                Ok(()) => {
                    health.set_failing(None);
                    pauses.reset();
                    if progress.prepared.is_none() && progress.next.is_some_and(|next| self.source.is_drained(next)) {
                        tracing::info!(
                            stream = self.source.stream(),
                            shard = self.source.shard(),
                            "a shard is drained"
                        );
                        return;
                    }
                }
                Err(error) => {
                    let (stream, shard) = (self.source.stream(), self.source.shard());
                    let cut = progress.prepared.as_ref().map(|prepared| prepared.cut);
                    let (start, end) = (cut.map(|cut| cut.start), cut.map(|cut| cut.end));
                    let pause = pauses.after_failure();
                    tracing::warn!(stream, shard, start, end, %error, ?pause, "a batch did not land; trying again");
                    health.set_failing(Some(Failing { stage: error.stage(), says: error.to_string() }));
                    runtime.block_on(async {
                        let _ = tokio::time::timeout(pause, stop.wait_for(|stop| *stop)).await;
                    });
                }
            }
        }
    }

    /// A turn that panics is a bug; it must not end the delivery for good and in silence. What it stood at is found out
    /// anew.
    fn guarded_turn(
        &self,
        runtime: &Handle,
        health: &Health,
        progress: &mut Progress,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), DeliveryError> {
        let turn = std::panic::AssertUnwindSafe(|| self.turn(runtime, health, progress, stop));
        std::panic::catch_unwind(turn).unwrap_or_else(|_| {
            *progress = Progress::default();
            tasks::panicked(&format!("delivery {}", self.source.stream()));
            Err(DeliveryError::Panicked)
        })
    }

    /// Takes the next batch in hand, unless there is one, and brings it in.
    fn turn(
        &self,
        runtime: &Handle,
        health: &Health,
        progress: &mut Progress,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), DeliveryError> {
        if progress.prepared.is_none() {
            progress.prepared = self.next_batch(runtime, health, progress, stop)?;
        }
        let Some(prepared) = &mut progress.prepared else { return Ok(()) };
        self.put(runtime, prepared, &health.counts)?;
        health.in_lake_before.fetch_max(prepared.cut.end, Ordering::AcqRel);
        let began = Instant::now();
        let copied = runtime.block_on(self.copy(prepared));
        if self.table.is_some() {
            health.counts.copied(prepared, copied.as_ref().ok(), began);
        }
        match copied {
            Ok(_) => health.pace.note(1, prepared.began),
            Err(error) => self.park_or_fail(runtime, prepared, error)?,
        }
        crash::point("delivery: after copy");
        let (start, end, touched) = (prepared.cut.start, prepared.cut.end, std::mem::take(&mut prepared.touched));
        tracing::debug!(stream = self.source.stream(), shard = self.source.shard(), start, end, "a batch is done");
        *progress = Progress { next: Some(end), prepared: None };
        self.live.publish(&touched);
        self.source.forget_before(end)?;
        Ok(())
    }

    /// The batch that a crash interrupted, or else the next one that the buffering hints cut; `None` for `stop`.
    fn next_batch(
        &self,
        runtime: &Handle,
        health: &Health,
        progress: &mut Progress,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Option<PreparedBatch>, DeliveryError> {
        let is_again = progress.next.is_none();
        let batch = match progress.next {
            Some(from) => self.wait_for_batch(runtime, from, stop)?,
            None => self.interrupted(runtime, progress)?,
        };
        let Some(batch) = batch else { return Ok(None) };
        // After a log was damaged, a recorded cut may hold fewer records than it did; what is there is delivered.
        crash::point("delivery: before cut");
        self.source.record_cut(batch.cut())?;
        crash::point("delivery: after cut");
        let shard = self.source.shard();
        let route =
            Route { stream: self.source.stream(), shard: &shard, layout: &self.layout, table: self.table.as_deref() };
        let transformed = match &self.transform {
            Some(transformer) => match self.transformed(transformer, runtime, health, &batch, stop) {
                Some(transformed) => Some(transformed),
                None => return Ok(None),
            },
            None => None,
        };
        let may_differ = transformed.is_some() && is_again;
        let mut prepared =
            PreparedBatch::take(&route, &batch, transformed, |key| self.lake.url(key), self.clock.now())?;
        if may_differ && runtime.block_on(self.lake.has(&prepared.names.failed))? {
            prepared.replace_error_output();
        }
        Ok(Some(prepared))
    }

    /// Finds out where the next batch begins, and reads the one that a crash interrupted, if there is one.
    fn interrupted(&self, runtime: &Handle, progress: &mut Progress) -> Result<Option<Gathered>, DeliveryError> {
        let shard_end = self.warehouse.shard_end(self.source.stream().to_owned(), self.source.shard());
        let landed = runtime.block_on(shard_end)?;
        let parked = self.source.parked()?.into_iter();
        let parked = parked.map(|parked| ShardEnd { offset: parked.cut.end, checkpoint: parked.checkpoint });
        let ShardEnd { offset: reached, checkpoint } =
            parked.fold(landed, |most, parked| if parked.offset > most.offset { parked } else { most });
        self.source.resume(reached, checkpoint.as_deref())?;
        if let Some(cut) = self.source.pending_cut()?.filter(|cut| cut.end > reached) {
            let mut batch = Gathered::starting_at(cut.start.max(reached));
            self.source.read(&mut batch, Until::Offset(cut.end))?;
            if batch.records() > 0 {
                let (stream, shard, Cut { start, end }) = (self.source.stream(), self.source.shard(), cut);
                tracing::info!(stream, shard, start, end, "finishing an interrupted batch");
                return Ok(Some(batch));
            }
        }
        self.source.forget_before(reached)?;
        progress.next = Some(reached);
        Ok(None)
    }

    /// Waits until the buffering hints say "cut", for the source to be drained, or for `stop`. What has been read is not
    /// read again.
    fn wait_for_batch(
        &self,
        runtime: &Handle,
        from: u64,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Option<Gathered>, DeliveryError> {
        let (mut end, mut settings) = (self.source.end(), self.settings.clone());
        let mut batch = Gathered::starting_at(from);
        loop {
            let hints = settings.borrow_and_update().hints;
            let seen = *end.borrow_and_update();
            let mut deadline = LOOK_ANYWAY;
            if seen > batch.end() {
                self.source.read(&mut batch, Until::Bytes(hints.size_bytes))?;
            }
            if batch.records() > 0 {
                let waited = (self.clock.now() - batch.first_arrived()).max(0).unsigned_abs();
                deadline = hints.interval.saturating_sub(Duration::from_millis(waited));
                if deadline.is_zero() || batch.end() < seen || self.source.is_drained(batch.end()) {
                    return Ok(Some(batch));
                }
            } else if self.source.is_drained(batch.end()) {
                return Ok(None);
            }
            let more = runtime.block_on(async {
                tokio::select! {
                    more = end.changed() => more.is_ok(),
                    () = changed(&mut settings) => true,
                    () = tokio::time::sleep(deadline) => true,
                    _ = stop.wait_for(|stop| *stop) => false,
                }
            });
            if !more {
                return Ok(None);
            }
        }
    }

    /// Steps 2 and 3. What has been put is not put again.
    fn put(&self, runtime: &Handle, prepared: &mut PreparedBatch, counts: &Counts) -> Result<(), DeliveryError> {
        while let Some((key, body)) = prepared.to_put.first() {
            counts.lake.attempts.inc();
            let began = Instant::now();
            crash::point("delivery: before put");
            runtime.block_on(self.lake.put(key, body.clone()))?;
            crash::point("delivery: after put");
            counts.put(prepared, key, began);
            prepared.to_put.remove(0);
        }
        Ok(())
    }

    /// Step 4.
    async fn copy(&self, prepared: &PreparedBatch) -> Result<Loaded, WarehouseError> {
        let load = Load {
            table: self.table.clone(),
            stream: self.source.stream().to_owned(),
            shard: self.source.shard(),
            start: prepared.cut.start,
            end: prepared.cut.end,
            is_heartbeats: prepared.is_heartbeats,
            manifest: self.lake.url(&prepared.names.manifest),
            rows: prepared.rows,
            object: prepared.names.object.clone(),
            object_bytes: prepared.object_bytes,
            body: self.lake.is_remote().then(|| prepared.object.clone()),
            checkpoint: prepared.checkpoint.clone(),
            now: self.clock.now(),
        };
        self.warehouse.load(load, Arc::new(self.lake.clone())).await
    }

    /// A COPY has failed: parks the batch if that has gone on for long enough, or trying again is of no use. Otherwise returns the
    /// error, and the batch is tried again.
    fn park_or_fail(
        &self,
        runtime: &Handle,
        prepared: &mut PreparedBatch,
        error: WarehouseError,
    ) -> Result<(), DeliveryError> {
        let since = *prepared.failing_since.get_or_insert_with(Instant::now);
        if error.advice() == Advice::TryAgain && since.elapsed() < self.settings.borrow().copy_retry {
            return Err(error.into());
        }
        let (stream, shard, cut) = (self.source.stream(), self.source.shard(), prepared.cut);
        let Cut { start, end } = cut;
        tracing::error!(stream, shard, start, end, %error, "a COPY failed for good, or for too long; its batch is parked");
        let size = Size { content_length: prepared.object_bytes, record_count: prepared.rows };
        let meta = Meta::of(stream, &shard, cut, prepared.checkpoint.clone());
        let manifest = Manifest::of(meta, self.lake.url(&prepared.names.object), size).bytes()?;
        runtime.block_on(self.lake.put(&prepared.names.parked, manifest))?;
        self.source.park(&prepared.parked(self.clock.now(), error.to_string()))?;
        Ok(())
    }
}

/// Whether to stop, because somebody says so or because nobody is left who could.
fn is_over(stop: &watch::Receiver<bool>) -> bool {
    *stop.borrow() || stop.has_changed().is_err()
}

/// Waits for other settings; for ever, once nobody can change them.
async fn changed(settings: &mut watch::Receiver<Settings>) {
    if settings.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod crashes;
#[cfg(test)]
pub(crate) mod test_bench;
#[cfg(test)]
mod tests;
