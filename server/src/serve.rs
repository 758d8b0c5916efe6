//! Puts the rooms together and runs them until they are told to stop.
//!
//! Owns the order of starting and stopping, and the data folder. Does not own what any room does.

mod error;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

pub use self::error::StartError;
use crate::access::Access;
use crate::accounts::Accounts;
use crate::aws;
use crate::clock::Clock;
use crate::config::{Config, GatewayConfig, LakeConfig};
use crate::delivery::replay::{Brought, Progress, Range, Replayer, Which};
use crate::demo;
use crate::freshness::Measure;
use crate::gateway::Gateway;
use crate::keys::{Keys, Own};
use crate::lake::Lake;
use crate::listen::{self, Bodies, Bound, Speaks};
use crate::live::Live;
use crate::ops::{Beating, Feed, Heartbeats, Ops, Parts, Way};
use crate::outbox::{Outbox, Relay};
use crate::records::QUIZ_CATALOG;
use crate::records::columns::Table;
use crate::registry::{Plant, Registry};
use crate::reports::Reports;
use crate::store::Store;
use crate::stream::Logs;
use crate::teaching::Teaching;
use crate::warehouse::duckdb::{self, Limits, RebuildOwed};
use crate::warehouse::{Warehouse, WarehouseError};
use crate::web::{self, Proxies, Rooms};
use crate::{private, secret, set_back, tasks};

/// Requests that are under way when the server stops may take so long to finish.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// A server that runs.
pub struct Running {
    address: SocketAddr,
    aws_address: SocketAddr,
    stop: watch::Sender<bool>,
    registry: Registry,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Where it listens; the port is the real one, even if any was asked for.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the AWS wire is.
    #[must_use]
    pub const fn aws_address(&self) -> SocketAddr {
        self.aws_address
    }

    /// Stops taking requests, finishes the batches in hand and closes the stores.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if tokio::time::timeout(LAST_REQUESTS, task).await.is_err() {
                tracing::warn!("a task did not stop in time");
            }
        }
        end_streams(self.registry).await;
    }
}

/// The stores, opened.
pub(crate) struct Stores {
    pub store: Store,
    pub plant: Plant,
    pub gateway_key: String,
    pub wire_secret: String,
}

/// Starts everything, on this clock. When it returns, requests are answered.
///
/// # Errors
/// Says which part did not start, and what to do.
pub async fn start(config: Config, clock: Clock) -> Result<Running, StartError> {
    // The port first: it is the likeliest to fail, and nothing has been touched yet.
    let (listener, address) = bind(config.server.listen, "--listen").await?;
    let (aws_listener, aws_address) = bind(config.server.aws_listen, "--aws-listen").await?;
    let stop = watch::Sender::new(false);
    let mut rebuild_owed = None;
    let open_warehouse = |path: &Path, limits| {
        let (warehouse, owed) = duckdb::open_or_set_aside(path, limits)?;
        rebuild_owed = owed;
        Ok(warehouse)
    };
    let stores = open_with(&config, clock.clone(), open_warehouse).await?;
    let is_rebuilt = match &rebuild_owed {
        Some(_) => rebuild(&stores.plant, &config).await?,
        None => false,
    };
    let rebuild_owed = rebuild_owed.filter(|_| is_rebuilt);
    let registry = Registry::new(stores.plant.clone());
    let doors = Doors { pages: listener, wire: aws_listener, address };
    match start_rooms(&config, clock, stores, &registry, rebuild_owed, doors, &stop).await {
        Ok(tasks) => Ok(Running { address, aws_address, stop, registry, tasks }),
        Err(error) => {
            stop.send_replace(true);
            end_streams(registry).await;
            Err(error)
        }
    }
}

/// Where connections come in.
struct Doors {
    pages: TcpListener,
    wire: TcpListener,
    /// Of the pages.
    address: SocketAddr,
}

