//! The deliveries of a stream that is read from elsewhere: one for each shard, begun in the order of their lineage.
//!
//! Owns finding out which shards there are, beginning them, and what is said of all of them. A split or a merge closes
//! shards and opens others while the stream runs: the closed ones end once they are drained, and their children begin
//! then. Does not own reading a shard: the room `remote` does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use app::api::Millis;
use tokio::sync::{Notify, watch};

use super::{Plant, RegistryError};
use crate::delivery::{Failing, Health, Settings};
use crate::pauses::Pauses;
use crate::registry::terms::Destination;
use crate::remote::{Listed, Reader, RemoteShard, ready};
use crate::stream::{Entry, Log};
use crate::tasks;

/// The shards are listed again this often, besides whenever one is closed or done.
const LIST_AGAIN: Duration = Duration::from_secs(30);
/// First pause after the list could not be had; doubles up to [`LIST_AGAIN`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// A shard is asked for news this often at least, so that one that was heard of a moment ago has nothing waiting.
const HEARD_LATELY_MS: Millis = 2_000;

/// What waits elsewhere, or has been fetched and has not landed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    /// Records of which it is known that they wait. What lies elsewhere and has not been fetched is counted as one.
    pub records: u64,
    /// Since when at the latest something waits, if it does.
    pub oldest: Option<Millis>,
    /// The same of what does not lie in the lake.
    pub oldest_outside_lake: Option<Millis>,
    /// By how much reading lags behind the newest record, in milliseconds.
    pub lag_ms: Millis,
}

/// A stream elsewhere, as it is delivered here.
pub struct Upstream {
    reader: Reader,
    state: Mutex<State>,
    stop: watch::Receiver<bool>,
    /// Told when a shard is closed or done.
    changed: Arc<Notify>,
}

#[derive(Default)]
struct State {
    shards: BTreeMap<String, Begun>,
    /// Deliveries of shards that were done, for what they have counted.
    ended: Vec<Arc<Health>>,
    threads: Vec<JoinHandle<()>>,
    is_listed: bool,
    problem: Option<String>,
    lost: BTreeMap<String, String>,
}

struct Begun {
    shard: RemoteShard,
    health: Arc<Health>,
    /// Whether it was done when it was last looked which shards may begin: nothing waits in it or for it.
    is_settled: bool,
}

/// What a delivery is made of.
pub(super) struct Making {
    pub plant: Plant,
    pub log: Log,
    pub destination: Destination,
    pub settings: watch::Receiver<Settings>,
}

impl Upstream {
    /// Begins to deliver a stream; its shards are found out about by and by.
    pub(super) fn run(reader: Reader, making: Making, stop: watch::Receiver<bool>) -> Arc<Self> {
        let (state, changed) = (Mutex::default(), Arc::default());
        let upstream = Arc::new(Self { reader, state, stop, changed });
        let (looked_after, making, stop) = (Arc::clone(&upstream), Arc::new(making), upstream.stop.clone());
        let looking = move || {
            let (upstream, making) = (Arc::clone(&looked_after), Arc::clone(&making));
            async move { upstream.look_after(&making).await }
        };
        tasks::spawn(format!("shards of {}", upstream.reader.stream().name()), stop, looking);
        upstream
    }

    /// For people: name, shards that are read, and how far behind that is.
    #[must_use]
    pub fn describe(&self, now: Millis) -> String {
        let name = self.reader.stream().name();
        let shards = self.state().shards.values().filter(|begun| !begun.shard.is_done()).count();
        let shards = if shards == 1 { "1 shard".to_owned() } else { format!("{shards} shards") };
        match self.behind(now) {
            Ok(behind) => format!("kinesis {name}: {shards}, {:.1} s behind", behind.lag_ms as f64 / 1e3),
            Err(_) => format!("kinesis {name}: {shards}, how far behind is not known"),
        }
    }

    /// The reads of its shards.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Records that were lost, or else what reading or one of the deliveries failed with last.
    #[must_use]
    pub fn failing(&self) -> Option<Failing> {
        let state = self.state();
        let reading = |says: String| Failing { stage: "stream", says };
        let of_shard = |begun: &Begun| begun.shard.problem().map(reading).or_else(|| begun.health.failing());
        let lost = state.lost.values().next().cloned();
        let listed = lost.or_else(|| state.problem.clone()).map(reading);
        listed.or_else(|| state.shards.values().find_map(of_shard))
    }

