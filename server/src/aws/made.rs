//! Streams that were made over the wire, and what clients are told of any stream.
//!
//! Owns the rows of `made_stream`, from which these streams are started again, and the versions of destinations. Does not
//! own how a stream runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use app::api::Millis;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DbErr, EntityTrait};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AwsError, Room};
use crate::amazon::ACCOUNT;
use crate::delivery::Settings;
use crate::registry::terms::StreamConfig;
use crate::registry::{DeliveryStream, Origin, RegistryError, Turn};
use crate::store::Store;
use crate::store::tables::made_stream;

/// What a client is told of a delivery stream, besides its settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Description {
    pub version: u64,
    pub created_at: Millis,
    pub role_arn: String,
    pub bucket_arn: String,
    pub prefix: Option<String>,
    pub is_gzip: bool,
}

/// A stream that was made over the wire, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Made {
    /// By `CreateDeliveryStream`.
    Delivery { description: Description, size_mib: i64, interval_seconds: i64 },
    /// By `CreateStream`.
    Data {
        shards: u32,
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
                Made::delivery_config(name, description, *size_mib, *interval_seconds)
            }
            Made::Data { shards, .. } => StreamConfig::data_stream(name, *shards),
        };
        StreamConfig { generation: self.generation.clone(), ..config }
    }
}

/// What is remembered of streams, by name: those that were made, and delivery streams that were changed.
#[derive(Default)]
pub(super) struct Descriptions(Mutex<BTreeMap<String, Made>>);

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
pub async fn made_streams(store: &Store) -> Result<Vec<StreamConfig>, AwsError> {
    Ok(all(store).await?.iter().map(|(name, kept)| kept.config(name)).collect())
}

async fn all(store: &Store) -> Result<Vec<(String, Kept)>, AwsError> {
    let rows = made_stream::Entity::find().all(&store.read).await?;
    rows.into_iter()
        .map(|row| Ok((row.name, serde_json::from_str(&row.made).map_err(|e| AwsError::internal(&e))?)))
        .collect()
}

/// Does all of it, even if the client goes away meanwhile: a stream that runs without its row, or has a row and does not run,
/// would lose what it acknowledges; one whose row says something else would run otherwise after a restart.
async fn to_the_end(work: impl Future<Output = Result<(), AwsError>> + Send + 'static) -> Result<(), AwsError> {
    tokio::spawn(work).await.unwrap_or_else(|error| Err(AwsError::internal(&error)))
}

impl Room {
    /// Starts the streams again that were made before.
    pub(super) async fn start_made(&self) -> Result<(), AwsError> {
        let rows = all(&self.store).await?;
        let logs: Vec<_> = rows.iter().map(|(name, kept)| kept.config(name).log_name()).collect();
        self.registry.plant().logs.sweep(&logs)?;
        for (name, kept) in rows {
            let turn = self.registry.turn(&name).await;
            match self.start(&turn, &name, &kept, Origin::Restored).await {
                // Made by an earlier version, which did not look: it stays away, and its row and log are kept.
                Err(error) if error.code == AwsError::RESERVED => {
                    tracing::error!(stream = name, %error, "a stream is not started");
                }
                started => started?,
            }
        }
        Ok(())
    }

    async fn start(&self, turn: &Turn, name: &str, kept: &Kept, origin: Origin) -> Result<(), AwsError> {
        self.registry.start_in(turn, kept.config(name), origin).await?;
        self.made.remember(name, kept.made.clone());
        Ok(())
    }

    /// Makes a stream: it runs, and is there after a restart.
    pub(super) async fn make(&self, name: &str, made: Made) -> Result<(), AwsError> {
        let (room, name) = (self.clone(), name.to_owned());
        to_the_end(async move { room.make_all(&name, made).await }).await
    }

    async fn make_all(&self, name: &str, made: Made) -> Result<(), AwsError> {
        let turn = self.registry.turn(name).await;
        let kept = Kept { generation: Uuid::now_v7().simple().to_string(), made };
        self.start(&turn, name, &kept, Origin::Made).await?;
        if let Err(error) = self.keep(name, &kept).await {
            // Nothing half-done: what would be gone after a restart is not there now either.
            self.made.forget(name);
            self.registry.remove_in(&turn).await?;
            return Err(error.into());
        }
        Ok(())
    }

    async fn keep(&self, name: &str, kept: &Kept) -> Result<(), DbErr> {
        let made = serde_json::to_string(kept).map_err(|e| DbErr::Custom(e.to_string()))?;
        let row = made_stream::ActiveModel { name: Set(name.to_owned()), made: Set(made), created_at: Set(self.now()) };
        let newer = OnConflict::column(made_stream::Column::Name).update_column(made_stream::Column::Made).to_owned();
        let tx = self.store.begin().await?;
        made_stream::Entity::insert(row).on_conflict(newer).exec_without_returning(&*tx).await?;
        tx.commit().await
    }

    /// Ends a stream that was made. Its row goes first: if the store does not let it go, nothing has changed, and after a
    /// crash in between, the next start removes a log that no row names.
    pub(super) async fn remove(&self, name: &str) -> Result<(), AwsError> {
        let (room, name) = (self.clone(), name.to_owned());
        to_the_end(async move { room.remove_all(&name).await }).await
    }

    async fn remove_all(&self, name: &str) -> Result<(), AwsError> {
        let turn = self.registry.turn(name).await;
        self.registry.removable(name)?;
        let tx = self.store.begin().await?;
        made_stream::Entity::delete_by_id(name).exec(&*tx).await?;
        tx.commit().await?;
        self.made.forget(name);
        Ok(self.registry.remove_in(&turn).await?)
    }

    /// Changes a delivery stream. What comes from the configuration is as it says again after a restart.
    pub(super) async fn change(
        &self,
        stream: Arc<DeliveryStream>,
        description: Description,
        settings: Settings,
    ) -> Result<(), AwsError> {
        let room = self.clone();
        to_the_end(async move { room.change_all(&stream, description, settings).await }).await
    }

    async fn change_all(
        &self,
        stream: &Arc<DeliveryStream>,
        description: Description,
        settings: Settings,
    ) -> Result<(), AwsError> {
        let _turn = self.registry.turn(stream.name()).await;
        // It may have been ended, or made anew, since it was looked up.
        if !self.registry.get(stream.name()).is_some_and(|now| Arc::ptr_eq(&now, stream)) {
            return Err(RegistryError::Unknown(stream.name().to_owned()).into());
        }
        if self.made.describe(stream).version + 1 != description.version {
            return Err(AwsError::new("ConcurrentModificationException", "Somebody else has changed it meanwhile."));
        }
        let size_mib = (settings.hints.size_bytes >> 20) as i64;
        let interval_seconds = settings.hints.interval.as_secs().cast_signed();
        let made = Made::Delivery { description, size_mib, interval_seconds };
        if made_stream::Entity::find_by_id(stream.name()).one(&self.store.read).await?.is_some() {
            let kept = Kept { generation: stream.config().generation.clone(), made: made.clone() };
            self.keep(stream.name(), &kept).await?;
        }
        stream.change(settings);
        self.made.remember(stream.name(), made);
        Ok(())
    }
}
