//! How a page stays live: events say "ask again", ticks carry clock and freshness, silence means lost. A page that nobody
//! sees neither asks nor listens; when it is shown, it catches up at once.
//!
//! Owns the one way in which pages follow assignments. Does not own what they ask, nor what they make of a tick.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::api::live::{SILENCE_MS, Tick};
use crate::browser::asking::{Asking, keep_on};
use crate::browser::live::{Heard, Live};
use crate::browser::{guard, is_visible, time};
use crate::components::{Reach, Ticking};

/// How often silence is looked for, and whether something else is to be followed.
const WATCH: Duration = Duration::from_millis(500);

/// The assignments that a page follows now, and what it does with a tick.
type Wanted = Box<dyn Fn() -> Vec<i64>>;
type TakeIn = Box<dyn Fn(&Tick)>;

/// A page that follows. Copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Following {
    reach: Reach,
    clock: Ticking,
    /// When any event was heard last, by this browser's clock.
    heard_at: StoredValue<i64>,
    events: StoredValue<Option<Live>, LocalStorage>,
    /// What the events are of.
    followed: StoredValue<Vec<i64>>,
    /// Set where the connection cannot be shared with the other tabs.
    alone: StoredValue<bool>,
    /// How many times something may have been missed: openings, and lists that grew.
    connections: StoredValue<u32>,
    /// Set when the page's own list has grown, until that is heard.
    has_grown: StoredValue<bool>,
    /// Set when there is nothing to follow any more.
    gone: StoredValue<bool>,
    asking: StoredValue<Option<Asking>>,
    wanted: StoredValue<Option<Wanted>, LocalStorage>,
    take_in: StoredValue<Option<TakeIn>, LocalStorage>,
}

impl Following {
    /// Follows nothing before [`Following::start`].
    pub fn new() -> Self {
        Self {
            reach: Reach::get(),
            clock: Ticking::get(),
            heard_at: StoredValue::new(time::waking()),
            events: StoredValue::new_local(None),
            followed: StoredValue::new(Vec::new()),
            alone: StoredValue::new(false),
            connections: StoredValue::new(0),
            has_grown: StoredValue::new(false),
            gone: StoredValue::new(false),
            asking: StoredValue::new(None),
            wanted: StoredValue::new_local(None),
            take_in: StoredValue::new_local(None),
        }
    }

    /// Follows what is `wanted`, which may change, until the page is left. `asking` is asked again after each change.
    pub fn start(self, asking: Asking, wanted: impl Fn() -> Vec<i64> + 'static, take_in: impl Fn(&Tick) + 'static) {
        self.asking.set_value(Some(asking));
        self.wanted.set_value(Some(Box::new(wanted)));
        self.take_in.set_value(Some(Box::new(take_in)));
        self.connect();
        keep_on(WATCH, move || self.watch(), move || self.show(is_visible()));
        on_cleanup(move || self.events.dispose());
    }

    /// How many times something may have been missed: what comes after a later one is newer, whatever its time.
    pub fn connections(self) -> u32 {
        self.connections.get_value()
    }

    /// There is nothing to follow any more.
    pub fn stop(self) {
        self.gone.set_value(true);
        self.events.set_value(None);
    }

    fn wanted(self) -> Vec<i64> {
        self.wanted.with_value(|wanted| wanted.as_ref().map(|wanted| wanted()).unwrap_or_default())
    }

    fn ask(self) {
        if let Some(asking) = self.asking.get_value() {
            asking.changed();
        }
    }

    fn connect(self) {
        if !is_visible() {
            return;
        }
        self.heard_at.set_value(time::waking());
        let wanted = self.wanted();
        self.followed.set_value(wanted.clone());
        if wanted.is_empty() {
            return self.events.set_value(None);
        }
        let hear = move |heard| self.hear(heard);
        let shared = if self.alone.get_value() { None } else { Live::shared(&wanted, hear) };
        self.events.set_value(shared.or_else(|| Live::own(&wanted, hear)));
    }

    /// Something else is to be followed: over the same connection, where that is shared.
    fn follow(self, wanted: &[i64]) {
        if self.followed.with_value(|followed| wanted.iter().any(|assignment| !followed.contains(assignment))) {
            self.has_grown.set_value(true);
        }
        let same = |events: &mut Option<Live>| events.as_mut().is_some_and(|events| events.follow(wanted));
        if wanted.is_empty() || !self.events.try_update_value(same).unwrap_or(false) {
            return self.connect();
        }
        self.followed.set_value(wanted.to_vec());
    }

    /// The page was hidden, and lets go; or shown, and catches up.
    fn show(self, visible: bool) {
        if visible && !self.gone.get_value() {
            self.connect();
            return;
        }
        self.events.set_value(None);
        // A hidden page asks once it is shown.
        self.ask();
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
        self.reach.heard();
        match heard {
            Heard::Opened => self.opened(),
            Heard::Changed => self.ask(),
            Heard::Tick(tick) => {
                self.clock.heard(tick.now);
                self.take_in.with_value(|take_in| take_in.iter().for_each(|take_in| take_in(&tick)));
            }
            Heard::NoWorker => {}
        }
    }

    fn opened(self) {
        self.connections.update_value(|connections| *connections += 1);
        let has_grown = self.has_grown.try_update_value(std::mem::take).unwrap_or(false);
        if self.connections() > 1 && !has_grown {
            // It may have been updated while nobody listened.
            guard::look_for_update();
        }
        // What happened while nobody listened is asked for.
        if let Some(asking) = self.asking.get_value() {
            asking.hurry();
        }
    }

    /// Finds out that the server has fallen silent, and tries again for as long as the page is open.
    fn watch(self) {
        if self.gone.get_value() || !is_visible() {
            return;
        }
        let wanted = self.wanted();
        if wanted != self.followed.get_value() {
            return self.follow(&wanted);
        }
        if self.followed.with_value(Vec::is_empty) {
            return;
        }
        self.events.with_value(|events| events.iter().for_each(Live::alive));
        let silence = time::waking() - self.heard_at.get_value();
        if silence < SILENCE_MS {
            return;
        }
        if self.reach.silent_ms() >= SILENCE_MS {
            self.reach.lost();
        }
        // Events do not say why they do not come: the session may have ended, or the assignment may be gone.
        self.ask();
        // The browser gives up on some errors; a new connection does not.
        let heard_at = self.heard_at.get_value();
        self.connect();
        // Connecting is not hearing; leave a moment for it before the next try.
        self.heard_at.set_value(heard_at.max(time::waking() - SILENCE_MS + 2_000));
    }
}