/// Starts the streams and everything that stands above them. Whoever calls it ends the streams if that fails.
async fn start_rooms(
    config: &Config,
    clock: Clock,
    stores: Stores,
    registry: &Registry,
    rebuilt: Option<RebuildOwed>,
    doors: Doors,
    stop: &watch::Sender<bool>,
) -> Result<Vec<JoinHandle<()>>, StartError> {
    let Stores { store, plant, gateway_key, wire_secret } = stores;
    let Plant { warehouse, live, .. } = plant.clone();
    let rooms = Teaching::on(&store, &live, &clock);
    let outbox = &rooms.outbox;
    let accounts = Accounts::new(store.clone(), clock.clone()).of_server(config.server.demo, &wire_secret);
    start_streams(registry, config).await?;
    if let Some(owed) = rebuilt {
        owed.done().map_err(WarehouseError::from)?;
    }
    // Before anything is numbered.
    set_back::compare_and_make_good(&store, outbox, &plant, registry, &config.data.set_back_mark()).await?;
    if config.server.demo && accounts.is_empty().await? {
        demo::school::fill(&accounts, &rooms, &clock).await?;
    }
    announce_to_a_new_warehouse(outbox, &plant).await?;
    // What is put with it is this server's own: whoever is not on the relay's way never learns it.
    let relay_key = secret::generate()?;
    let own = Own { relay: relay_key.clone(), folder: gateway_key.clone(), wire: wire_secret.clone() };
    let keys = Keys::new(store.clone(), own, clock.clone());
    let bodies = Bodies::default();
    let wire =
        aws::AwsService::open(registry.clone(), keys.clone(), store.clone(), wire_secret, bodies.clone()).await?;
    let mut running = Vec::new();
    if config.gateway.url.is_some() && config.gateway.key.is_none() {
        tracing::warn!(
            "records go to --gateway-url with this server's own key; where that is another server, give --gateway-key-file"
        );
    }
    // A key that was not given opens this server's own gateway alone, whichever way the relay goes there: through a proxy, say.
    let relay_key = match config.gateway {
        GatewayConfig { url: Some(_), key: Some(_) } => gateway_key,
        _ => relay_key,
    };
    let feeds = start_feeds(config, doors.address, &relay_key, outbox, &plant, stop, &mut running)?;
    let measure = Measure {
        store: store.clone(),
        warehouse,
        accepting: rooms.attempts.accepting().clone(),
        clock: clock.clone(),
        registry: registry.clone(),
        thresholds: config.freshness,
    };
    let heartbeat_every_ms = config.heartbeat.as_millis() as i64;
    let (attempts, outbox) = (rooms.attempts.clone(), outbox.clone());
    let parts = Parts { attempts, outbox, registry: registry.clone(), feeds, heartbeat_every_ms };
    let access = Access::new(store);
    let reports = Reports::new(measure.clone(), access.clone(), live.clone());
    let ops = Ops::new(measure, parts, live);
    if config.gateway.url.is_none() {
        // What another gateway has taken is on a way that nobody here can see the end of.
        let (ops, stopped) = (ops.clone(), stop.subscribe());
        let reconciling = move || ops.clone().reconcile(stopped.clone());
        running.push(tasks::spawn("reconciling".to_owned(), stop.subscribe(), reconciling));
    }
    let gateway = Gateway::new(registry.clone(), keys);
    let metrics_key = config.server.metrics_key.clone();
    let rooms = Rooms {
        attempts: rooms.attempts,
        quizzes: rooms.quizzes,
        school: rooms.school,
        accounts,
        access,
        reports,
        ops,
        clock,
        gateway,
        bodies,
        own_bodies: Bodies::default(),
        proxies: Proxies::new(config.server.proxies.clone()),
        registry: registry.clone(),
        metrics_key,
        stop: stop.subscribe(),
    };
    let router = web::router(rooms, &config.server.site);
    let (of_pages, of_wire) = Bound::of_process();
    running.push(tokio::spawn(listen::serve(doors.pages, router, Speaks::Http1, of_pages, stop.subscribe())));
    running.push(tokio::spawn(listen::serve(doors.wire, wire.router(), Speaks::Http1And2, of_wire, stop.subscribe())));
    Ok(running)
}

/// Brings everything in the lake into an empty warehouse, before any delivery begins: where one goes on is read from the load
/// history. What cannot be brought in is said, and stays in the lake. Returns whether that is all there is to do.
async fn rebuild(plant: &Plant, config: &Config) -> Result<bool, StartError> {
    let tables = ensure_tables(&plant.warehouse, config).await?;
    let tell = |progress: Progress<'_>| {
        if let Progress::Failed { manifest, error } = progress {
            tracing::error!(manifest, %error, "a batch was not brought in");
        }
    };
    let Plant { lake, warehouse, clock, .. } = plant.clone();
    let table_of = |stream: &str| tables.get(stream).cloned();
    let replayer = Replayer { lake, warehouse, clock };
    let Brought { rows, failed, filled, without_table, .. } =
        replayer.bring_in_all(&Which::default(), table_of, tell).await?;
    for Range { stream, shard, start, end } in filled {
        tracing::warn!(stream, shard, start, end, "no batch of these lies in the lake; they are taken for heartbeats");
    }
    for (stream, batches) in without_table {
        tracing::warn!(stream, batches, "the stream is not configured, or has no table; its batches stay in the lake");
    }
    tracing::warn!(rows, failed, "the warehouse has been rebuilt from the lake");
    Ok(failed == 0)
}

/// Makes the tables of the configured streams that are not there yet. Returns each stream's.
pub(crate) async fn ensure_tables(
    warehouse: &Warehouse,
    config: &Config,
) -> Result<BTreeMap<String, Arc<Table>>, WarehouseError> {
    let mut tables = BTreeMap::new();
    for stream in &config.streams {
        if let Some(table) = stream.destination.as_ref().and_then(|destination| destination.table.clone()) {
            warehouse.ensure_table(Arc::clone(&table)).await?;
            tables.insert(stream.name.clone(), table);
        }
    }
    Ok(tables)
}

