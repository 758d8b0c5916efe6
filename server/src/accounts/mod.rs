//! Staff accounts and their sessions.
//!
//! Owns passwords (Argon2id hashes), session secrets (hashes too), how much of the machine hashing may take and how often
//! an account's password may be tried. Does not own what an account may see: the room `results` does.

use std::sync::Arc;

use app::api::Millis;
use app::api::accounts::{Me, Role};
use argon2::Argon2;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, PaginatorTrait, QueryFilter};

use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::limit::{Allowance, Exhausted, Limit};
use crate::recent::Recent;
use crate::secret;
use crate::store::Store;
use crate::store::tables::{account, session};

/// A working day and a bit: a teacher signs in once a day.
pub const SESSION_MS: Millis = 12 * 3_600_000;

/// Wrong passwords for one account: enough for tired fingers, and 2,880 a day for somebody who guesses.
const WRONG_PASSWORDS: Allowance = Allowance { at_once: 10, refill_ms: 30_000 };

/// Passwords that are hashed at the same time. Each takes a core for tens of milliseconds, and 19 MiB.
const HASHES_AT_ONCE: usize = 2;

/// Passwords that are hashed or wait for it; more are sent away at once.
const HASHES_IN_ALL: usize = 64;

/// Why nobody was signed in or added.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Which of the two is wrong is not said.
    #[error("email or password is not right")]
    WrongCredentials,
    /// Too many wrong passwords for this account, or too many people at once.
    #[error("too many tries to sign in; try again in {retry_after_s} s")]
    TooMany {
        /// Seconds until a try may succeed.
        retry_after_s: u64,
    },
    /// The hash could not be made or read.
    #[error("the password could not be checked: {0}")]
    Hash(String),
    /// The hashing task was stopped.
    #[error("the server is shutting down")]
    Stopped,
    /// No randomness for a secret.
    #[error("no secret could be made: {0}")]
    Randomness(#[from] rand::rand_core::OsError),
    /// The transactional store said no.
    #[error("the transactional store answered: {0}")]
    Store(#[from] DbErr),
}

impl From<Exhausted> for AccountError {
    fn from(Exhausted { retry_after_s }: Exhausted) -> Self {
        Self::TooMany { retry_after_s }
    }
}

/// Whoever sent a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Number of the account.
    pub id: i64,
    /// What the page shows of it.
    pub me: Me,
}

/// The room's door. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    clock: Clock,
    /// By the hash of the address, which may be anything of any length.
    wrong_passwords: Arc<Limit<String>>,
    hashing: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// Who was asked for lately, by the hash of the secret, and when the session ends.
    recent: Arc<Recent<String, (Millis, User)>>,
}

