//! Puts the rooms together and runs them until they are told to stop.
//!
//! Owns the order of starting and stopping, and the data folder. Does not own what any room does.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

use crate::accounts::{AccountError, Accounts};
use crate::clock::Clock;
use crate::config::{Config, DataConfig};
use crate::delivery::{Delivery, Health};
use crate::demo;
use crate::gateway::{Entrance, Gateway};
use crate::lake::{Lake, LakeError};
use crate::live::Live;
use crate::pace::Pace;
use crate::quiz::{Heartbeats, QUIZ_ANSWERS, Quiz, QuizError, Relay};
use crate::results::{Measure, Parts, Results, Stream};
use crate::secret;
use crate::store::Store;
use crate::stream::{Log, Logs, StreamError};
use crate::warehouse::columns;
use crate::warehouse::{Warehouse, WarehouseError};
use crate::web::{self, Rooms};

/// Requests that are under way when the server stops may take so long to finish.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// Why the server did not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken, or not ours to take.
    #[error("cannot listen on {address}: {source}; stop what uses it, or choose another with --listen")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The data folder cannot be used.
    #[error("cannot use the data folder {folder}: {source}; make it writable, or choose another with --data")]
    Data {
        /// Which.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The transactional store cannot be opened.
    #[error("cannot open the transactional store: {0}")]
    Store(#[from] sea_orm::DbErr),
    /// The streams cannot be opened.
    #[error("cannot open the streams: {0}; is another freshmark running on this data folder?")]
    Stream(#[from] StreamError),
    /// The lake cannot be opened.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The warehouse cannot be opened.
    #[error("cannot open the warehouse: {0}; is another freshmark running on this data folder?")]
    Warehouse(#[from] WarehouseError),
    /// The gateway's address is none.
    #[error("the gateway's address is not right: {0}")]
    Gateway(#[from] url::ParseError),
    /// The relay cannot be made.
    #[error("cannot make the relay: {0}")]
    Relay(#[from] reqwest::Error),
    /// No randomness for a key.
    #[error("cannot make a key: {0}")]
    Randomness(#[from] rand::rand_core::OsError),
    /// The demo school cannot be made.
    #[error("cannot fill the demo school: {0}")]
    Demo(#[from] QuizError),
    /// Accounts cannot be read or made.
    #[error(transparent)]
    Accounts(#[from] AccountError),
}

/// A server that runs.
pub struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    delivery: std::thread::JoinHandle<()>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Where it listens; the port is the real one, even if any was asked for.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops taking requests, finishes the batch in hand and closes the stores.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if tokio::time::timeout(LAST_REQUESTS, task).await.is_err() {
                tracing::warn!("a task did not stop in time");
            }
        }
        let delivery = self.delivery;
        if tokio::task::spawn_blocking(move || delivery.join()).await.is_err() {
            tracing::warn!("delivery did not stop");
        }
    }
}

/// The stores, opened.
struct Stores {
    store: Store,
    logs: Logs,
    lake: Lake,
    warehouse: Warehouse,
    gateway_key: String,
}

/// Starts everything. When it returns, requests are answered.
///
/// # Errors
/// Says which part did not start, and what to do.
pub async fn start(config: Config) -> Result<Running, StartError> {
    // The port first: it is the likeliest to fail, and nothing has been touched yet.
    let listen = config.server.listen;
    let listener = TcpListener::bind(listen).await.map_err(|source| StartError::Listen { address: listen, source })?;
    let address = listener.local_addr().map_err(|source| StartError::Listen { address: listen, source })?;
    let stores = open_stores(&config).await?;
    let common = Common { live: Live::default(), clock: Clock::system(), stop: watch::Sender::new(false) };
    let Common { live, clock, stop } = &common;
    let quiz = Quiz::new(stores.store.clone(), live.clone(), clock.clone());
    let accounts = Accounts::new(stores.store.clone(), clock.clone());
    if config.server.demo && accounts.is_empty().await? {
        demo::school::fill(&accounts, &quiz, clock).await?;
    }

    let landed = stores.warehouse.stream_end(QUIZ_ANSWERS.to_owned()).await?.end;
    let log = stores.logs.log(QUIZ_ANSWERS, landed, clock.clone())?;
    let pipeline = start_pipeline(&config, address, &stores, log, &quiz, &common)?;
    let measure = Measure {
        store: stores.store.clone(),
        warehouse: stores.warehouse.clone(),
        accepting: quiz.accepting().clone(),
        clock: clock.clone(),
    };
    let parts = Parts {
        quiz: quiz.clone(),
        lake: stores.lake,
        streams: vec![pipeline.stream],
        heartbeat_every_ms: config.heartbeat.as_millis() as i64,
    };
    let results = Results::new(stores.store, stores.warehouse, measure, Arc::new(parts));
    let rooms =
        Rooms { quiz, accounts, results, gateway: pipeline.gateway, live: live.clone(), stop: stop.subscribe() };
    let router = web::router(rooms, &config.server.site);
    let mut tasks = pipeline.tasks;
    tasks.push(tokio::spawn(answer_requests(listener, router, stop.subscribe())));
    Ok(Running { address, stop: common.stop, delivery: pipeline.delivery, tasks })
}

async fn answer_requests(listener: TcpListener, router: axum::Router, mut stop: watch::Receiver<bool>) {
    let stopped = async move {
        let _ = stop.wait_for(|stop| *stop).await;
    };
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
        tracing::error!(%error, "the server no longer answers requests");
    }
}

async fn open_stores(config: &Config) -> Result<Stores, StartError> {
    let data = &config.data;
    let unusable = |source| StartError::Data { folder: data.folder().to_owned(), source };
    std::fs::create_dir_all(data.folder()).map_err(unusable)?;
    let gateway_key = match &config.gateway.key {
        Some(key) => key.clone(),
        None => key_in(data)?,
    };
    Ok(Stores {
        logs: Logs::open(&data.stream())?,
        warehouse: Warehouse::open(&data.warehouse(), config.warehouse)?,
        lake: Lake::local(&data.lake())?,
        store: Store::open(&data.store()).await?,
        gateway_key,
    })
}

/// The gateway's key in the data folder, made at the first start.
fn key_in(data: &DataConfig) -> Result<String, StartError> {
    let path = data.gateway_key();
    let unusable = |source| StartError::Data { folder: data.folder().to_owned(), source };
    match std::fs::read_to_string(&path) {
        Ok(key) if !key.trim().is_empty() => return Ok(key.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unusable(error)),
    }
    let key = secret::generate()?;
    write_private(&path, &key).map_err(unusable)?;
    Ok(key)
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

/// What every room is given.
struct Common {
    live: Live,
    clock: Clock,
    stop: watch::Sender<bool>,
}

/// The running way of an answer.
struct Pipeline {
    gateway: Gateway,
    stream: Stream,
    delivery: std::thread::JoinHandle<()>,
    tasks: Vec<JoinHandle<()>>,
}

fn start_pipeline(
    config: &Config,
    address: SocketAddr,
    stores: &Stores,
    log: Log,
    quiz: &Quiz,
    Common { live, clock, stop }: &Common,
) -> Result<Pipeline, StartError> {
    let table = &columns::QUIZ_ANSWERS;
    let delivery = Delivery {
        source: log.clone(),
        table,
        lake: stores.lake.clone(),
        warehouse: stores.warehouse.clone(),
        live: live.clone(),
        hints: config.buffering,
        clock: clock.clone(),
    };
    let (health, delivery): (Arc<Health>, _) = delivery
        .spawn(stop.subscribe())
        .map_err(|source| StartError::Data { folder: config.data.folder().to_owned(), source })?;
    let relay_to = gateway_address(config, address)?.join(QUIZ_ANSWERS)?;
    let relay = Relay::new(quiz.outbox().clone(), QUIZ_ANSWERS, relay_to, stores.gateway_key.clone())?;
    let relay_health = relay.health();
    let heartbeats = Heartbeats::default();
    let beating = heartbeats.clone().run(quiz.clone(), stores.warehouse.clone(), config.heartbeat, stop.subscribe());
    let tasks = vec![tokio::spawn(relay.run(stop.subscribe())), tokio::spawn(beating)];
    let pace = Arc::new(Pace::default());
    let entrance = Entrance { log: log.clone(), table, pace: Arc::clone(&pace) };
    let gateway = Gateway::new(BTreeMap::from([(QUIZ_ANSWERS.to_owned(), entrance)]), &stores.gateway_key);
    let stream = Stream { log, gateway: pace, delivery: health, relay: relay_health, heartbeats };
    Ok(Pipeline { gateway, stream, delivery, tasks })
}

/// Where the relay puts records: the configured gateway, or this server's own.
fn gateway_address(config: &Config, address: SocketAddr) -> Result<Url, StartError> {
    if let Some(url) = &config.gateway.url {
        return Ok(url.clone());
    }
    let host = if address.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], address.port())) } else { address };
    Ok(Url::parse(&format!("http://{host}/gateway/"))?)
}
