//! The gateway's keys: who may put, to which streams, and how often.
//!
//! Owns keys, their rates and daily quotas. A key has two faces: a secret for the header `x-api-key`, of which a hash is
//! kept, and for AWS clients an access key id with a secret access key. That one has to be known to check a signature, so
//! it is not kept at all: it is derived from the id and this data folder's own secret. An API key says who puts; it is
//! no authentication of people.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use app::api::Millis;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, Mac};
use rand::TryRngCore;
use rand::rngs::OsRng;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder};
use serde::Serialize;
use sha2::Sha256;

use crate::clock::Clock;
use crate::registry::bucket::Bucket;
use crate::secret;
use crate::store::Store;
use crate::store::tables::{gateway_key, gateway_usage};

/// API Gateway's account-level throttle, where a key has none of its own: requests a second, and a burst.
const RATE: i64 = 10_000;
const BURST: i64 = 5_000;
/// So long a key is remembered before the store is asked again; a revoked key works for so long at most.
const REMEMBERED_MS: Millis = 1_000;
/// Keys that are remembered, known ones and wrong ones; more make room by forgetting all.
const MOST_REMEMBERED: usize = 10_000;
const DAY_MS: Millis = 86_400_000;

/// Why a key does not open, or was not made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No such key, or it has been revoked.
    #[error("this key is not known")]
    Unknown,
    /// It has been used too often.
    #[error("{problem}")]
    TooMany {
        /// Which limit.
        problem: String,
        /// When to try again.
        wait: Duration,
    },
    /// What was asked for cannot be.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which part.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// No randomness for a secret.
    #[error("no secret could be made: {0}")]
    Randomness(#[from] rand::rand_core::OsError),
    /// The transactional store said no.
    #[error("the transactional store answered: {0}")]
    Store(#[from] DbErr),
}

/// What a key is to allow.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    /// What it is for, in the owner's words.
    pub name: String,
    /// The streams it opens; none means all.
    pub streams: Vec<String>,
    /// Requests a second.
    pub rate: Option<u32>,
    /// Requests at once.
    pub burst: Option<u32>,
    /// Requests a day, from midnight UTC.
    pub daily: Option<u32>,
}

/// A key that was just made. The only time that its secrets are shown.
#[derive(Clone, Debug, Serialize)]
pub struct MadeKey {
    /// Names it for `revoke`.
    pub id: String,
    /// For the header `x-api-key`.
    pub api_key: String,
    /// For AWS clients.
    pub access_key_id: String,
    /// For AWS clients.
    pub secret_access_key: String,
}

/// A key that is known, with what it allows.
#[derive(Clone)]
pub struct Key(Arc<Known>);

struct Known {
    row: gateway_key::Model,
    bucket: Bucket,
    used: Mutex<Used>,
}

/// Requests of one day.
#[derive(Clone, Copy, Default)]
struct Used {
    day: i64,
    /// Written down already.
    stored: i64,
    /// Since then.
    more: i64,
}

impl Key {
    /// Whether it opens a stream.
    #[must_use]
    pub fn may_put_to(&self, stream: &str) -> bool {
        self.0.row.streams.is_empty() || self.0.row.streams.split(',').any(|name| name == stream)
    }

    /// Counts one request.
    fn count(&self, now: Millis) -> Result<(), KeyError> {
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        let day = now.div_euclid(DAY_MS);
        if used.day != day {
            *used = Used { day, ..Used::default() };
        }
        if let Some(daily) = self.0.row.daily.filter(|daily| used.stored + used.more >= *daily) {
            let wait = Duration::from_millis((DAY_MS - now.rem_euclid(DAY_MS)).unsigned_abs());
            let problem = format!("this key's {daily} requests of today have been used up; go on after midnight UTC");
            return Err(KeyError::TooMany { problem, wait });
        }
        self.0.bucket.take(1, now).map_err(|wait| {
            let problem = "this key is used more often than it may be; wait as long as retry-after says".to_owned();
            KeyError::TooMany { problem, wait }
        })?;
        used.more += 1;
        Ok(())
    }
}

