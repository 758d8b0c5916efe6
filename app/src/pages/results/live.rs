//! How the results page stays live: events say "ask again", ticks carry clock and freshness, silence means lost. A page
//! that nobody sees neither asks nor listens; when it is shown, it catches up at once.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::Page;
use crate::api::freshness::Freshness;
use crate::api::live::{SILENCE_MS, Tick};
use crate::api::results::{ClassResults, class_results};
use crate::api::{ApiError, Millis};
use crate::browser::asking::keep_on;
use crate::browser::live::{Heard, Live};
use crate::browser::transport::within;
use crate::browser::{guard, is_visible, time};
use crate::state::freshness::Connection;
use crate::state::measured::Measured;
use crate::state::refresh::Refresh;
use crate::state::session::Session;

/// How often silence is looked for.
const WATCH: Duration = Duration::from_millis(500);

/// The moving parts. Copies are the same.
#[derive(Clone, Copy)]
struct Following {
    page: Page,
    session: RwSignal<Session>,
    refresh: StoredValue<Refresh>,
    /// When anything was heard last, by this browser's clock.
    heard_at: StoredValue<i64>,
    events: StoredValue<Option<Live>, LocalStorage>,
    /// Set where the connection cannot be shared with the other tabs.
    alone: StoredValue<bool>,
    /// How many connections there have been.
    connections: StoredValue<u32>,
    /// Which of them the freshness came over that is shown.
    shown_over: StoredValue<u32>,
    /// Set when there is nothing to follow any more.
    gone: StoredValue<bool>,
}

/// Keeps `page` live until it is left.
pub(super) fn follow(page: Page) {
    let mut refresh = Refresh::default();
    // It may have been opened in the background.
    let _ = refresh.shown(is_visible(), time::waking());
    let following = Following {
        page,
        session: expect_context(),
        refresh: StoredValue::new(refresh),
        heard_at: StoredValue::new(time::waking()),
        events: StoredValue::new_local(None),
        alone: StoredValue::new(false),
        connections: StoredValue::new(0),
        shown_over: StoredValue::new(0),
        gone: StoredValue::new(false),
    };
    following.connect();
    // At once, and again whenever something else is looked at.
    Effect::new(move || {
        page.looking.view.track();
        following.ask_if(Refresh::changed);
    });
    keep_on(WATCH, move || following.watch(), move || following.show(is_visible()));
    on_cleanup(move || following.events.dispose());
}

impl Following {
    fn connect(self) {
        if !is_visible() {
            return;
        }
        self.heard_at.set_value(time::waking());
        let hear = move |heard| self.hear(heard);
        let shared = if self.alone.get_value() { None } else { Live::shared(self.page.assignment, hear) };
        self.events.set_value(shared.or_else(|| Live::own(self.page.assignment, hear)));
    }

    /// The page was hidden, and lets go; or shown, and catches up.
    fn show(self, visible: bool) {
        if visible && !self.gone.get_value() {
            self.connect();
        } else {
            self.events.set_value(None);
        }
        self.ask_if(|refresh, now| refresh.shown(visible, now) || refresh.changed(now));
    }

    fn hear(self, heard: Heard) {
        if heard == Heard::NoWorker {
            // Not from within the listener that connecting takes away.
            if self.alone.try_set_value(true).is_none() {
                spawn_local(async move { self.connect() });
            }
            return;
        }
        if self.heard_at.try_set_value(time::waking()).is_some() {
            return; // The page has been left.
        }
        let was = self.page.connection.get_untracked();
        if was != Connection::Open {
            self.page.connection.set(Connection::Open);
            self.page.problem.set(None);
        }
        match heard {
            Heard::Opened => {
                self.connections.update_value(|connections| *connections += 1);
                if self.connections.get_value() > 1 {
                    // It may have been updated while it was away.
                    guard::look_for_update();
                }
                // What happened while nobody listened is asked for.
                self.ask_if(Refresh::reconnected);
            }
            Heard::Changed => self.ask_if(Refresh::changed),
            Heard::Tick(tick) => self.take_in_tick(&tick),
            Heard::NoWorker => {}
        }
    }

    fn take_in_tick(self, tick: &Tick) {
        self.page.clock.heard(tick.now);
        let Some(newer) = tick.freshness else { return };
        if self.page.looking.view.get_untracked().as_of.is_some() {
            return; // The past does not change.
        }
        let has_other_figures = self.page.results.with_untracked(|results| {
            results.as_ref().is_some_and(|r| r.freshness.landed != newer.landed || r.freshness.closed != newer.closed)
        });
        if has_other_figures {
            // A page that missed a change finds out here.
            return self.ask_if(Refresh::changed);
        }
        let newer = Measured { connection: self.connections.get_value(), freshness: newer };
        self.page.results.update(|results| {
            if let Some(results) = results {
                results.freshness = self.newest(results.freshness, newer);
            }
        });
    }

