//! One stream that runs.
//!
//! Owns what is asked of it from outside, and its end. Does not own how records come in: `door` does; nor how it is put
//! together: the registry does.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use app::api::Millis;
use tokio::sync::watch;

use super::door::{Intake, Quotas};
use super::upstream::Upstream;
use crate::clock::Clock;
use crate::delivery::{Failing, Health, Settings};
use crate::pace::Pace;
use crate::records::columns::Table;
use crate::records::source::{Parked, Source};
use crate::registry::terms::{Integration, StreamConfig};
use crate::remote::Target;
use crate::stream::{Log, StreamError};
use crate::transform::Transform;

/// One stream that runs.
pub struct DeliveryStream {
    pub(super) config: StreamConfig,
    /// Of a stream whose records lie elsewhere, it holds the books, and what was taken before that was so.
    pub(super) log: Log,
    /// Where records are handed on to, instead of the log.
    pub(super) target: Option<Target>,
    /// Where records are read from, besides the log.
    pub(super) upstream: Option<Arc<Upstream>>,
    pub(super) quotas: Quotas,
    pub(super) clock: Clock,
    /// Whether it was made over the wire, and when the stream was started.
    pub(super) is_made: bool,
    /// What it takes of the room for such streams.
    pub(super) room: Option<super::room::Taken>,
    pub(super) started_at: Millis,
    pub(super) settings: Option<watch::Sender<Settings>>,
    pub(super) health: Vec<Arc<Health>>,
    pub(super) entrance: Pace,
    pub(super) intake: Intake,
    pub(super) stop: watch::Sender<bool>,
    pub(super) threads: Mutex<Vec<JoinHandle<()>>>,
}

impl DeliveryStream {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// As it was configured or made; [`DeliveryStream::settings`] has what was changed since.
    #[must_use]
    pub fn config(&self) -> &StreamConfig {
        &self.config
    }

    /// Its log.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Its table, if it has one.
    #[must_use]
    pub fn table(&self) -> Option<&Arc<Table>> {
        self.config.destination.as_ref()?.table.as_ref()
    }

    /// What changes its records on their way, if anything does.
    #[must_use]
    pub fn transform(&self) -> Option<&Transform> {
        self.config.destination.as_ref()?.transform.as_ref()
    }

    /// How it is delivered now; absent if it is not.
    #[must_use]
    pub fn settings(&self) -> Option<Settings> {
        self.settings.as_ref().map(|settings| *settings.borrow())
    }

    /// Where records are handed on to, if it is not the log.
    #[must_use]
    pub fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    /// Where records are read from, if it is not the log alone.
    #[must_use]
    pub fn upstream(&self) -> Option<&Upstream> {
        self.upstream.as_deref()
    }

    /// Whether it takes records at its door.
    #[must_use]
    pub fn takes_records(&self) -> bool {
        self.config.source.is_none() || self.config.put_to.is_some()
    }

    /// Whether somebody else brings its records to where they go, so that nothing is known here of when they land.
    #[must_use]
    pub fn is_delivered_elsewhere(&self) -> bool {
        self.config.put_to.is_some() && self.config.source.is_none()
    }

    /// Whether others read it as a data stream.
    #[must_use]
    pub fn is_data_stream(&self) -> bool {
        self.config.integration == Integration::KinesisDataStreams
    }

    /// Whether it was made over the wire, and not by the configuration.
    #[must_use]
    pub fn is_made(&self) -> bool {
        self.is_made
    }

    /// Since when it runs.
    #[must_use]
    pub fn started_at(&self) -> Millis {
        self.started_at
    }

    /// What the last try of one of its shards failed with, and at which stage.
    #[must_use]
    pub fn failing(&self) -> Option<Failing> {
        let upstream = || self.upstream.as_ref().and_then(|upstream| upstream.failing());
        self.health.iter().find_map(|health| health.failing()).or_else(upstream)
    }

    /// How fast its entrance takes requests.
    #[must_use]
    pub fn entrance(&self) -> &Pace {
        &self.entrance
    }

    /// What came in by its entrance.
    #[must_use]
    pub fn intake(&self) -> &Intake {
        &self.intake
    }

    /// How its batches go, shard by shard: those of its log first, in their order.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Arc<Health>> {
        let elsewhere = self.upstream.as_ref().map(|upstream| upstream.deliveries()).unwrap_or_default();
        self.health.iter().cloned().chain(elsewhere).collect()
    }

    /// Changes when batches are cut and how long COPY is tried.
    pub fn change(&self, settings: Settings) {
        if let Some(current) = &self.settings {
            current.send_replace(settings);
        }
    }

    /// The batches that were parked, shard by shard.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn parked(&self) -> Result<Vec<(String, Parked)>, StreamError> {
        let log = self.log.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let mut all = Vec::new();
            for shard in log.shards() {
                all.extend(shard.parked_batches()?.into_iter().map(|parked| (shard.shard(), parked)));
            }
            all.extend(log.parked_elsewhere()?);
            Ok(all)
        });
        reading.await.unwrap_or(Err(StreamError::Stopped))
    }

    /// A parked batch is in the warehouse now.
    pub(super) async fn unpark(&self, shard: String, start: u64) -> Result<(), StreamError> {
        let log = self.log.clone();
        let striking = tokio::task::spawn_blocking(move || {
            let found = log.shards().into_iter().find(|found| found.range().id() == shard);
            match found {
                Some(shard) => shard.strike_off(start),
                None => log.ledger(&shard).strike_off(start),
            }
        });
        striking.await.unwrap_or(Err(StreamError::Stopped))
    }

    /// Tells its deliveries to stop after the batch in hand, and waits for them. Blocking.
    pub fn end(&self) {
        self.stop.send_replace(true);
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let elsewhere = self.upstream.as_ref().map(|upstream| upstream.threads()).unwrap_or_default();
        for thread in threads.into_iter().chain(elsewhere) {
            if thread.join().is_err() {
                tracing::error!(stream = self.name(), "a delivery had panicked");
            }
        }
    }
}