/// Every key of a data folder. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Keys {
    store: Store,
    clock: Clock,
    /// The relay's key, which opens everything.
    own: Arc<str>,
    /// What AWS secrets are derived from.
    wire: Arc<str>,
    remembered: Arc<Mutex<HashMap<String, Remembered>>>,
}

#[derive(Clone)]
struct Remembered {
    /// Absent for a key that is not known.
    key: Option<Key>,
    asked_at: Millis,
}

impl Keys {
    /// Keys in `store`; `own` is the relay's key, and `wire` what AWS secrets are derived from.
    #[must_use]
    pub fn new(store: Store, own: &str, wire: &str, clock: Clock) -> Self {
        Self { store, clock, own: own.into(), wire: wire.into(), remembered: Arc::default() }
    }

    /// Makes a key.
    ///
    /// # Errors
    /// If the name is empty or the store says no.
    pub async fn create(&self, new: &NewKey) -> Result<MadeKey, KeyError> {
        let name = new.name.trim();
        if name.is_empty() || name.len() > 80 {
            return Err(KeyError::Invalid {
                field: "name",
                problem: "say in 1 to 80 characters what it is for".into(),
            });
        }
        if let Some(bad) = new.streams.iter().find(|name| !crate::config::streams::is_stream_name(name)) {
            return Err(KeyError::Invalid { field: "stream", problem: format!("{bad:?} is no name for a stream") });
        }
        let (id, api_key, access_key_id) = (random_id("key-")?, secret::generate()?, random_id("FMAK")?);
        let row = gateway_key::ActiveModel {
            id: Set(id.clone()),
            name: Set(name.to_owned()),
            secret_hash: Set(secret::hash(&api_key)),
            access_key_id: Set(access_key_id.clone()),
            streams: Set(new.streams.join(",")),
            rate: Set(new.rate.map(i64::from)),
            burst: Set(new.burst.map(i64::from)),
            daily: Set(new.daily.map(i64::from)),
            created_at: Set(self.clock.now()),
            revoked_at: Set(None),
        };
        row.insert(&self.store.write).await?;
        let secret_access_key = self.secret_access_key(&access_key_id);
        Ok(MadeKey { id, api_key, access_key_id, secret_access_key })
    }

