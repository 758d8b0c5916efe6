//! Sessions: who a browser's cookie stands for, and until when.
//!
//! Owns their rows: an absolute end, an end when nobody uses one, and that what is over is swept. Does not own passwords.

use std::time::Duration;

use app::api::Millis;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter};
use tokio::sync::watch;

use super::{AccountError, Accounts, User, user};
use crate::secret;
use crate::store::tables::{account, session};

/// A working day and a bit: a teacher signs in once a day.
pub const SESSION_MS: Millis = 12 * 3_600_000;
/// A session that nobody has used for so long is over.
pub const IDLE_MS: Millis = 2 * 3_600_000;
/// When a session was used is written down at most this often.
const NOTE_MS: Millis = 5 * 60_000;
/// So long a request waits for that.
const NOTE_TIME: Duration = Duration::from_millis(250);

impl Accounts {
    pub(super) async fn open_session(&self, account: i64) -> Result<String, AccountError> {
        let (secret, now) = (secret::generate()?, self.clock.now());
        let session = session::ActiveModel {
            token_hash: Set(secret::hash(&secret)),
            account_id: Set(account),
            expires_at: Set(now + SESSION_MS),
            seen_at: Set(now),
        };
        let over =
            Condition::any().add(session::Column::ExpiresAt.lte(now)).add(session::Column::SeenAt.lte(now - IDLE_MS));
        let tx = self.store.begin().await?;
        session::Entity::delete_many().filter(over).exec(&*tx).await?;
        session.insert(&*tx).await?;
        tx.commit().await?;
        Ok(secret)
    }

    /// Ends a session. One that is not known is fine.
    ///
    /// # Errors
    /// If the transactional store does not answer: the session is still open then.
    pub async fn sign_out(&self, secret: &str) -> Result<(), AccountError> {
        let hash = secret::hash(secret);
        // Anybody may send anything: what is no session's costs one look, and nobody else a thing.
        if session::Entity::find_by_id(&hash).one(&self.store.read).await?.is_none() {
            return Ok(());
        }
        let tx = self.store.begin().await?;
        let deleted = session::Entity::delete_by_id(&hash).exec(&*tx).await?;
        tx.commit().await?;
        self.recent.take_back(&hash);
        if deleted.rows_affected > 0 {
            self.ended.send_modify(|count| *count = count.wrapping_add(1));
        }
        Ok(())
    }

    /// Hears each time that a session was ended here.
    #[must_use]
    pub fn follow_ends(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    /// Who the secret of a cookie stands for. One that was signed out here stands for nobody from then on.
    ///
    /// # Errors
    /// If the transactional store does not answer.
    pub async fn user(&self, secret: &str) -> Result<Option<User>, AccountError> {
        let hash = secret::hash(secret);
        let found = self.recent.get(hash.clone(), self.find_session(&hash, true)).await?;
        Ok(found.filter(|(ends, _)| *ends > self.clock.now()).map(|(_, user)| user))
    }

    /// Whether a session is open. That somebody looks is no use of it.
    ///
    /// # Errors
    /// If the transactional store does not answer.
    pub async fn is_open(&self, secret: &str) -> Result<bool, AccountError> {
        let found = self.find_session(&secret::hash(secret), false).await?;
        Ok(found.is_some_and(|(ends, _)| ends > self.clock.now()))
    }

    /// When a session ends, and whose it is. Notes that it is used, if it is.
    pub(super) async fn find_session(&self, hash: &str, is_used: bool) -> Result<Option<(Millis, User)>, AccountError> {
        let Some(session) = session::Entity::find_by_id(hash).one(&self.store.read).await? else { return Ok(None) };
        let now = self.clock.now();
        if now - session.seen_at >= IDLE_MS {
            return Ok(None);
        }
        if is_used && now - session.seen_at >= NOTE_MS {
            let seen = session::Entity::update_many()
                .col_expr(session::Column::SeenAt, Expr::value(now))
                .filter(session::Column::TokenHash.eq(hash));
            // Nobody is sent away because a disk is full, nor kept waiting.
            let noted = async {
                let tx = self.store.begin().await?;
                seen.exec(&*tx).await?;
                tx.commit().await
            };
            match tokio::time::timeout(NOTE_TIME, noted).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "it was not noted that a session is used"),
                Err(_) => tracing::warn!("it was not noted in time that a session is used"),
            }
        }
        let account = account::Entity::find_by_id(session.account_id).one(&self.store.read).await?;
        Ok(account.filter(|account| self.may_sign_in(account)).and_then(user).map(|user| (session.expires_at, user)))
    }
}
