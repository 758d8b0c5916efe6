//! Whether this browser hears its server: one answer for the banner and for every page, so that no two parts of a page
//! say something else.

use leptos::prelude::*;

use super::Ticking;
use crate::api::live::TICK_MS;
use crate::api::{ApiError, Millis};
use crate::browser::time;
use crate::state::freshness::Connection;

/// A question that failed says nothing of a server that was heard within so many milliseconds.
const HEARD_LATELY_MS: Millis = TICK_MS as Millis * 3 / 2;

/// The server, as this browser hears it. Copies are the same.
#[derive(Clone, Copy)]
pub struct Reach {
    connection: RwSignal<Connection>,
    /// When anything was heard last, by [`time::waking`].
    heard_at: StoredValue<Millis>,
    clock: Ticking,
}

impl Reach {
    /// Nothing has been heard yet.
    #[must_use]
    pub fn start(clock: Ticking) -> Self {
        Self { connection: RwSignal::new(Connection::Opening), heard_at: StoredValue::new(time::waking()), clock }
    }

    /// The page's.
    #[must_use]
    pub fn get() -> Self {
        expect_context()
    }

    /// Whether the server is heard.
    #[must_use]
    pub fn connection(self) -> Connection {
        self.connection.get()
    }

    /// An event or an answer came.
    pub fn heard(self) {
        self.heard_at.set_value(time::waking());
        if self.connection.get_untracked() != Connection::Open {
            self.connection.set(Connection::Open);
        }
    }

    /// Nobody has listened for a while, and now begins to: that nothing came meanwhile says nothing.
    pub fn listens(self) {
        self.heard_at.set_value(time::waking());
    }

    /// For how long nothing has come, in milliseconds.
    #[must_use]
    pub fn silent_ms(self) -> Millis {
        time::waking() - self.heard_at.get_value()
    }

    /// The server is lost, since it was heard last.
    pub fn lost(self) {
        if !matches!(self.connection.get_untracked(), Connection::Lost(_)) {
            let since = self.clock.now_untracked() - self.silent_ms();
            self.connection.set(Connection::Lost(since));
        }
    }

    /// How a question ended.
    pub fn ended<T>(self, answer: &Result<T, ApiError>) {
        match answer {
            Err(ApiError::Unreachable { .. }) if self.silent_ms() >= HEARD_LATELY_MS => self.lost(),
            Err(ApiError::Unreachable { .. }) => {}
            _ => self.heard(),
        }
    }
}
