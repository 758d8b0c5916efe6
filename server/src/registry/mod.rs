//! Which delivery streams there are.
//!
//! Owns starting, changing and ending them while the server runs, and the one door that records come in by, whatever
//! wire they came over: fit, quota, append or hand on. Does not own keys and wires (the rooms `gateway` and `aws` do), nor
//! what becomes of a record in the log or elsewhere.

mod door;
pub mod made;
mod names;
mod room;
mod running;
pub mod terms;
mod turns;
mod upstream;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::watch;

pub use door::{Accepted, Checked, Incoming, Intake, Refused};
pub use room::{MOST_SHARDS, MOST_STREAMS};
pub use running::DeliveryStream;
pub use turns::Turn;
pub use upstream::{Behind, Upstream};

use self::door::Quotas;
use self::room::Room;
use self::terms::{Destination, StreamConfig, is_stream_name};
use self::turns::Turns;
use self::upstream::Making;
use crate::clock::Clock;
use crate::delivery::replay::{ReplayError, Replayer};
use crate::delivery::{Delivery, Settings};
use crate::lake::Lake;
use crate::live::Live;
use crate::pace::Pace;
use crate::records::source::Source;
use crate::remote::{Reader, RemoteError, Target};
use crate::stream::{Logs, StreamError};
use crate::transform::{TransformError, Transformer};
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
    /// The lake keeps something else under that name or prefix.
    #[error("{0}")]
    Reserved(String),
    /// As many streams or shards were made as may be.
    #[error("{MOST_STREAMS} streams with {MOST_SHARDS} shards in all may be made here; delete one first")]
    NoRoom,
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

/// All streams, by name. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    plant: Plant,
    streams: RwLock<BTreeMap<String, Arc<DeliveryStream>>>,
    turns: Turns,
    /// Held while a stream of the wire is started.
    making: tokio::sync::Mutex<()>,
    room: Room,
}

/// Where a stream comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The configuration.
    Configured,
    /// Somebody who makes it over the wire now.
    Made,
    /// The row of a stream that was made over the wire before. It is started again whatever the bounds are now.
    Restored,
}

