//! What the program tells `public/guard.js`, which watches over the page from outside it: the words are that file's.

/// The event that says that an answer could not be read.
const UNREADABLE: &str = "freshmark-unreadable";
/// Says on the page's root that something on it would be lost by a reload.
const UNSAVED: &str = "data-unsaved";

/// An answer came that this program cannot read, or the server was away for a while: it may have been updated, and the
/// guard looks whether it was.
pub fn look_for_update() {
    let Some(window) = web_sys::window() else { return };
    if let Ok(event) = web_sys::Event::new(UNREADABLE) {
        // Nobody can refuse it.
        let _ = window.dispatch_event(&event);
    }
}

/// Says whether something lives on this page alone, so that it is not reloaded by itself.
pub fn has_unsaved(unsaved: bool) {
    let Some(root) = super::document().and_then(|document| document.document_element()) else { return };
    let _ = if unsaved { root.set_attribute(UNSAVED, "") } else { root.remove_attribute(UNSAVED) };
}
