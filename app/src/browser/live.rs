//! What the server says of some assignments, as it happens: over the connection that all tabs of this browser share, or over
//! one of this page's own where there is no SharedWorker.

use js_sys::{Array, JsString};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{EventSource, MessageEvent, MessagePort, SharedWorker};

use super::events::Listener;
use crate::api::live::{CHANGED, TICK, Tick};

/// Another name for each version of what it understands, so that pages of an older build keep theirs.
const WORKER: &str = "/live-worker.js?2";

/// What a page hears.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// The connection is there; what came before it may have been missed.
    Opened,
    /// Ask again.
    Changed,
    /// The server is alive.
    Tick(Tick),
    /// The worker that holds the connection cannot run here: this page needs its own.
    NoWorker,
}

impl Heard {
    fn of(name: &str, data: Option<&str>) -> Option<Self> {
        match name {
            "open" => Some(Self::Opened),
            CHANGED => Some(Self::Changed),
            TICK => serde_json::from_str(data?).ok().map(Self::Tick),
            _ => None,
        }
    }
}

/// A page's ear; closed when dropped.
pub struct Live {
    way: Way,
    _listeners: Vec<Listener>,
}

enum Way {
    Shared { port: MessagePort, assignments: Array },
    Own(EventSource),
}

impl Live {
    /// Listens by the connection that all tabs share. `None` if this browser has no SharedWorker.
    #[must_use]
    pub fn shared(assignments: &[i64], hear: impl Fn(Heard) + Clone + 'static) -> Option<Self> {
        if !js_sys::Reflect::has(&js_sys::global(), &"SharedWorker".into()).unwrap_or(false) {
            return None;
        }
        let worker = SharedWorker::new(WORKER).ok()?;
        let port = worker.port();
        let broken = hear.clone();
        let listeners = vec![
            Listener::new(&worker, "error", move |_| broken(Heard::NoWorker))?,
            Listener::new(&port, "message", move |event| {
                if let Some(heard) = heard_in(&event) {
                    hear(heard);
                }
            })?,
        ];
        port.start();
        let live = Self { way: Way::Shared { port, assignments: numbers(assignments) }, _listeners: listeners };
        live.alive();
        Some(live)
    }

    /// Listens by a connection of the page's own. `None` if the browser has no server-sent events.
    #[must_use]
    pub fn own(assignments: &[i64], hear: impl Fn(Heard) + Clone + 'static) -> Option<Self> {
        let list: Vec<String> = assignments.iter().map(i64::to_string).collect();
        let source = EventSource::new(&format!("/api/live?assignments={}", list.join(","))).ok()?;
        let listener = |name: &'static str| {
            let hear = hear.clone();
            Listener::new(&source, name, move |event| {
                let data = event.dyn_ref::<MessageEvent>().and_then(|event| event.data().as_string());
                if let Some(heard) = Heard::of(name, data.as_deref()) {
                    hear(heard);
                }
            })
        };
        let listeners = vec![listener("open")?, listener(CHANGED)?, listener(TICK)?];
        Some(Self { way: Way::Own(source), _listeners: listeners })
    }

    /// Follows other assignments over the same connection; not where it is the page's own, which is of what it was opened for.
    /// Returns whether it does.
    #[must_use]
    pub fn follow(&mut self, followed: &[i64]) -> bool {
        let Way::Shared { assignments, .. } = &mut self.way else { return false };
        *assignments = numbers(followed);
        self.alive();
        true
    }

    /// To be said once a second: a tab that falls silent has been closed.
    pub fn alive(&self) {
        if let Way::Shared { port, assignments } = &self.way {
            // A worker that is dead is noticed by its silence.
            let _ = port.post_message(assignments);
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        match &self.way {
            Way::Shared { port, .. } => {
                let _ = port.post_message(&JsValue::NULL);
                port.close();
            }
            Way::Own(source) => source.close(),
        }
    }
}

/// As the worker is told them.
fn numbers(assignments: &[i64]) -> Array {
    assignments.iter().map(|assignment| JsValue::from_f64(*assignment as f64)).collect()
}

/// What the worker hands on: `[event, data]`.
fn heard_in(event: &web_sys::Event) -> Option<Heard> {
    let said: Array = event.dyn_ref::<MessageEvent>()?.data().dyn_into().ok()?;
    let name: JsString = said.get(0).dyn_into().ok()?;
    Heard::of(&String::from(name), said.get(1).as_string().as_deref())
}
