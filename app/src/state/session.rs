//! Who is signed in, as far as this page knows.

use crate::api::accounts::{Me, Role};

/// The session of this browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Session {
    /// Not asked yet.
    Unknown,
    /// Asked, and not told; the reason.
    Unclear(String),
    /// Nobody.
    SignedOut,
    /// Somebody.
    SignedIn(Me),
}

impl Session {
    /// Whoever is signed in.
    #[must_use]
    pub const fn me(&self) -> Option<&Me> {
        match self {
            Self::SignedIn(me) => Some(me),
            _ => None,
        }
    }

    /// Whether an admin is signed in.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.me().is_some_and(|me| me.role == Role::Admin)
    }
}
