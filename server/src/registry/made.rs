//! Streams that were made over the AWS wire, and what clients are told of any stream.
//!
//! Owns the rows of `made_stream`, from which these streams are started again, and the versions of destinations: a stream and
//! its row come and go together. Does not own how a stream runs, nor the wire.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use std::time::Duration;

use app::api::Millis;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DbErr, EntityTrait};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::terms::StreamConfig;
use super::{DeliveryStream, Origin, Registry, RegistryError, Turn};
use crate::amazon::ACCOUNT;
use crate::delivery::{BufferingHints, Layout, Settings};
use crate::store::Store;
use crate::store::tables::made_stream;

/// Why a stream was not made, changed or ended.
#[derive(Debug, thiserror::Error)]
pub enum MadeError {
    /// The registry refused.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The transactional store does not answer.
    #[error("the transactional store answered: {0}")]
    Store(#[from] DbErr),
    /// A row is not what this program has written.
    #[error("the row of the stream {stream:?} cannot be read: {source}")]
    Row {
        /// Name of the stream.
        stream: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Somebody else has changed it since it was looked up.
    #[error("somebody else has changed the stream meanwhile")]
    Overtaken,
    /// The task that should have done it ended.
    #[error("the task was stopped: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// What a client is told of a delivery stream, besides its settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Rises with each change.
    pub version: u64,
    /// When the stream was made.
    pub created_at: Millis,
    /// As the client named it; nothing here uses it.
    pub role_arn: String,
    /// The same of the bucket.
    pub bucket_arn: String,
    /// What the names of its objects begin with.
    pub prefix: Option<String>,
    /// Whether objects are compressed.
    pub is_gzip: bool,
}

/// A stream that was made over the wire, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Made {
    /// By `CreateDeliveryStream`.
    Delivery {
        /// What clients are told.
        description: Description,
        /// Buffering hint in MiB.
        size_mib: i64,
        /// Buffering hint in seconds.
        interval_seconds: i64,
    },
    /// By `CreateStream`.
    Data {
        /// How many there are.
        shards: u32,
        /// Whether it was made without a number of them.
        #[serde(default)]
        is_on_demand: bool,
    },
}

/// What its row holds, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// Tells its log from those of streams that had the same name before; empty in rows of earlier versions.
    #[serde(default)]
    generation: String,
    #[serde(flatten)]
    made: Made,
}

impl Kept {
    fn config(&self, name: &str) -> StreamConfig {
        let config = match &self.made {
            Made::Delivery { description, size_mib, interval_seconds } => {
                delivery_config(name, description, *size_mib, *interval_seconds)
            }
            Made::Data { shards, .. } => StreamConfig::data_stream(name, *shards),
        };
        StreamConfig { generation: self.generation.clone(), ..config }
    }
}

/// The stream that a delivery stream made over the wire is.
fn delivery_config(name: &str, description: &Description, size_mib: i64, interval_seconds: i64) -> StreamConfig {
    let interval = Duration::from_secs(interval_seconds.unsigned_abs());
    let mut config = StreamConfig::to_lake(name, BufferingHints { size_bytes: (size_mib as usize) << 20, interval });
    if let Some(destination) = &mut config.destination {
        destination.layout = Layout { prefix: description.prefix.clone(), is_gzip: description.is_gzip };
    }
    config
}

/// What is remembered of streams, by name: those that were made, and delivery streams that were changed.
#[derive(Default)]
struct Descriptions(Mutex<BTreeMap<String, Made>>);

impl Descriptions {
    /// What a client is told of a stream; one from the configuration has the lake's own role and bucket.
    pub fn describe(&self, stream: &DeliveryStream) -> Description {
        if let Some(Made::Delivery { description, .. }) = self.lock().get(stream.name()) {
            return description.clone();
        }
        Description {
            version: 1,
            created_at: stream.started_at(),
            role_arn: format!("arn:aws:iam::{}:role/freshmark", ACCOUNT),
            bucket_arn: "arn:aws:s3:::lake".to_owned(),
            prefix: Some(format!("{}/", stream.name())),
            is_gzip: true,
        }
    }