    /// How its batches go, for each shard that was ever begun.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Arc<Health>> {
        let state = self.state();
        state.ended.iter().chain(state.shards.values().map(|begun| &begun.health)).cloned().collect()
    }

    /// What waits.
    ///
    /// # Errors
    /// If that is not known, because not every shard has been read yet; says why.
    pub fn behind(&self, now: Millis) -> Result<Behind, String> {
        let state = self.state();
        let unknown = || format!("the stream {} has not been read yet", self.reader.stream().name());
        if !state.is_listed {
            return Err(state.problem.clone().unwrap_or_else(unknown));
        }
        let mut behind = Behind::default();
        for begun in state.shards.values().filter(|begun| !begun.is_settled) {
            let lag = begun.shard.lag(begun.health.in_lake_before());
            let read_through = lag.read_through.ok_or_else(|| begun.shard.problem().unwrap_or_else(unknown))?;
            let is_unseen = begun.shard.is_closed() || now - read_through > HEARD_LATELY_MS;
            let unseen = is_unseen.then_some(read_through);
            behind.records += lag.fetched + u64::from(unseen.is_some());
            behind.oldest = behind.oldest.into_iter().chain(lag.oldest).chain(unseen).min();
            let outside = behind.oldest_outside_lake.into_iter().chain(lag.oldest_outside_lake);
            behind.oldest_outside_lake = outside.chain(unseen).min();
            behind.lag_ms = behind.lag_ms.max(now - read_through);
        }
        Ok(behind)
    }

    /// The threads of its deliveries; none is begun once `stop` says true.
    pub(super) fn threads(&self) -> Vec<JoinHandle<()>> {
        std::mem::take(&mut self.state().threads)
    }

    async fn look_after(&self, making: &Making) {
        let (mut stop, mut pauses) = (self.stop.clone(), Pauses::new(FIRST_PAUSE, LIST_AGAIN));
        while !*stop.borrow() {
            let wait = match self.look(making).await {
                Ok(()) => {
                    self.state().problem = None;
                    pauses.reset();
                    LIST_AGAIN
                }
                Err(error) => {
                    let (stream, pause) = (making.log.stream(), pauses.after_failure());
                    tracing::warn!(stream, error, ?pause, "shards were not begun; trying again");
                    self.state().problem = Some(error);
                    pause
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.changed.notified() => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    /// Looks which shards there are, and begins those whose time has come.
    async fn look(&self, making: &Making) -> Result<(), String> {
        let mut begun: BTreeMap<String, bool> =
            self.state().shards.iter().map(|(id, begun)| (id.clone(), begun.shard.is_done())).collect();
        let listed = self.reader.shards().await.map_err(|e| e.to_string())?;
        let entries = making.log.entries().map_err(|e| e.to_string())?;
        let prefix = format!("{}/", self.reader.stream().name());
        let entries: BTreeMap<&str, &Entry> =
            entries.iter().filter_map(|(shard, entry)| Some((shard.strip_prefix(&prefix)?, entry))).collect();
        begun.retain(|id, is_done| !*is_done || !self.let_go_of(id, &listed));
        self.look_for_gone(making.log.stream(), &listed, &entries);
        let is_open = |id: &str| listed.iter().any(|shard| shard.id == id && shard.is_open);
        // An open shard that was drained is one of a stream that was made anew under the same name.
        let is_drained = |id: &str| {
            let is_done = begun.get(id).copied().unwrap_or(false);
            (is_done || entries.get(id).is_some_and(|entry| entry.is_drained)) && !is_open(id)
        };
        let is_begun = |id: &str| begun.contains_key(id);
        for shard in ready(&listed, is_begun, is_drained) {
            self.begin(making, &format!("{prefix}{}", shard.id), &shard.id).map_err(|e| e.to_string())?;
        }
        let mut state = self.state();
        for (id, shard) in &mut state.shards {
            shard.is_settled |= begun.get(id).copied().unwrap_or(false);
        }
        state.is_listed = true;
        Ok(())
    }

    fn begin(&self, making: &Making, name: &str, id: &str) -> Result<(), RegistryError> {
        let Making { plant, log, destination, settings } = making;
        let ledger = log.ledger(name);
        let (clock, stop, changed) = (plant.clock.clone(), self.stop.clone(), Arc::clone(&self.changed));
        let mut state = self.state();
        // Whoever ends the stream takes the threads after it has said so.
        if *self.stop.borrow() {
            return Ok(());
        }
        let shard = RemoteShard::open(&self.reader, id, ledger, clock, stop, changed)?;
        let delivery = plant.delivery(shard.clone(), destination, settings.clone())?;
        let (health, thread) = delivery.spawn(self.stop.clone())?;
        tracing::info!(stream = log.stream(), shard = name, "a shard begins to be delivered");
        state.shards.insert(id.to_owned(), Begun { shard, health, is_settled: false });
        state.threads.retain(|thread| !thread.is_finished());
        state.threads.push(thread);
        Ok(())
    }

    /// Forgets a finished shard except for its counters, as soon as the source does not list it any more, or lists an open
    /// shard with the same id. Returns whether the shard was forgotten.
    fn let_go_of(&self, id: &str, listed: &[Listed]) -> bool {
        if listed.iter().any(|shard| shard.id == id && !shard.is_open) {
            return false;
        }
        let mut state = self.state();
        if let Some(begun) = state.shards.remove(id) {
            state.ended.push(begun.health);
        }
        true
    }

    /// A shard that was read, but not to its end, and that the stream has forgotten.
    fn look_for_gone(&self, stream: &str, listed: &[Listed], entries: &BTreeMap<&str, &Entry>) {
        for (id, entry) in entries {
            let is_whole = entry.is_drained || entry.cut.is_none() || listed.iter().any(|shard| shard.id == *id);
            let mut state = self.state();
            if is_whole || state.lost.contains_key(*id) || state.shards.get(*id).is_some_and(|b| b.shard.is_done()) {
                continue;
            }
            let loss = format!(
                "the shard {id} is gone, and was not read to its end: what it still held, if anything, is lost"
            );
            tracing::error!(stream, shard = id, loss, "records may be lost");
            state.lost.insert((*id).to_owned(), loss);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
