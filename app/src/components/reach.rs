//! Whether this browser hears its server: one answer for the banner and for every page, so that no two parts of a page
//! say something else.

use leptos::prelude::*;

use super::Ticking;
use crate::api::{ApiError, Millis};
use crate::browser::time;
use crate::state::freshness::Connection;
use crate::state::reach::Hearing;

/// The server, as this browser hears it. Copies are the same.
#[derive(Clone, Copy)]
pub struct Reach {
    connection: RwSignal<Connection>,
    hearing: StoredValue<Hearing>,
    clock: Ticking,
}

impl Reach {
    /// Nothing has been heard yet.
    #[must_use]
    pub fn start(clock: Ticking) -> Self {
        let hearing = StoredValue::new(Hearing::new(time::waking()));
        Self { connection: RwSignal::new(Connection::Opening), hearing, clock }
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

    /// Nobody has listened for a while, and now begins to.
    pub fn listens(self) {
        self.hearing.update_value(|hearing| hearing.listens(time::waking()));
    }

    /// An event came.
    pub fn heard(self) {
        if self.hearing.try_update_value(|hearing| hearing.heard(time::waking())).unwrap_or(false) {
            self.open();
        }
    }

    /// How a question ended.
    pub fn ended<T>(self, answer: &Result<T, ApiError>) {
        if matches!(answer, Err(ApiError::Unreachable { .. })) {
            let lost = self.hearing.try_update_value(|hearing| hearing.unanswered(time::waking()));
            if let Some(ms) = lost.flatten() {
                self.lost_for(ms);
            }
            return;
        }
        self.hearing.update_value(|hearing| hearing.answered(time::waking()));
        self.open();
    }

    /// For how long nothing has come, in milliseconds.
    #[must_use]
    pub fn silent_ms(self) -> Millis {
        self.hearing.with_value(|hearing| hearing.silent_ms(time::waking()))
    }

    /// The server is lost, since it was heard last.
    pub fn lost(self) {
        self.lost_for(self.silent_ms());
    }

    fn open(self) {
        if self.connection.get_untracked() != Connection::Open {
            self.connection.set(Connection::Open);
        }
    }

    fn lost_for(self, ms: Millis) {
        if !matches!(self.connection.get_untracked(), Connection::Lost(_)) {
            self.connection.set(Connection::Lost(self.clock.now_untracked() - ms));
        }
    }
}
