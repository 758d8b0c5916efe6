//! Staff accounts and their sessions.
//!
//! Owns passwords (Argon2id hashes) and session secrets (hashes too). Does not own what an account may see: the room
//! `results` does.

use app::api::Millis;
use app::api::accounts::{Me, Role};
use argon2::Argon2;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, PaginatorTrait, QueryFilter};

use crate::clock::Clock;
use crate::secret;
use crate::store::Store;
use crate::store::tables::{account, session};

/// A working day and a bit: a teacher signs in once a day.
pub const SESSION_MS: Millis = 12 * 3_600_000;

/// Why nobody was signed in or added.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Which of the two is wrong is not said.
    #[error("email or password is not right")]
    WrongCredentials,
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
}

impl Accounts {
    /// Works on `store`.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// Whether nobody could sign in yet.
    ///
    /// # Errors
    /// If the transactional store does not answer.
    pub async fn is_empty(&self) -> Result<bool, AccountError> {
        Ok(account::Entity::find().count(&self.store.read).await? == 0)
    }

    /// Adds an account and returns its number.
    ///
    /// # Errors
    /// If the address is taken.
    pub async fn add(&self, me: &Me, password: &str) -> Result<i64, AccountError> {
        let password = password.to_owned();
        let password_hash = off_thread(move || hash(&password)).await?;
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
    /// [`AccountError::WrongCredentials`] after the same work whether the address is known or not.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<(String, User), AccountError> {
        let found =
            account::Entity::find().filter(account::Column::Email.eq(fold_email(email))).one(&self.store.read).await?;
        let stored = found.as_ref().map(|a| a.password_hash.clone());
        let password = password.to_owned();
        let right = off_thread(move || verify(&password, stored.as_deref())).await?;
        let account = found.filter(|_| right).ok_or(AccountError::WrongCredentials)?;
        let secret = secret::generate()?;
        let session = session::ActiveModel {
            token_hash: Set(secret::hash(&secret)),
            account_id: Set(account.id),
            expires_at: Set(self.clock.now() + SESSION_MS),
        };
        session.insert(&self.store.write).await?;
        Ok((secret, user(account)))
    }

    /// Ends a session. One that is not known is fine.
    ///
    /// # Errors
    /// If the transactional store does not answer.
    pub async fn sign_out(&self, secret: &str) -> Result<(), AccountError> {
        let this_or_expired = Condition::any()
            .add(session::Column::TokenHash.eq(secret::hash(secret)))
            .add(session::Column::ExpiresAt.lt(self.clock.now()));
        session::Entity::delete_many().filter(this_or_expired).exec(&self.store.write).await?;
        Ok(())
    }

    /// Who the secret of a cookie stands for.
    ///
    /// # Errors
    /// If the transactional store does not answer.
    pub async fn user(&self, secret: &str) -> Result<Option<User>, AccountError> {
        let session = session::Entity::find_by_id(secret::hash(secret))
            .filter(session::Column::ExpiresAt.gt(self.clock.now()))
            .one(&self.store.read)
            .await?;
        let Some(session) = session else { return Ok(None) };
        Ok(account::Entity::find_by_id(session.account_id).one(&self.store.read).await?.map(user))
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

/// Hashing takes tens of milliseconds by design; it must not hold up the other requests.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AccountError> + Send + 'static,
) -> Result<T, AccountError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| AccountError::Stopped)?
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
