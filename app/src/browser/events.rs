//! Listening to the window, the page and whatever else has events.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::EventTarget;

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