    /// The newer of the freshness that is shown and another one.
    fn newest(self, shown: Freshness, other: Measured) -> Freshness {
        let newest = Measured { connection: self.shown_over.get_value(), freshness: shown }.newest(other);
        self.shown_over.set_value(newest.connection);
        newest.freshness
    }

    /// Finds out that the server has fallen silent, and tries again for as long as the page is open.
    fn watch(self) {
        if self.gone.get_value() || !is_visible() {
            return;
        }
        self.events.with_value(|events| events.iter().for_each(Live::alive));
        self.ask_if(Refresh::waited);
        let silence = time::waking() - self.heard_at.get_value();
        if silence < SILENCE_MS {
            return;
        }
        if !matches!(self.page.connection.get_untracked(), Connection::Lost(_)) {
            let since = self.page.clock.now_untracked() - silence;
            self.page.connection.set(Connection::Lost(since));
        }
        // Events do not say why they do not come: the session may have ended, or the assignment may be gone.
        self.ask_if(Refresh::changed);
        // The browser gives up on some errors; a new connection does not.
        let heard_at = self.heard_at.get_value();
        self.connect();
        // Connecting is not hearing; leave a moment for it before the next try.
        self.heard_at.set_value(heard_at.max(time::waking() - SILENCE_MS + 2_000));
    }

    fn ask_if(self, wanted: impl FnOnce(&mut Refresh, Millis) -> bool) {
        if self.refresh.try_update_value(|refresh| wanted(refresh, time::waking())).unwrap_or(false) {
            spawn_local(self.ask());
        }
    }

    async fn ask(self) {
        let connection = self.connections.get_value();
        let view = self.page.looking.view.get_untracked();
        let answer = within(class_results(view.assignment, Some(view.attempts), view.as_of)).await;
        if self.refresh.try_get_value().is_none() {
            return; // The page has been left.
        }
        match answer {
            Ok(results) => {
                // What something else was looked at for, meanwhile, is asked for next.
                if view == self.page.looking.view.get_untracked() {
                    self.take_in(results, connection);
                }
                self.ask_if(Refresh::answered);
            }
            Err(ApiError::SignedOut { .. }) => self.session.set(Session::SignedOut),
            Err(error) if error.is_passing() => self.ask_later(&error),
            Err(error) => self.give_up(&error),
        }
    }

    fn ask_later(self, error: &ApiError) {
        self.refresh.update_value(|refresh| refresh.failed(time::waking(), error.retry_after_ms()));
        let shown = self.page.results.with_untracked(|r| r.as_ref().map(|r| (r.attempts, r.as_of)));
        let view = self.page.looking.view.get_untracked();
        let what = match shown {
            None => "The results cannot be shown",
            Some(shown) if shown != (view.attempts, view.as_of) => {
                "What you chose cannot be shown yet, and the figures are still those from before"
            }
            // With the right figures on the page, the freshness line says it already.
            Some(_) => return self.page.problem.set(None),
        };
        self.page.problem.set(Some(format!("{what}: {error}. This page tries again by itself.")));
    }

    /// There is no such assignment, or no longer one for this account: nothing of it stays on the page.
    fn give_up(self, error: &ApiError) {
        self.gone.set_value(true);
        self.events.set_value(None);
        self.page.results.set(None);
        self.page.problem.set(Some(format!("The results cannot be shown: {error}.")));
    }

    fn take_in(self, mut results: ClassResults, connection: u32) {
        self.page.problem.set(None);
        let landed = results.freshness.landed;
        let is_same_view = |r: &ClassResults| (r.attempts, r.as_of) == (results.attempts, results.as_of);
        let before = self.page.results.with_untracked(|r| r.as_ref().filter(|r| is_same_view(r)).map(|r| r.freshness));
        let newer = Measured { connection, freshness: results.freshness };
        results.freshness = self.newest(before.unwrap_or(results.freshness), newer);
        if self.page.first_at.get_untracked().is_none() && landed > 0 {
            self.page.first_at.set(Some(self.page.clock.now_untracked()));
        }
        if before.is_some_and(|before| before.landed != landed) {
            self.page.changed_at.set(Some(self.page.clock.now_untracked()));
        }
        self.page.results.set(Some(results));
    }
}
