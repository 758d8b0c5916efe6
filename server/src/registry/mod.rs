//! Which delivery streams there are.
//!
//! Owns starting, changing and ending them while the server runs, and the one door that records come in by, whatever
//! wire they came over: fit, quota, append or hand on. Does not own keys and wires (the rooms `gateway` and `aws` do), nor
//! what becomes of a record in the log or elsewhere.

pub mod bucket;
mod door;
mod upstream;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use app::api::Millis;
use tokio::sync::watch;

pub use door::{Checked, Incoming, Intake, Refused, Taken};
pub use upstream::{Behind, Upstream};

use self::door::Quotas;
use self::upstream::Making;
use crate::clock::Clock;
use crate::config::streams::{Destination, Integration, StreamConfig, is_stream_name};
use crate::delivery::replay::{ReplayError, Replayer};
use crate::delivery::{Delivery, Health, Parked, Settings, Source};
use crate::lake::Lake;
use crate::live::Live;
use crate::pace::Pace;
use crate::remote::{Reader, RemoteError, Target};
use crate::stream::{Log, Logs, StreamError};
use crate::transform::{Transform, TransformError, Transformer};
use crate::warehouse::columns::Table;
use crate::warehouse::{Warehouse, WarehouseError};

/// Why a stream was not started, changed or ended.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// There is none of that name.
    #[error("there is no stream named {0:?}")]
    Unknown(String),
    /// There is one of that name already.
    #[error("there is a stream named {0:?} already")]
    Taken(String),
    /// The name is none.
    #[error("{0:?} is no name for a stream: 1 to 64 letters, digits, _ . and -")]
    Name(String),
    /// It comes from the configuration.
    #[error("the stream {0:?} comes from the configuration, and goes only with it")]
    Configured(String),
    /// The stream's log cannot be used.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The warehouse said no.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// The stream elsewhere cannot be used.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// A parked batch could not be brought in.
    #[error("a parked batch was not brought in: {0}")]
    Replay(#[from] ReplayError),
    /// Its function cannot be invoked.
    #[error(transparent)]
    Transform(#[from] TransformError),
    /// The thread of a delivery could not be started.
    #[error("the delivery could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// What every stream works with.
#[derive(Clone)]
pub struct Plant {
    /// Every log.
    pub logs: Logs,
    /// Where objects go.
    pub lake: Lake,
    /// Where rows go.
    pub warehouse: Warehouse,
    /// Who hears of loads.
    pub live: Live,
    /// What time it is.
    pub clock: Clock,
}

impl Plant {
    fn delivery<S: Source>(
        &self,
        source: S,
        destination: &Destination,
        settings: watch::Receiver<Settings>,
    ) -> Result<Delivery<S>, TransformError> {
        let Self { lake, warehouse, live, clock, .. } = self.clone();
        let (table, layout) = (destination.table.clone(), destination.layout.clone());
        let transform = destination.transform.as_ref().map(|function| Transformer::new(function, source.stream()));
        let transform = transform.transpose()?;
        Ok(Delivery { source, transform, table, layout, lake, warehouse, live, settings, clock })
    }
}

/// One stream that runs.
pub struct DeliveryStream {
    config: StreamConfig,
    /// Of a stream whose records lie elsewhere, it holds the books, and what was taken before that was so.
    log: Log,
    /// Where records are handed on to, instead of the log.
    target: Option<Target>,
    /// Where records are read from, besides the log.
    upstream: Option<Arc<Upstream>>,
    quotas: Quotas,
    clock: Clock,
    /// Whether it was made over the wire, and when the stream was started.
    is_made: bool,
    started_at: Millis,
    settings: Option<watch::Sender<Settings>>,
    health: Vec<Arc<Health>>,
    entrance: Pace,
    intake: Intake,
    stop: watch::Sender<bool>,
    threads: Mutex<Vec<JoinHandle<()>>>,
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

    /// What the last try of one of its shards failed with.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let upstream = || self.upstream.as_ref().and_then(|upstream| upstream.problem());
        self.health.iter().find_map(|health| health.problem()).or_else(upstream)
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
    pub fn parked(&self) -> Result<Vec<(String, Parked)>, StreamError> {
        let mut all = Vec::new();
        for shard in self.log.shards() {
            all.extend(shard.parked_batches()?.into_iter().map(|parked| (shard.shard(), parked)));
        }
        all.extend(self.log.parked_elsewhere()?);
        Ok(all)
    }

    fn unpark(&self, shard: &str, start: u64) -> Result<(), StreamError> {
        let found = self.log.shards().into_iter().find(|found| found.range().id() == shard);
        match found {
            Some(shard) => shard.strike_off(start),
            None => self.log.ledger(shard).strike_off(start),
        }
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

/// All streams, by name. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    plant: Plant,
    streams: RwLock<BTreeMap<String, Arc<DeliveryStream>>>,
}

impl Registry {
    /// No stream yet.
    #[must_use]
    pub fn new(plant: Plant) -> Self {
        Self(Arc::new(Inner { plant, streams: RwLock::default() }))
    }

    /// What every stream works with.
    #[must_use]
    pub fn plant(&self) -> &Plant {
        &self.0.plant
    }

    /// The stream of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<DeliveryStream>> {
        self.0.streams.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// All streams, by name.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<DeliveryStream>> {
        self.0.streams.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Starts a stream: its table, its log and a delivery for each shard.
    ///
    /// # Errors
    /// If the name is taken or none, or a part cannot be started.
    pub async fn start(&self, config: StreamConfig, is_made: bool) -> Result<Arc<DeliveryStream>, RegistryError> {
        if !is_stream_name(&config.name) {
            return Err(RegistryError::Name(config.name));
        }
        if self.get(&config.name).is_some() {
            return Err(RegistryError::Taken(config.name));
        }
        let stream = Arc::new(self.run(config, is_made).await?);
        let mut streams = self.0.streams.write().unwrap_or_else(PoisonError::into_inner);
        if streams.contains_key(stream.name()) {
            return Err(RegistryError::Taken(stream.name().to_owned()));
        }
        streams.insert(stream.name().to_owned(), Arc::clone(&stream));
        Ok(stream)
    }

    async fn run(&self, config: StreamConfig, is_made: bool) -> Result<DeliveryStream, RegistryError> {
        let plant = &self.0.plant;
        let Plant { logs, warehouse, clock, .. } = plant;
        let destination = config.destination.clone();
        if let Some(table) = destination.as_ref().and_then(|d| d.table.as_ref()) {
            warehouse.ensure_table(table)?;
        }
        let landed = warehouse.stream_ends(config.name.clone()).await?.by_shard;
        let log = logs.log(&config.name, config.spec, &landed, clock.clone())?;
        let stop = watch::Sender::new(false);
        let is_paused = destination.as_ref().is_some_and(|destination| destination.is_paused);
        let (target, reader) = if is_paused { (None, None) } else { elsewhere(&config).await? };
        let (mut settings, mut health, mut threads, mut upstream) = (None, Vec::new(), Vec::new(), None);
        if let Some(destination) = destination {
            let current = watch::Sender::new(destination.settings);
            let shards = if is_paused { Vec::new() } else { log.shards() };
            for shard in shards {
                let delivery = plant.delivery(shard, &destination, current.subscribe())?;
                let (of_shard, thread) = delivery.spawn(stop.subscribe())?;
                health.push(of_shard);
                threads.push(thread);
            }
            let (plant, log, settings_of) = (plant.clone(), log.clone(), current.subscribe());
            let making = Making { plant, log, destination, settings: settings_of };
            upstream = reader.map(|reader| Upstream::run(reader, making, stop.subscribe()));
            settings = Some(current);
        }
        let now = clock.now();
        Ok(DeliveryStream {
            quotas: Quotas::new(config.quota, now),
            clock: clock.clone(),
            is_made,
            started_at: now,
            entrance: Pace::default(),
            intake: Intake::default(),
            threads: Mutex::new(threads),
            config,
            log,
            target,
            upstream,
            settings,
            health,
            stop,
        })
    }

    /// Ends a stream that was made over the wire, and removes its log. What it has brought into the lake stays.
    ///
    /// # Errors
    /// If there is none, or it comes from the configuration.
    pub async fn remove(&self, name: &str) -> Result<(), RegistryError> {
        let stream = self.get(name).ok_or_else(|| RegistryError::Unknown(name.to_owned()))?;
        if !stream.is_made {
            return Err(RegistryError::Configured(name.to_owned()));
        }
        self.0.streams.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        let ended = tokio::task::spawn_blocking(move || stream.end()).await;
        if ended.is_err() {
            tracing::error!(stream = name, "a stream could not be ended");
        }
        Ok(self.0.plant.logs.remove(name)?)
    }

    /// Brings in the batches of a stream that were parked, oldest first, and returns how many that were.
    ///
    /// # Errors
    /// If there is no such stream, or a COPY still fails; what came before that is in.
    pub async fn replay_parked(&self, name: &str) -> Result<usize, RegistryError> {
        let stream = self.get(name).ok_or_else(|| RegistryError::Unknown(name.to_owned()))?;
        let Plant { lake, warehouse, live, clock, .. } = self.0.plant.clone();
        let replayer = Replayer { lake, warehouse, clock };
        let parked = stream.parked()?;
        for (shard, batch) in &parked {
            replayer.bring_in_parked(name, shard, stream.table().cloned(), batch).await?;
            stream.unpark(shard, batch.cut.start)?;
        }
        if !parked.is_empty() {
            live.publish_all();
        }
        Ok(parked.len())
    }

    /// Ends every stream. Blocking.
    pub fn end(&self) {
        let all = self.all();
        // First all are told, then all are waited for.
        all.iter().for_each(|stream| {
            stream.stop.send_replace(true);
        });
        all.iter().for_each(|stream| stream.end());
    }
}

/// Where a stream's records are handed on to and read from, if that is not its log.
async fn elsewhere(config: &StreamConfig) -> Result<(Option<Target>, Option<Reader>), RemoteError> {
    let target = match &config.put_to {
        Some(target) => Some(Target::new(target).await?),
        None => None,
    };
    let reader = match &config.source {
        Some(source) => Some(Reader::new(source).await?),
        None => None,
    };
    Ok((target, reader))
}