    /// Every key, the newest first; revoked ones too.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn list(&self) -> Result<Vec<gateway_key::Model>, KeyError> {
        Ok(gateway_key::Entity::find().order_by_desc(gateway_key::Column::CreatedAt).all(&self.store.read).await?)
    }

    /// Takes a key back. A running server notices within a second.
    ///
    /// # Errors
    /// If there is no such key that works.
    pub async fn revoke(&self, id: &str) -> Result<(), KeyError> {
        let revoked = gateway_key::Entity::update_many()
            .col_expr(gateway_key::Column::RevokedAt, Expr::value(self.clock.now()))
            .filter(gateway_key::Column::Id.eq(id))
            .filter(gateway_key::Column::RevokedAt.is_null())
            .exec(&self.store.write)
            .await?;
        if revoked.rows_affected == 1 { Ok(()) } else { Err(KeyError::Unknown) }
    }

    /// The key behind a header, after counting one request of it.
    ///
    /// # Errors
    /// If it is not known, or used too often.
    pub async fn allow(&self, api_key: &str) -> Result<Key, KeyError> {
        let key = if secret::hash(api_key) == secret::hash(&self.own) {
            return Ok(Key::own());
        } else if api_key.is_empty() {
            return Err(KeyError::Unknown);
        } else {
            self.known(&secret::hash(api_key), gateway_key::Column::SecretHash).await?
        };
        key.count(self.clock.now())?;
        Ok(key)
    }

    /// The key behind an AWS access key id with its secret, not yet counted: only a right signature counts.
    ///
    /// # Errors
    /// If it is not known.
    pub async fn by_access_key_id(&self, id: &str) -> Result<(Key, String), KeyError> {
        let key = self.known(id, gateway_key::Column::AccessKeyId).await?;
        Ok((key, self.secret_access_key(id)))
    }

    /// Counts one signed request.
    ///
    /// # Errors
    /// If the key is used too often.
    pub fn count(&self, key: &Key) -> Result<(), KeyError> {
        key.count(self.clock.now())
    }

    fn secret_access_key(&self, access_key_id: &str) -> String {
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.wire.as_bytes()) else { return String::new() };
        mac.update(b"aws secret access key of ");
        mac.update(access_key_id.as_bytes());
        STANDARD_NO_PAD.encode(mac.finalize().into_bytes()).chars().take(40).collect()
    }

    async fn known(&self, value: &str, column: gateway_key::Column) -> Result<Key, KeyError> {
        let now = self.clock.now();
        let before = self.remembered.lock().unwrap_or_else(PoisonError::into_inner).get(value).cloned();
        if let Some(before) = before.as_ref().filter(|before| now - before.asked_at < REMEMBERED_MS) {
            return before.key.clone().ok_or(KeyError::Unknown);
        }
        let row = gateway_key::Entity::find()
            .filter(column.eq(value))
            .filter(gateway_key::Column::RevokedAt.is_null())
            .one(&self.store.read)
            .await?;
        let key = match (row, before.and_then(|before| before.key)) {
            (None, _) => None,
            (Some(row), Some(known)) if row == known.0.row => Some(known),
            (Some(row), _) => Some(self.remember(row, now).await?),
        };
        if let Some(key) = &key {
            self.write_down(key).await?;
        }
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= MOST_REMEMBERED {
            remembered.clear();
        }
        remembered.insert(value.to_owned(), Remembered { key: key.clone(), asked_at: now });
        key.ok_or(KeyError::Unknown)
    }

    async fn remember(&self, row: gateway_key::Model, now: Millis) -> Result<Key, KeyError> {
        let day = now.div_euclid(DAY_MS);
        let used = gateway_usage::Entity::find_by_id((row.id.clone(), day)).one(&self.store.read).await?;
        let used = Used { day, stored: used.map_or(0, |used| used.requests), more: 0 };
        let rate = row.rate.unwrap_or(RATE).unsigned_abs();
        let burst = row.burst.or(row.rate).unwrap_or(BURST).unsigned_abs();
        let bucket = Bucket::new(rate, burst, now);
        Ok(Key(Arc::new(Known { row, bucket, used: Mutex::new(used) })))
    }

    /// Keeps the day's count; what came since the last time is lost by a crash.
    async fn write_down(&self, key: &Key) -> Result<(), KeyError> {
        if key.0.row.daily.is_none() {
            return Ok(());
        }
        // Counted as stored at once, so that nobody else writes the same requests down.
        let Used { day, stored, more } = {
            let mut used = key.0.used.lock().unwrap_or_else(PoisonError::into_inner);
            let before = *used;
            (used.stored, used.more) = (before.stored + before.more, 0);
            before
        };
        if more == 0 {
            return Ok(());
        }
        let row = gateway_usage::ActiveModel {
            key_id: Set(key.0.row.id.clone()),
            day: Set(day),
            requests: Set(stored + more),
        };
        let add = ExprTrait::add(Expr::col((gateway_usage::Entity, gateway_usage::Column::Requests)), more);
        let newer = OnConflict::columns([gateway_usage::Column::KeyId, gateway_usage::Column::Day])
            .value(gateway_usage::Column::Requests, add)
            .to_owned();
        gateway_usage::Entity::insert(row).on_conflict(newer).exec_without_returning(&self.store.write).await?;
        Ok(())
    }
}

impl Key {
    /// The data folder's own: all streams, as often as it likes.
    fn own() -> Self {
        let row = gateway_key::Model {
            id: "own".to_owned(),
            name: "the relay".to_owned(),
            secret_hash: String::new(),
            access_key_id: String::new(),
            streams: String::new(),
            rate: None,
            burst: None,
            daily: None,
            created_at: 0,
            revoked_at: None,
        };
        Self(Arc::new(Known { row, bucket: Bucket::new(1, 1, 0), used: Mutex::default() }))
    }
}

/// A prefix and 16 letters and digits.
fn random_id(prefix: &str) -> Result<String, rand::rand_core::OsError> {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut bytes = [0u8; 16];
    OsRng.try_fill_bytes(&mut bytes)?;
    let letters = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    Ok(prefix.chars().chain(letters).collect())
}

#[cfg(test)]
mod tests;
