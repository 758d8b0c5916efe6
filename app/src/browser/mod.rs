//! The browser's own services, each behind a few functions: HTTP, storage, time, events, and the outbox made of them.
//! Nothing here knows a page.

pub mod events;
pub mod http;
pub mod outbox;
pub mod storage;
pub mod time;

use crate::charts::theme::Theme;

/// Takes away what the page showed before the front end was there.
pub fn remove_splash() {
    if let Some(splash) = document().and_then(|document| document.get_element_by_id("splash")) {
        splash.remove();
    }
}

/// The chart colours as the style sheet has them now.
#[must_use]
pub fn theme() -> Theme {
    let style = document()
        .and_then(|document| document.document_element())
        .and_then(|root| web_sys::window()?.get_computed_style(&root).ok()?);
    Theme::from_tokens(|token| style.as_ref()?.get_property_value(token).ok())
}

/// Whether the reader asked for less motion.
#[must_use]
pub fn wants_less_motion() -> bool {
    web_sys::window()
        .and_then(|window| window.match_media("(prefers-reduced-motion: reduce)").ok()?)
        .is_some_and(|query| query.matches())
}

/// Whether anybody can see the page.
#[must_use]
pub fn is_visible() -> bool {
    document().is_none_or(|document| document.visibility_state() == web_sys::VisibilityState::Visible)
}

/// Gives the tab its title.
pub fn set_title(title: &str) {
    if let Some(document) = document() {
        document.set_title(&format!("{title} · Freshmark"));
    }
}

/// Offers a text as a file.
pub fn download(name: &str, text: &str) {
    let link = document().and_then(|document| document.create_element("a").ok());
    let Some(link) = link else { return };
    let encoded: String = js_sys::encode_uri_component(text).into();
    let _ = link.set_attribute("href", &format!("data:application/json;charset=utf-8,{encoded}"));
    let _ = link.set_attribute("download", name);
    if let Ok(link) = wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(link) {
        link.click();
    }
}

fn document() -> Option<web_sys::Document> {
    web_sys::window()?.document()
}
