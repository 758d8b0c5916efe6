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

/// A server that is heard and answers nothing for so many milliseconds is lost all the same: nothing new can be shown.
const ANSWERED_LATELY_MS: Millis = 5_000;

/// The server, as this browser hears it. Copies are the same.
#[derive(Clone, Copy)]
pub struct Reach {
    connection: RwSignal<Connection>,
    /// When an event or an answer came last, by [`time::waking`].
    heard_at: StoredValue<Millis>,
    /// When an answer came last.
    answered_at: StoredValue<Millis>,
    /// Whether it is an answer that is waited for, and no event will do.
    is_unanswered: StoredValue<bool>,
    clock: Ticking,
}

impl Reach {
    /// Nothing has been heard yet.
    #[must_use]
    pub fn start(clock: Ticking) -> Self {
        let now = time::waking();
        Self {
            connection: RwSignal::new(Connection::Opening),
            heard_at: StoredValue::new(now),
            answered_at: StoredValue::new(now),
            is_unanswered: StoredValue::new(false),
            clock,
        }
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

    /// Nobody has listened for a while, and now begins to: that nothing came meanwhile says nothing.
    pub fn listens(self) {
        let now = time::waking();
        self.heard_at.set_value(now);
        self.answered_at.set_value(now);
    }

    /// An event came.
    pub fn heard(self) {
        self.heard_at.set_value(time::waking());
        if !self.is_unanswered.get_value() && self.connection.get_untracked() != Connection::Open {
            self.connection.set(Connection::Open);
        }
    }

    /// How a question ended.
    pub fn ended<T>(self, answer: &Result<T, ApiError>) {
        if matches!(answer, Err(ApiError::Unreachable { .. })) {
            return self.unanswered();
        }
        self.answered_at.set_value(time::waking());
        self.is_unanswered.set_value(false);
        self.heard();
    }

    fn unanswered(self) {
        let (silent, unanswered) = (self.silent_ms(), time::waking() - self.answered_at.get_value());
        if silent >= HEARD_LATELY_MS || unanswered >= ANSWERED_LATELY_MS {
            self.is_unanswered.set_value(true);
            self.lost_for(silent.max(unanswered));
        }
    }

    /// For how long nothing has come, in milliseconds.
    #[must_use]
    pub fn silent_ms(self) -> Millis {
        time::waking() - self.heard_at.get_value()
    }

    /// The server is lost, since it was heard last.
    pub fn lost(self) {
        self.lost_for(self.silent_ms());
    }

    fn lost_for(self, ms: Millis) {
        if !matches!(self.connection.get_untracked(), Connection::Lost(_)) {
            self.connection.set(Connection::Lost(self.clock.now_untracked() - ms));
        }
    }
}
