//! One clock for all that ages on the page: it ticks once a second, in server time.

use std::time::Duration;

use leptos::prelude::*;

use crate::api::Millis;
use crate::browser::asking::keep_on;
use crate::browser::{is_visible, time};
use crate::state::clock::ServerClock;

/// The page's clock. Copies are the same clock.
#[derive(Clone, Copy)]
pub struct Ticking {
    server: RwSignal<ServerClock>,
    here: RwSignal<Millis>,
}

impl Ticking {
    /// Starts ticking. A page that nobody sees does not tick; shown again, it does so at once.
    #[must_use]
    pub fn start() -> Self {
        let clock = Self { server: RwSignal::new(ServerClock::default()), here: RwSignal::new(time::waking()) };
        let tick = move || {
            if is_visible() {
                clock.tick();
            }
        };
        keep_on(Duration::from_secs(1), tick, tick);
        clock
    }

    /// The page's clock.
    #[must_use]
    pub fn get() -> Self {
        expect_context()
    }

    /// Now, in server time; changes once a second.
    #[must_use]
    pub fn now(self) -> Millis {
        self.server.get().at(self.here.get())
    }

    /// Now, in server time, to the millisecond and without being told of changes.
    #[must_use]
    pub fn now_untracked(self) -> Millis {
        self.server.get_untracked().at(time::waking())
    }

    /// Learns the server's time from an event.
    pub fn heard(self, server: Millis) {
        self.server.update(|clock| clock.heard(server, time::waking()));
        self.tick();
    }

    /// Learns the server's time from an answer to what was asked at `asked`, by [`time::waking`].
    pub fn answered(self, server: Millis, asked: Millis) {
        self.server.update(|clock| clock.answered(server, asked, time::waking()));
        self.tick();
    }

    fn tick(self) {
        self.here.set(time::waking());
    }
}
