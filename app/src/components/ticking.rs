//! One clock for all that ages on the page: it ticks once a second, in server time.

use std::time::Duration;

use leptos::prelude::*;

use crate::api::Millis;
use crate::browser::{is_visible, time};
use crate::state::clock::ServerClock;

/// The page's clock. Copies are the same clock.
#[derive(Clone, Copy)]
pub struct Ticking {
    server: RwSignal<ServerClock>,
    here: RwSignal<Millis>,
}

impl Ticking {
    /// Starts ticking. A page that nobody sees does not tick.
    #[must_use]
    pub fn start() -> Self {
        let clock = Self { server: RwSignal::new(ServerClock::default()), here: RwSignal::new(time::now()) };
        set_interval(
            move || {
                if is_visible() {
                    clock.tick();
                }
            },
            Duration::from_secs(1),
        );
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
        self.server.get_untracked().at(time::now())
    }

    /// Learns the server's time from an answer.
    pub fn learn(self, server: Millis) {
        self.server.update(|clock| clock.learn(server, time::now()));
        self.tick();
    }

    fn tick(self) {
        self.here.set(time::now());
    }
}
