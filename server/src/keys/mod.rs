//! The gateway's keys: who somebody is on either wire.
//!
//! Owns keys as they are made, found and revoked. A key has two faces: a secret for the header `x-api-key`, of which a hash is
//! kept, and for AWS clients an access key id with a secret access key. That one has to be known to check a signature, so
//! it is not kept at all: it is derived from the id and this data folder's own secret. An API key says who puts; it is
//! no authentication of people.

mod counting;
mod rights;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use app::api::Millis;
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rand::TryRngCore;
use rand::rngs::OsRng;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder};
use serde::Serialize;

pub use self::counting::Key;
use self::counting::{DAY_MS, Unwritten, Used};
use crate::access::Rights;
use crate::clock::Clock;
use crate::secret;
use crate::store::Store;
use crate::store::tables::{gateway_key, gateway_usage};

/// So long a key is remembered before the store is asked again; a revoked key works for so long at most.
const REMEMBERED_MS: Millis = 1_000;
/// Wrong keys that are remembered; more make room by forgetting these, and never a key that is known.
const MOST_WRONG: usize = 10_000;
/// Who puts with the key in the data folder, as the records say it.
const FOLDER_KEY: &str = "gateway.key";

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
    /// What it opens; nothing at all means everything but the server's own streams.
    pub rights: Rights,
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

/// Every key of a data folder. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Keys {
    store: Store,
    clock: Clock,
    own: Arc<Own>,
    found: Arc<Mutex<Found>>,
}

/// The secrets of the server itself.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// The relay's, made anew at each start: what is put with it is this server's own.
    pub relay: String,
    /// The one in the data folder: whoever can read it runs the server, and is another producer all the same.
    pub folder: String,
    /// What AWS secrets are derived from.
    pub wire: String,
}

/// What was looked up.
#[derive(Default)]
struct Found {
    /// By id. There are as many as were made, and both faces of a key lead to one of these: its counts are one.
    keys: HashMap<String, Key>,
    /// By a face's value: the key's id, and when the store was asked.
    faces: HashMap<String, (String, Millis)>,
    /// Values that are no key's, and when the store was asked.
    wrong: HashMap<String, Millis>,
}

impl Keys {
    /// Keys in `store`, beside the server's own.
    #[must_use]
    pub fn new(store: Store, own: Own, clock: Clock) -> Self {
        Self { store, clock, own: Arc::new(own), found: Arc::default() }
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
        rights::check(&new.rights)?;
        let rights = new.rights.clone().or_default();
        let (id, api_key, access_key_id) = (random_id("key-")?, secret::generate()?, random_id(ACCESS_KEY)?);
        let row = gateway_key::ActiveModel {
            id: Set(id.clone()),
            name: Set(name.to_owned()),
            secret_hash: Set(secret::hash(&api_key)),
            access_key_id: Set(access_key_id.clone()),
            streams: Set(rights.put.join(",")),
            reads: Set(rights.read.join(",")),
            manages: Set(rights.manage.join(",")),
            rate: Set(new.rate.map(i64::from)),
            burst: Set(new.burst.map(i64::from)),
            daily: Set(new.daily.map(i64::from)),
            created_at: Set(self.clock.now()),
            revoked_at: Set(None),
        };
        let tx = self.store.begin().await?;
        row.insert(&*tx).await?;
        tx.commit().await?;
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
        let tx = self.store.begin().await?;
        let revoked = gateway_key::Entity::update_many()
            .col_expr(gateway_key::Column::RevokedAt, Expr::value(self.clock.now()))
            .filter(gateway_key::Column::Id.eq(id))
            .filter(gateway_key::Column::RevokedAt.is_null())
            .exec(&*tx)
            .await?;
        tx.commit().await?;
        if revoked.rows_affected == 1 { Ok(()) } else { Err(KeyError::Unknown) }
    }

    /// The key behind a header, after counting one request of it.
    ///
    /// # Errors
    /// If it is not known, or used too often.
    pub async fn allow(&self, api_key: &str) -> Result<Key, KeyError> {
        if api_key.is_empty() {
            return Err(KeyError::Unknown);
        }
        let hash = secret::hash(api_key);
        let is = |own: &str| !own.is_empty() && hash == secret::hash(own);
        if is(&self.own.relay) {
            return Ok(Key::own(None));
        }
        if is(&self.own.folder) {
            return Ok(Key::own(Some(FOLDER_KEY)));
        }
        let key = self.known(&hash, gateway_key::Column::SecretHash).await?;
        key.count(self.clock.now())?;
        Ok(key)
    }

    /// The key behind an AWS access key id with its secret, not yet counted: only a right signature counts.
    ///
    /// # Errors
    /// If it is not known.
    pub async fn by_access_key_id(&self, id: &str) -> Result<(Key, String), KeyError> {
        // Anything else is nobody's, and is not remembered: it may be of any length.
        if !is_access_key_id(id) {
            return Err(KeyError::Unknown);
        }
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
        let mut mac = hmac::Context::with_key(&hmac::Key::new(HMAC_SHA256, self.own.wire.as_bytes()));
        mac.update(b"aws secret access key of ");
        mac.update(access_key_id.as_bytes());
        STANDARD_NO_PAD.encode(mac.sign()).chars().take(40).collect()
    }

