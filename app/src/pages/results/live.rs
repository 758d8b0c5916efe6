//! How the results page stays live: events say "ask again", ticks carry clock and freshness, silence means lost.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::Page;
use crate::api::ApiError;
use crate::api::freshness::Freshness;
use crate::api::live::{SILENCE_MS, Tick};
use crate::api::results::{ClassResults, class_results};
use crate::browser::events::{Events, Heard, Listener};
use crate::browser::{is_visible, time};
use crate::state::freshness::Connection;
use crate::state::refresh::Refresh;
use crate::state::session::Session;

/// How often silence is looked for.
const WATCH: Duration = Duration::from_secs(1);

/// The moving parts. Copies are the same.
#[derive(Clone, Copy)]
struct Following {
    page: Page,
    session: RwSignal<Session>,
    refresh: StoredValue<Refresh>,
    /// When anything was heard last, by this browser's clock.
    heard_at: StoredValue<i64>,
    events: StoredValue<Option<Events>, LocalStorage>,
}

/// Keeps `page` live until it is left.
pub(super) fn follow(page: Page) {
    let following = Following {
        page,
        session: expect_context(),
        refresh: StoredValue::new(Refresh::default()),
        heard_at: StoredValue::new(time::now()),
        events: StoredValue::new_local(None),
    };
    following.connect();
    following.ask_if(Refresh::changed);
    let watch = set_interval_with_handle(move || following.watch(), WATCH);
    let shown = StoredValue::new_local(Listener::on_visibility(move || {
        following.ask_if(|refresh| refresh.shown(is_visible()));
    }));
    on_cleanup(move || {
        if let Ok(watch) = watch {
            watch.clear();
        }
        shown.dispose();
        following.events.dispose();
    });
}

impl Following {
    fn connect(self) {
        self.heard_at.set_value(time::now());
        let events = Events::of_assignment(self.page.assignment, move |heard| self.hear(heard));
        self.events.set_value(events);
    }

    fn hear(self, heard: Heard) {
        if self.heard_at.try_set_value(time::now()).is_some() {
            return; // The page has been left.
        }
        let was = self.page.connection.get_untracked();
        if was != Connection::Open {
            self.page.connection.set(Connection::Open);
            self.page.problem.set(None);
        }
        match heard {
            // What happened while nobody listened is asked for.
            Heard::Opened => self.ask_if(Refresh::changed),
            Heard::Changed => self.ask_if(Refresh::changed),
            Heard::Tick(tick) => self.take_in_tick(&tick),
        }
    }

    fn take_in_tick(self, tick: &Tick) {
        self.page.clock.learn(tick.now);
        let Some(newer) = tick.freshness else { return };
        let has_other_figures = self.page.results.with_untracked(|results| {
            results.as_ref().is_some_and(|r| r.freshness.landed != newer.landed || r.freshness.closed != newer.closed)
        });
        if has_other_figures {
            // A page that missed a change finds out here.
            return self.ask_if(Refresh::changed);
        }
        self.page.results.update(|results| {
            if let Some(results) = results {
                results.freshness = newest(results.freshness, newer);
            }
        });
    }

    /// Finds out that the server has fallen silent, and tries again for as long as the page is open.
    fn watch(self) {
        let silence = time::now() - self.heard_at.get_value();
        if silence < SILENCE_MS {
            return;
        }
        if !matches!(self.page.connection.get_untracked(), Connection::Lost(_)) {
            let since = self.page.clock.now_untracked() - silence;
            self.page.connection.set(Connection::Lost(since));
        }
        // The browser gives up on some errors; a new connection does not.
        let heard_at = self.heard_at.get_value();
        self.connect();
        // Connecting is not hearing; leave a moment for it before the next try.
        self.heard_at.set_value(heard_at.max(time::now() - SILENCE_MS + 2_000));
    }

    fn ask_if(self, wanted: impl FnOnce(&mut Refresh) -> bool) {
        if self.refresh.try_update_value(wanted).unwrap_or(false) {
            spawn_local(self.ask());
        }
    }

    async fn ask(self) {
        let answer = class_results(self.page.assignment).await;
        if self.refresh.try_get_value().is_none() {
            return; // The page has been left.
        }
        match answer {
            Ok(results) => self.take_in(results),
            Err(ApiError::SignedOut { .. }) => self.session.set(Session::SignedOut),
            // The freshness line says it already.
            Err(error) if error.is_passing() && self.page.results.with_untracked(Option::is_some) => {}
            Err(error) => self.page.problem.set(Some(format!("The results cannot be shown: {error}."))),
        }
        self.ask_if(Refresh::answered);
    }

    fn take_in(self, mut results: ClassResults) {
        self.page.clock.learn(results.freshness.measured_at);
        self.page.problem.set(None);
        let landed = results.freshness.landed;
        let before = self.page.results.with_untracked(|r| r.as_ref().map(|r| r.freshness));
        if let Some(before) = before {
            results.freshness = newest(before, results.freshness);
        }
        if before.is_some_and(|before| before.landed != landed) {
            self.page.changed_at.set(Some(self.page.clock.now_untracked()));
        }
        self.page.results.set(Some(results));
    }
}

fn newest(a: Freshness, b: Freshness) -> Freshness {
    if a.measured_at > b.measured_at { a } else { b }
}