impl Registry {
    /// No stream yet.
    #[must_use]
    pub fn new(plant: Plant) -> Self {
        Self(Arc::new(Inner {
            plant,
            streams: RwLock::default(),
            turns: Turns::default(),
            making: tokio::sync::Mutex::default(),
            room: Room::default(),
        }))
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

    /// Waits for the turn to start, change or end the stream of a name. Whoever has it keeps it over all that belongs
    /// together: the stream and the row that it is kept by.
    pub async fn turn(&self, name: &str) -> Turn {
        self.0.turns.of(name).await
    }

    /// Starts a stream of the configuration.
    ///
    /// # Errors
    /// As [`Registry::start_in`].
    pub async fn start(&self, config: StreamConfig) -> Result<Arc<DeliveryStream>, RegistryError> {
        let turn = self.turn(&config.name).await;
        self.start_in(&turn, config, Origin::Configured).await
    }

    /// Starts the stream of the turn's name: its table, its log and a delivery for each shard.
    ///
    /// # Errors
    /// If the name is taken, reserved or none, there is no room, or a part cannot be started.
    pub async fn start_in(
        &self,
        turn: &Turn,
        config: StreamConfig,
        origin: Origin,
    ) -> Result<Arc<DeliveryStream>, RegistryError> {
        debug_assert_eq!(turn.name, config.name, "the turn is another stream's");
        if !is_stream_name(&config.name) {
            return Err(RegistryError::Name(config.name));
        }
        if self.get(&config.name).is_some() {
            return Err(RegistryError::Taken(config.name));
        }
        // Of two names that are made at the same time, neither may be the other's prefix.
        let _making = match origin {
            Origin::Configured => None,
            Origin::Made | Origin::Restored => {
                let making = self.0.making.lock().await;
                names::check(&config, &self.all())?;
                Some(making)
            }
        };
        let room = match origin {
            Origin::Configured => None,
            Origin::Restored => self.0.room.take(config.spec.shards),
            Origin::Made => Some(self.0.room.take(config.spec.shards).ok_or(RegistryError::NoRoom)?),
        };
        let mut stream = self.run(config, origin != Origin::Configured).await?;
        stream.room = room;
        let stream = Arc::new(stream);
        let mut streams = self.0.streams.write().unwrap_or_else(PoisonError::into_inner);
        streams.insert(stream.name().to_owned(), Arc::clone(&stream));
        Ok(stream)
    }

    async fn run(&self, config: StreamConfig, is_made: bool) -> Result<DeliveryStream, RegistryError> {
        let plant = &self.0.plant;
        let Plant { logs, warehouse, clock, .. } = plant;
        let destination = config.destination.clone();
        let landed = warehouse.stream_ends(config.name.clone()).await?.by_shard;
        let opening = {
            if let Some(table) = destination.as_ref().and_then(|destination| destination.table.clone()) {
                warehouse.ensure_table(table).await?;
            }
            let (logs, name, spec, clock) = (logs.clone(), config.log_name(), config.spec, clock.clone());
            // Waits for a disk.
            tokio::task::spawn_blocking(move || logs.log(&name, spec, &landed, clock))
        };
        let log = opening.await.unwrap_or(Err(StreamError::Stopped))?;
        let stop = watch::Sender::new(false);
        let is_paused = destination.as_ref().is_some_and(|destination| destination.is_paused);
        let (target, reader) = if is_paused { (None, None) } else { elsewhere(&config).await? };
        let (mut settings, mut health, mut threads, mut upstream) = (None, Vec::new(), Vec::new(), None);
        if let Some(destination) = destination {
            let current = watch::Sender::new(destination.settings);
            let shards = if is_paused { Vec::new() } else { log.shards() };
            let delivery = |shard| plant.delivery(shard, &destination, current.subscribe());
            // All are made before the first is started; should one not start, those before it end with `stop`.
            for delivery in shards.into_iter().map(delivery).collect::<Result<Vec<_>, _>>()? {
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
            room: None,
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

    /// Ends the stream of the turn's name, which was made over the wire, and removes its log. What it has brought into the
    /// lake stays.
    ///
    /// # Errors
    /// If there is none, or it comes from the configuration.
    pub async fn remove_in(&self, turn: &Turn) -> Result<(), RegistryError> {
        let name = turn.name.as_str();
        let stream = self.removable(name)?;
        let log = stream.config().log_name();
        self.0.streams.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        let ended = tokio::task::spawn_blocking(move || stream.end()).await;
        if ended.is_err() {
            tracing::error!(stream = name, "a stream could not be ended");
        }
        let logs = self.0.plant.logs.clone();
        let removed = tokio::task::spawn_blocking(move || logs.remove(&log)).await;
        Ok(removed.unwrap_or(Err(StreamError::Stopped))?)
    }

    /// The stream, if it may be ended over the wire.
    ///
    /// # Errors
    /// If there is none, or it comes from the configuration.
    pub fn removable(&self, name: &str) -> Result<Arc<DeliveryStream>, RegistryError> {
        let stream = self.get(name).ok_or_else(|| RegistryError::Unknown(name.to_owned()))?;
        if stream.is_made { Ok(stream) } else { Err(RegistryError::Configured(name.to_owned())) }
    }

    /// Brings in the batches of a stream that were parked, oldest first, and returns how many that were.
    ///
    /// # Errors
    /// If there is no such stream, or a COPY still fails; what came before that is in.
    pub async fn replay_parked(&self, name: &str) -> Result<usize, RegistryError> {
        let stream = self.get(name).ok_or_else(|| RegistryError::Unknown(name.to_owned()))?;
        let Plant { lake, warehouse, live, clock, .. } = self.0.plant.clone();
        let replayer = Replayer { lake, warehouse, clock };
        let parked = stream.parked().await?;
        let batches = parked.len();
        for (shard, batch) in parked {
            replayer.bring_in_parked(name, &shard, stream.table().cloned(), &batch).await?;
            stream.unpark(shard, batch.cut.start).await?;
        }
        if batches > 0 {
            live.publish_all();
        }
        Ok(batches)
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

#[cfg(test)]
mod tests;
