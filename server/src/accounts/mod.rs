//! Staff accounts and their sessions.
//!
//! Owns passwords (Argon2id hashes), how much of the machine hashing may take, how much of that one place may, and how often
//! an account's password may be tried. A guesser is slowed down; the right password is never refused for what somebody else
//! has tried, it only waits. Does not own what an account may see: the room `access` does.

mod port;
mod sessions;

use std::sync::Arc;
use std::time::Duration;

use app::api::Millis;
use app::api::accounts::{Me, Role};
use argon2::Argon2;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter};
use tokio::sync::{Semaphore, watch};

pub use self::port::port_for;
pub use self::sessions::{IDLE_MS, SESSION_MS};
use crate::clock::Clock;
use crate::limit::{Allowance, Exhausted, Limit};
use crate::lines::{Lines, Turn};
use crate::recent::Recent;
use crate::secret;
use crate::store::Store;
use crate::store::tables::account;

/// Wrong passwords for one account from one place: enough for tired fingers. Behind them, each try waits.
const WRONG_PASSWORDS: Allowance = Allowance { at_once: 10, refill_ms: 30_000 };
/// And from all places together, but for devices that have been signed in before.
const WRONG_ANYWHERE: Allowance = Allowance { at_once: 100, refill_ms: 10_000 };
/// So long each of these tries waits, one after the other.
const SLOW: Duration = Duration::from_millis(500);
/// So many may wait for one account from one place.
const MOST_SLOW: usize = 24;
/// Accounts of this domain are in the documentation with their passwords: they open nothing but a demo school.
pub const DEMO_DOMAIN: &str = "@demo.school";

/// Passwords that are hashed at the same time. Each takes a core for tens of milliseconds, and 19 MiB.
const HASHES_AT_ONCE: usize = 2;

/// Passwords that are hashed or wait for it; more are sent away at once.
const HASHES_IN_ALL: usize = 64;

/// Passwords from one place that are among these at the same time, and that wait for that: one place must not take all.
const HASHES_OF_ONE_PLACE: usize = 4;
const MOST_OF_ONE_PLACE: usize = 60;
/// Seconds after which to try again when there are more.
const RETRY_PLACE_S: u64 = 2;

/// Why nobody was signed in or added.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Which of the two is wrong is not said.
    #[error("wrong email or password")]
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

/// Where somebody signs in from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    /// The network address.
    pub client: &'a str,
    /// What the browser has kept from an earlier session, if it has.
    pub device: Option<&'a str>,
}

/// Somebody who has signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// For the session's cookie.
    pub secret: String,
    /// For the cookie by which the device is known the next time. It opens nothing.
    pub device: String,
    /// Who that is.
    pub user: User,
}