    /// Whether a data stream was made without a number of shards.
    pub fn is_on_demand(&self, name: &str) -> bool {
        matches!(self.lock().get(name), Some(Made::Data { is_on_demand: true, .. }))
    }

    fn remember(&self, name: &str, made: Made) {
        self.lock().insert(name.to_owned(), made);
    }

    fn forget(&self, name: &str) {
        self.lock().remove(name);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Made>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The streams that were made over the wire, as they run.
///
/// # Errors
/// If the transactional store does not answer.
pub async fn made_streams(store: &Store) -> Result<Vec<StreamConfig>, MadeError> {
    Ok(all(store).await?.iter().map(|(name, kept)| kept.config(name)).collect())
}

async fn all(store: &Store) -> Result<Vec<(String, Kept)>, MadeError> {
    let rows = made_stream::Entity::find().all(&store.read).await?.into_iter();
    let kept = |row: made_stream::Model| match serde_json::from_str(&row.made) {
        Ok(kept) => Ok((row.name, kept)),
        Err(source) => Err(MadeError::Row { stream: row.name, source }),
    };
    rows.map(kept).collect()
}

/// Does all of it, even if the client goes away meanwhile: a stream that runs without its row, or has a row and does not run,
/// would lose what it acknowledges; one whose row says something else would run otherwise after a restart.
async fn to_the_end(work: impl Future<Output = Result<(), MadeError>> + Send + 'static) -> Result<(), MadeError> {
    tokio::spawn(work).await?
}

/// The streams that were made over the wire. Cheap to clone; clones share.
#[derive(Clone)]
pub struct MadeStreams {
    registry: Registry,
    store: Store,
    descriptions: Arc<Descriptions>,
}

impl MadeStreams {
    /// Starts the streams again that were made before.
    ///
    /// # Errors
    /// If one of them cannot be started.
    pub async fn restore(registry: Registry, store: Store) -> Result<Self, MadeError> {
        let made = Self { registry, store, descriptions: Arc::default() };
        made.start_all().await?;
        Ok(made)
    }

    /// What a client is told of a stream; one from the configuration has the lake's own role and bucket.
    #[must_use]
    pub fn describe(&self, stream: &DeliveryStream) -> Description {
        self.descriptions.describe(stream)
    }

    /// Whether a data stream was made without a number of shards.
    #[must_use]
    pub fn is_on_demand(&self, name: &str) -> bool {
        self.descriptions.is_on_demand(name)
    }

    async fn start_all(&self) -> Result<(), MadeError> {
        let rows = all(&self.store).await?;
        let logs: Vec<_> = rows.iter().map(|(name, kept)| kept.config(name).log_name()).collect();
        self.registry.plant().logs.sweep(&logs).map_err(RegistryError::from)?;
        for (name, kept) in rows {
            let turn = self.registry.turn(&name).await;
            match self.start(&turn, &name, &kept, Origin::Restored).await {
                // Made by an earlier version, which did not look: it stays away, and its row and log are kept.
                Err(error @ MadeError::Registry(RegistryError::Reserved(_))) => {
                    tracing::error!(stream = name, %error, "a stream is not started");
                }
                started => started?,
            }
        }
        Ok(())
    }

    async fn start(&self, turn: &Turn, name: &str, kept: &Kept, origin: Origin) -> Result<(), MadeError> {
        self.registry.start_in(turn, kept.config(name), origin).await?;
        self.descriptions.remember(name, kept.made.clone());
        Ok(())
    }

    /// Makes a stream: it runs, and is there after a restart.
    ///
    /// # Errors
    /// If the name is taken or none, there is no room for another one, or a store does not answer. There is no stream then.
    pub async fn make(&self, name: &str, made: Made) -> Result<(), MadeError> {
        let (streams, name) = (self.clone(), name.to_owned());
        to_the_end(async move { streams.make_all(&name, made).await }).await
    }

    async fn make_all(&self, name: &str, made: Made) -> Result<(), MadeError> {
        let turn = self.registry.turn(name).await;
        let kept = Kept { generation: Uuid::now_v7().simple().to_string(), made };
        self.start(&turn, name, &kept, Origin::Made).await?;
        if let Err(error) = self.keep(name, &kept).await {
            // Nothing half-done: what would be gone after a restart is not there now either.
            self.descriptions.forget(name);
            self.registry.remove_in(&turn).await?;
            return Err(error.into());
        }
        Ok(())
    }

    async fn keep(&self, name: &str, kept: &Kept) -> Result<(), DbErr> {
        let made = serde_json::to_string(kept).map_err(|e| DbErr::Custom(e.to_string()))?;
        let created_at = Set(self.registry.plant().clock.now());
        let row = made_stream::ActiveModel { name: Set(name.to_owned()), made: Set(made), created_at };
        let newer = OnConflict::column(made_stream::Column::Name).update_column(made_stream::Column::Made).to_owned();
        let tx = self.store.begin().await?;
        made_stream::Entity::insert(row).on_conflict(newer).exec_without_returning(&*tx).await?;
        tx.commit().await
    }

    /// Ends a stream that was made. Its row goes first: if the store does not let it go, nothing has changed, and after a
    /// crash in between, the next start removes a log that no row names.
    ///
    /// # Errors
    /// If there is none, it comes from the configuration, or the transactional store does not answer.
    pub async fn remove(&self, name: &str) -> Result<(), MadeError> {
        let (streams, name) = (self.clone(), name.to_owned());
        to_the_end(async move { streams.remove_all(&name).await }).await
    }

    async fn remove_all(&self, name: &str) -> Result<(), MadeError> {
        let turn = self.registry.turn(name).await;
        self.registry.removable(name)?;
        let tx = self.store.begin().await?;
        made_stream::Entity::delete_by_id(name).exec(&*tx).await?;
        tx.commit().await?;
        self.descriptions.forget(name);
        Ok(self.registry.remove_in(&turn).await?)
    }

    /// Changes a delivery stream. What comes from the configuration is as it says again after a restart.
    ///
    /// # Errors
    /// [`MadeError::Overtaken`] unless the description's version is the next one; or if the transactional store does not answer.
    pub async fn change(
        &self,
        stream: Arc<DeliveryStream>,
        description: Description,
        settings: Settings,
    ) -> Result<(), MadeError> {
        let streams = self.clone();
        to_the_end(async move { streams.change_all(&stream, description, settings).await }).await
    }

    async fn change_all(
        &self,
        stream: &Arc<DeliveryStream>,
        description: Description,
        settings: Settings,
    ) -> Result<(), MadeError> {
        let _turn = self.registry.turn(stream.name()).await;
        // It may have been ended, or made anew, since it was looked up.
        if !self.registry.get(stream.name()).is_some_and(|now| Arc::ptr_eq(&now, stream)) {
            return Err(RegistryError::Unknown(stream.name().to_owned()).into());
        }
        if self.descriptions.describe(stream).version + 1 != description.version {
            return Err(MadeError::Overtaken);
        }
        let size_mib = (settings.hints.size_bytes >> 20) as i64;
        let interval_seconds = settings.hints.interval.as_secs().cast_signed();
        let made = Made::Delivery { description, size_mib, interval_seconds };
        if made_stream::Entity::find_by_id(stream.name()).one(&self.store.read).await?.is_some() {
            let kept = Kept { generation: stream.config().generation.clone(), made: made.clone() };
            self.keep(stream.name(), &kept).await?;
        }
        stream.change(settings);
        self.descriptions.remember(stream.name(), made);
        Ok(())
    }
}
