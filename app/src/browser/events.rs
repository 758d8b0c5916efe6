//! Server-sent events, and listening to the window.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, EventTarget, MessageEvent};

use crate::api::live::{CHANGED, TICK, Tick};

/// What a page hears.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// The connection is there.
    Opened,
    /// Ask again.
    Changed,
    /// The server is alive.
    Tick(Tick),
}

/// One open connection; closed when dropped.
pub struct Events {
    source: EventSource,
    _listeners: [Listener; 3],
}

impl Events {
    /// Listens to one assignment. `None` if the browser has no server-sent events.
    #[must_use]
    pub fn of_assignment(assignment: i64, hear: impl Fn(Heard) + Clone + 'static) -> Option<Self> {
        let source = EventSource::new(&format!("/api/live/assignments/{assignment}")).ok()?;
        let (opened, changed, ticked) = (hear.clone(), hear.clone(), hear);
        let listeners = [
            Listener::new(&source, "open", move |_| opened(Heard::Opened))?,
            Listener::new(&source, CHANGED, move |_| changed(Heard::Changed))?,
            Listener::new(&source, TICK, move |event| {
                if let Some(tick) = tick_of(&event) {
                    ticked(Heard::Tick(tick));
                }
            })?,
        ];
        Some(Self { source, _listeners: listeners })
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.source.close();
    }
}

fn tick_of(event: &web_sys::Event) -> Option<Tick> {
    let data = event.dyn_ref::<MessageEvent>()?.data().as_string()?;
    serde_json::from_str(&data).ok()
}

/// One event listener; gone when dropped.
pub struct Listener {
    target: EventTarget,
    name: &'static str,
    closure: Closure<dyn Fn(web_sys::Event)>,
}

impl Listener {
    /// Calls `hear` for each event of that name. `None` if the browser says no.
    pub fn new(target: &EventTarget, name: &'static str, hear: impl Fn(web_sys::Event) + 'static) -> Option<Self> {
        let closure = Closure::<dyn Fn(web_sys::Event)>::new(hear);
        target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref()).ok()?;
        Some(Self { target: target.clone(), name, closure })
    }

    /// Listens to the window.
    pub fn on_window(name: &'static str, hear: impl Fn() + 'static) -> Option<Self> {
        Self::new(web_sys::window()?.as_ref(), name, move |_| hear())
    }

    /// Listens to whatever happens on the page.
    pub fn on_document(name: &'static str, hear: impl Fn(web_sys::Event) + 'static) -> Option<Self> {
        Self::new(super::document()?.as_ref(), name, hear)
    }

    /// Listens to the page being hidden and shown.
    pub fn on_visibility(hear: impl Fn() + 'static) -> Option<Self> {
        Self::new(super::document()?.as_ref(), "visibilitychange", move |_| hear())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let callback = self.closure.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback(self.name, callback);
    }
}