/// The room's door. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    clock: Clock,
    /// Whether demo accounts may sign in.
    is_demo: bool,
    /// What devices are known by.
    device_secret: Arc<str>,
    /// By the hash of the address, which may be anything of any length, and the place.
    wrong_passwords: Arc<Limit<(String, String)>>,
    wrong_anywhere: Arc<Limit<String>>,
    slow: Arc<Lines<(String, String)>>,
    /// Counts sessions that were ended, for those who follow one.
    ended: Arc<watch::Sender<u64>>,
    /// Turns to hash, by place. Nobody holds a turn while anything but a core is waited for.
    turns: Arc<Lines<String>>,
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
            is_demo: false,
            device_secret: "".into(),
            wrong_passwords: Arc::new(Limit::new(WRONG_PASSWORDS, clock.clone())),
            wrong_anywhere: Arc::new(Limit::new(WRONG_ANYWHERE, clock.clone())),
            slow: Arc::new(Lines::new(1, MOST_SLOW)),
            ended: Arc::default(),
            turns: Arc::new(Lines::new(HASHES_OF_ONE_PLACE, MOST_OF_ONE_PLACE)),
            hashing: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
            queue: Arc::new(Semaphore::new(HASHES_IN_ALL)),
            recent: Arc::default(),
            store,
            clock,
        }
    }

    /// The same, for a server that has been started with its demo school or without, and whose devices are known by this
    /// secret.
    #[must_use]
    pub fn of_server(self, is_demo: bool, device_secret: &str) -> Self {
        Self { is_demo, device_secret: device_secret.into(), ..self }
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
        let tx = self.store.begin().await?;
        let id = account.insert(&*tx).await?.id;
        tx.commit().await?;
        Ok(id)
    }

    /// Checks a password and opens a session.
    ///
    /// # Errors
    /// [`AccountError::WrongCredentials`] after the same work whether the address is known or not, and
    /// [`AccountError::TooMany`] after as many of them: then only a right password gets an answer of its own, after a wait.
    pub async fn sign_in(&self, email: &str, password: &str, place: Place<'_>) -> Result<SignedIn, AccountError> {
        let email = fold_email(email);
        let tried = secret::hash(&email);
        let is_known = place.device.is_some_and(|device| device == self.device_of(&email));
        // A device that has been signed in before does not wait behind others of its place.
        let place = if is_known { None } else { Some(place.client) };
        let who = (tried.clone(), place.unwrap_or_default().to_owned());
        let free = self.wrong_passwords.take(&who).and_then(|()| {
            let anywhere = if is_known { Ok(()) } else { self.wrong_anywhere.take(&tried) };
            anywhere.inspect_err(|_| self.wrong_passwords.give_back(&who))
        });
        let checked = match free {
            Ok(()) => self.check(&email, password, place).await,
            Err(exhausted) => {
                let _turn = self.slow.enter(&who).await.ok_or(exhausted)?;
                self.check_slowly(&email, password, place, exhausted).await
            }
        };
        if free.is_ok() && !matches!(checked, Err(AccountError::WrongCredentials)) {
            self.wrong_passwords.give_back(&who);
            if !is_known {
                self.wrong_anywhere.give_back(&tried);
            }
        }
        let account = checked?;
        let user = user(account).ok_or(AccountError::WrongCredentials)?;
        let secret = self.open_session(user.id).await?;
        Ok(SignedIn { secret, device: self.device_of(&email), user })
    }

    /// After a wait, in a turn of the slow line. Who is wrong hears that it was one too many.
    async fn check_slowly(
        &self,
        email: &str,
        password: &str,
        place: Option<&str>,
        exhausted: Exhausted,
    ) -> Result<account::Model, AccountError> {
        tokio::time::sleep(SLOW).await;
        match self.check(email, password, place).await {
            Err(AccountError::WrongCredentials) => Err(exhausted.into()),
            checked => checked,
        }
    }

    /// What a browser keeps that has been signed in to an account.
    fn device_of(&self, email: &str) -> String {
        secret::hash(&format!("{} has been signed in to {email}", self.device_secret))
    }

    /// Checks a password in the place's turn to hash; without one, if the device is known.
    async fn check(&self, email: &str, password: &str, place: Option<&str>) -> Result<account::Model, AccountError> {
        let found = account::Entity::find().filter(account::Column::Email.eq(email)).one(&self.store.read).await?;
        let stored = found.as_ref().map(|a| a.password_hash.clone());
        let password = password.to_owned();
        let turn = match place {
            Some(place) => Some(self.turn_of(place).await?),
            None => None,
        };
        let verify = move || {
            let _until_done = turn;
            verify(&password, stored.as_deref())
        };
        let right = self.off_thread(verify).await?;
        found.filter(|account| right && self.may_sign_in(account)).ok_or(AccountError::WrongCredentials)
    }

    /// A place's turn to hash.
    async fn turn_of(&self, place: &str) -> Result<Turn, AccountError> {
        let full = AccountError::TooMany { retry_after_s: RETRY_PLACE_S };
        self.turns.enter(&place.to_owned()).await.ok_or(full)
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

    fn may_sign_in(&self, account: &account::Model) -> bool {
        self.is_demo || !account.email.ends_with(DEMO_DOMAIN)
    }
}

/// Nobody, if the account has a role that this version does not know.
fn user(account: account::Model) -> Option<User> {
    let role = [Role::Admin, Role::Teacher].into_iter().find(|role| account.role == role_name(*role))?;
    Some(User { id: account.id, me: Me { name: account.name, email: account.email, role } })
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
