//! Whether a part of the page has come into view.

use leptos::html::ElementType;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

/// True from the moment that the element is about to be seen; where a browser cannot tell, at once.
pub fn seen<E>(element: NodeRef<E>) -> Signal<bool>
where
    E: ElementType + 'static,
    E::Output: JsCast + Clone + 'static,
{
    let is_seen = RwSignal::new(false);
    let watching = StoredValue::new_local(None::<Watching>);
    Effect::new(move || {
        let Some(element) = element.get() else { return };
        match Watching::start(element.unchecked_ref::<Element>(), is_seen) {
            Some(started) => watching.set_value(Some(started)),
            None => is_seen.set(true),
        }
    });
    is_seen.into()
}

struct Watching {
    observer: IntersectionObserver,
    _told: Closure<dyn FnMut(js_sys::Array)>,
}

impl Watching {
    fn start(element: &Element, is_seen: RwSignal<bool>) -> Option<Self> {
        let told = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            let mut entries = entries.iter().filter_map(|entry| entry.dyn_into::<IntersectionObserverEntry>().ok());
            if entries.any(|entry| entry.is_intersecting()) {
                is_seen.try_set(true);
            }
        });
        let early = IntersectionObserverInit::new();
        early.set_root_margin("200px");
        let observer = IntersectionObserver::new_with_options(told.as_ref().unchecked_ref(), &early).ok()?;
        observer.observe(element);
        Some(Self { observer, _told: told })
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