impl Accounts {
    /// Works on `store`.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Self {
        Self {
            wrong_passwords: Arc::new(Limit::new(WRONG_PASSWORDS, clock.clone())),
            hashing: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
            queue: Arc::new(Semaphore::new(HASHES_IN_ALL)),
            recent: Arc::default(),
            store,
            clock,
        }
    }

    /// Whether nobody runs this school yet: there is no admin.
    ///
    /// # Errors
    /// If the transactional store does not answer.
    pub async fn is_empty(&self) -> Result<bool, AccountError> {
        let admins = account::Entity::find().filter(account::Column::Role.eq(role_name(Role::Admin)));
        Ok(admins.count(&self.store.read).await? == 0)
    }

    /// The number of the account with this address, if there is one.
    ///
    /// # Errors
    /// If the transactional store does not answer.
    pub async fn find(&self, email: &str) -> Result<Option<i64>, AccountError> {
        let of_address = account::Entity::find().filter(account::Column::Email.eq(fold_email(email)));
        Ok(of_address.one(&self.store.read).await?.map(|account| account.id))
    }

    /// Adds an account and returns its number.
    ///
    /// # Errors
    /// If the address is taken.
    pub async fn add(&self, me: &Me, password: &str) -> Result<i64, AccountError> {
        let password = password.to_owned();
        let password_hash = self.off_thread(move || hash(&password)).await?;
        let account = account::ActiveModel {
            id: NotSet,
            email: Set(fold_email(&me.email)),
            name: Set(me.name.clone()),
            role: Set(role_name(me.role).to_owned()),
            password_hash: Set(password_hash),
        };
        Ok(account.insert(&self.store.write).await?.id)
    }

    /// Checks a password and opens a session; returns the secret for the cookie.
    ///
    /// # Errors
    /// [`AccountError::WrongCredentials`] after the same work whether the address is known or not, and
    /// [`AccountError::TooMany`] after as many of them.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<(String, User), AccountError> {
        let email = fold_email(email);
        let tried = secret::hash(&email);
        self.wrong_passwords.take(&tried)?;
        let checked = self.check(&email, password).await;
        if !matches!(checked, Err(AccountError::WrongCredentials)) {
            self.wrong_passwords.give_back(&tried);
        }
        let account = checked?;
        let secret = secret::generate()?;
        let session = session::ActiveModel {
            token_hash: Set(secret::hash(&secret)),
            account_id: Set(account.id),
            expires_at: Set(self.clock.now() + SESSION_MS),
        };
        session.insert(&self.store.write).await?;
        Ok((secret, user(account)))
    }

    async fn check(&self, email: &str, password: &str) -> Result<account::Model, AccountError> {
        let found = account::Entity::find().filter(account::Column::Email.eq(email)).one(&self.store.read).await?;
        let stored = found.as_ref().map(|a| a.password_hash.clone());
        let password = password.to_owned();
        let right = self.off_thread(move || verify(&password, stored.as_deref())).await?;
        found.filter(|_| right).ok_or(AccountError::WrongCredentials)
    }

    /// Hashing takes tens of milliseconds by design; it must not hold up the other requests. The work keeps its place
    /// until it is done, even if whoever asked for it has gone.
    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AccountError> + Send + 'static,
    ) -> Result<T, AccountError> {
        let full = |_| AccountError::TooMany { retry_after_s: 1 };
        let queued = Arc::clone(&self.queue).try_acquire_owned().map_err(full)?;
        let hashing = Arc::clone(&self.hashing).acquire_owned().await.map_err(|_| AccountError::Stopped)?;
        let work = move || {
            let _until_done = (queued, hashing);
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| AccountError::Stopped)?
    }

    /// Ends a session. One that is not known is fine.
    ///
    /// # Errors
    /// If the transactional store does not answer.
    pub async fn sign_out(&self, secret: &str) -> Result<(), AccountError> {
        let hash = secret::hash(secret);
        let this_or_expired = Condition::any()
            .add(session::Column::TokenHash.eq(&hash))
            .add(session::Column::ExpiresAt.lt(self.clock.now()));
        session::Entity::delete_many().filter(this_or_expired).exec(&self.store.write).await?;
        self.recent.take_back(&hash);
        Ok(())
    }

    /// Who the secret of a cookie stands for. One that was signed out here stands for nobody from then on.
    ///
    /// # Errors
    /// If the transactional store does not answer.
    pub async fn user(&self, secret: &str) -> Result<Option<User>, AccountError> {
        let hash = secret::hash(secret);
        let found = self.recent.get(hash.clone(), self.find_session(&hash)).await?;
        Ok(found.filter(|(ends, _)| *ends > self.clock.now()).map(|(_, user)| user))
    }

    async fn find_session(&self, hash: &str) -> Result<Option<(Millis, User)>, AccountError> {
        let Some(session) = session::Entity::find_by_id(hash).one(&self.store.read).await? else { return Ok(None) };
        let account = account::Entity::find_by_id(session.account_id).one(&self.store.read).await?;
        Ok(account.map(|account| (session.expires_at, user(account))))
    }
}

fn user(account: account::Model) -> User {
    let role = if account.role == role_name(Role::Admin) { Role::Admin } else { Role::Teacher };
    User { id: account.id, me: Me { name: account.name, email: account.email, role } }
}

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::Teacher => "teacher",
    }
}

fn fold_email(email: &str) -> String {
    email.trim().to_lowercase()
}

fn hash(password: &str) -> Result<String, AccountError> {
    let salt = SaltString::generate(&mut OsRng);
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    hash.map(|h| h.to_string()).map_err(|e| AccountError::Hash(e.to_string()))
}

fn verify(password: &str, stored: Option<&str>) -> Result<bool, AccountError> {
    let Some(stored) = stored else {
        // The same work as for an address that is known.
        hash(password)?;
        return Ok(false);
    };
    let parsed = PasswordHash::new(stored).map_err(|e| AccountError::Hash(e.to_string()))?;
    Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
}

#[cfg(test)]
mod tests;