    async fn known(&self, value: &str, column: gateway_key::Column) -> Result<Key, KeyError> {
        let now = self.clock.now();
        if let Some(before) = self.found().a_moment_ago(value, now) {
            return before.ok_or(KeyError::Unknown);
        }
        let row = gateway_key::Entity::find()
            .filter(column.eq(value))
            .filter(gateway_key::Column::RevokedAt.is_null())
            .one(&self.store.read)
            .await?;
        let Some(row) = row else {
            self.found().is_wrong(value, now);
            return Err(KeyError::Unknown);
        };
        let held = self.found().held(&row);
        let key = match held {
            Some(key) => key,
            None => Key::of(row.clone(), self.used(&row, now).await?, now),
        };
        let key = self.found().is_known(value, &row, key, now);
        // A key that is known opens, whether its count can be kept or not: the next time tries again.
        if let Err(error) = self.write_down(&key).await {
            tracing::warn!(key = row.id, %error, "a day's count of requests was not written down");
        }
        Ok(key)
    }

    /// What a key has been used today, as far as that is written down. Without a quota, it is not.
    async fn used(&self, row: &gateway_key::Model, now: Millis) -> Result<Used, DbErr> {
        let mut used = Used { day: now.div_euclid(DAY_MS), ..Used::default() };
        if row.daily.is_some() {
            let kept = gateway_usage::Entity::find_by_id((row.id.clone(), used.day)).one(&self.store.read).await?;
            used.stored = kept.map_or(0, |kept| kept.requests);
        }
        Ok(used)
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        // Each change is one insertion or removal; a panic leaves nothing half-done.
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the day's count; what came since the last time is lost by a crash.
    async fn write_down(&self, key: &Key) -> Result<(), DbErr> {
        let Some(row) = key.0.row.as_ref().filter(|row| row.daily.is_some()) else { return Ok(()) };
        let Some(unwritten) = Unwritten::of(key) else { return Ok(()) };
        let Used { day, stored, more } = unwritten.used();
        let usage =
            gateway_usage::ActiveModel { key_id: Set(row.id.clone()), day: Set(day), requests: Set(stored + more) };
        let add = ExprTrait::add(Expr::col((gateway_usage::Entity, gateway_usage::Column::Requests)), more);
        let newer = OnConflict::columns([gateway_usage::Column::KeyId, gateway_usage::Column::Day])
            .value(gateway_usage::Column::Requests, add)
            .to_owned();
        let tx = self.store.begin().await?;
        gateway_usage::Entity::insert(usage).on_conflict(newer).exec_without_returning(&*tx).await?;
        tx.commit().await?;
        unwritten.settle();
        Ok(())
    }
}

impl Found {
    /// The key of a row that is known already, with its counts. Not if the row has changed.
    fn held(&self, row: &gateway_key::Model) -> Option<Key> {
        self.keys.get(&row.id).filter(|key| key.0.row.as_ref() == Some(row)).cloned()
    }

    /// What a value was found to be a moment ago: a key, or no key's.
    fn a_moment_ago(&self, value: &str, now: Millis) -> Option<Option<Key>> {
        let is_recent = |asked_at: Millis| (0..REMEMBERED_MS).contains(&(now - asked_at));
        if let Some((id, _)) = self.faces.get(value).filter(|(_, asked_at)| is_recent(*asked_at)) {
            return self.keys.get(id).cloned().map(Some);
        }
        self.wrong.get(value).filter(|asked_at| is_recent(**asked_at)).map(|_| None)
    }

    fn is_wrong(&mut self, value: &str, now: Millis) {
        // It may have been a key's until a moment ago.
        if let Some((id, _)) = self.faces.remove(value) {
            self.keys.remove(&id);
            self.faces.retain(|_, (of, _)| *of != id);
        }
        if self.wrong.len() >= MOST_WRONG {
            self.wrong.clear();
        }
        self.wrong.insert(value.to_owned(), now);
    }

    /// The key of a row: this one, unless another has become known meanwhile, which has counts.
    fn is_known(&mut self, value: &str, row: &gateway_key::Model, key: Key, now: Millis) -> Key {
        let key = self.held(row).unwrap_or(key);
        self.keys.insert(row.id.clone(), key.clone());
        self.faces.insert(value.to_owned(), (row.id.clone(), now));
        self.wrong.remove(value);
        key
    }
}

/// What access key ids begin with.
const ACCESS_KEY: &str = "FMAK";

fn is_access_key_id(id: &str) -> bool {
    id.strip_prefix(ACCESS_KEY).is_some_and(|rest| rest.len() == 16 && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
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