async fn start_streams(registry: &Registry, config: &Config) -> Result<(), StartError> {
    for stream in config.streams.clone() {
        let name = stream.name.clone();
        let started = registry.start(stream).await;
        started.map_err(|source| StartError::Registry { stream: name, source })?;
    }
    Ok(())
}

/// Deliveries have to end before the runtime that they work on does.
async fn end_streams(registry: Registry) {
    if tokio::task::spawn_blocking(move || registry.end()).await.is_err() {
        tracing::warn!("the deliveries did not stop");
    }
}

async fn bind(address: SocketAddr, flag: &'static str) -> Result<(TcpListener, SocketAddr), StartError> {
    let unusable = |source| StartError::Listen { address, flag, source };
    let listener = TcpListener::bind(address).await.map_err(unusable)?;
    let address = listener.local_addr().map_err(unusable)?;
    Ok((listener, address))
}

/// Opens the stores as they are; a damaged one is an error.
pub(crate) async fn open_stores(config: &Config, clock: Clock) -> Result<Stores, StartError> {
    open_with(config, clock, duckdb::open).await
}

async fn open_with(
    config: &Config,
    clock: Clock,
    open_warehouse: impl FnOnce(&Path, Limits) -> Result<Warehouse, WarehouseError>,
) -> Result<Stores, StartError> {
    let data = &config.data;
    let unusable = |source| StartError::Data { folder: data.folder().to_owned(), source };
    // A folder that was used before may have become read-only; the stores would name that in many ways.
    private::folder(data.folder()).map_err(unusable)?;
    let gateway_key = match &config.gateway.key {
        Some(key) => key.clone(),
        None => private::secret_in(&data.gateway_key()).map_err(unusable)?,
    };
    let wire_secret = private::secret_in(&data.wire_secret()).map_err(unusable)?;
    let plant = Plant {
        warehouse: open_warehouse(&data.warehouse(), config.warehouse)?,
        logs: Logs::open(&data.stream())?,
        lake: match &config.lake {
            LakeConfig::Folder(folder) => Lake::local(folder)?,
            LakeConfig::Bucket(address) => Lake::bucket(address)?,
        },
        live: Live::default(),
        clock,
    };
    Ok(Stores { store: Store::open(&data.store()).await?, plant, gateway_key, wire_secret })
}

/// A warehouse that has never heard of a quiz, class or assignment is told of all there are.
async fn announce_to_a_new_warehouse(outbox: &Outbox, plant: &Plant) -> Result<(), StartError> {
    let has_heard = !plant.warehouse.stream_ends(QUIZ_CATALOG.to_owned()).await?.by_shard.is_empty();
    if has_heard || outbox.waiting(QUIZ_CATALOG).await?.records > 0 {
        return Ok(());
    }
    Ok(outbox.announce_everything(plant.clock.now()).await?)
}

/// Starts what this server itself puts into its two streams: a relay and heartbeats for each.
fn start_feeds(
    config: &Config,
    address: SocketAddr,
    relay_key: &str,
    outbox: &Outbox,
    plant: &Plant,
    stop: &watch::Sender<bool>,
    running: &mut Vec<JoinHandle<()>>,
) -> Result<BTreeMap<String, Feed>, StartError> {
    let mut feeds = BTreeMap::new();
    let gateway = gateway_address(config, address)?;
    for on in [Beating::Answers, Beating::Catalog] {
        let name = on.stream();
        let relay = Relay::new(outbox.clone(), name, gateway.join(name)?, relay_key.to_owned())?;
        let feed = Feed { relay: relay.health(), heartbeats: Heartbeats::default() };
        let (relay, stopped) = (Arc::new(relay), stop.subscribe());
        let relaying = move || Arc::clone(&relay).run(stopped.clone());
        let (heartbeats, stopped) = (feed.heartbeats.clone(), stop.subscribe());
        let Plant { warehouse, live, clock, .. } = plant.clone();
        let way = Way { on, every: config.heartbeat, outbox: outbox.clone(), warehouse, live, clock };
        let beating = move || heartbeats.clone().run(way.clone(), stopped.clone());
        running.push(tasks::spawn(format!("relay of {name}"), stop.subscribe(), relaying));
        running.push(tasks::spawn(format!("heartbeats of {name}"), stop.subscribe(), beating));
        feeds.insert(name.to_owned(), feed);
    }
    Ok(feeds)
}

/// Where the relay puts records: the configured gateway, or this server's own.
fn gateway_address(config: &Config, address: SocketAddr) -> Result<Url, StartError> {
    if let Some(url) = &config.gateway.url {
        return Ok(url.clone());
    }
    let host = if address.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], address.port())) } else { address };
    Ok(Url::parse(&format!("http://{host}/gateway/"))?)
}
