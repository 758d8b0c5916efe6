//! The front end's port of the session, on behalf of whoever sent a request.
//!
//! Owns what somebody is told who is not signed in. Does not own sessions.

use std::sync::Arc;

use app::api::accounts::Me;
use app::api::{ApiError, ports};

use super::User;

impl User {
    /// The account that is signed in.
    ///
    /// # Errors
    /// [`ApiError::SignedOut`] if none is.
    pub fn required(user: Option<&Self>) -> Result<&Self, ApiError> {
        user.ok_or_else(|| ApiError::SignedOut { message: "sign in to see this".to_owned() })
    }
}

/// The port for one request.
#[must_use]
pub fn port_for(user: Option<User>) -> Arc<dyn ports::Session> {
    Arc::new(SignedIn(user))
}

struct SignedIn(Option<User>);

impl ports::Session for SignedIn {
    fn me(&self) -> Result<Me, ApiError> {
        User::required(self.0.as_ref()).map(|user| user.me.clone())
    }
}
