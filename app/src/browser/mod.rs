//! The browser's own services, each behind a few functions: HTTP, storage, time, events, and the outbox made of them.
//! Nothing here knows a page.

pub mod asking;
pub mod events;
pub mod guard;
pub mod http;
pub mod live;
pub mod outbox;
pub mod png;
pub mod storage;
pub mod time;
pub mod transport;

use wasm_bindgen::JsCast;

use crate::charts::theme::Theme;

/// Takes away what the page showed before the front end was there.
pub fn remove_splash() {
    if let Some(splash) = document().and_then(|document| document.get_element_by_id("splash")) {
        splash.remove();
    }
}

/// The chart colours as the style sheet has them now; the reader's own where the reader has chosen colours.
#[must_use]
pub fn theme() -> Theme {
    if matches("print") {
        return Theme::LIGHT; // Paper is white.
    }
    if matches("(forced-colors: active)") {
        return forced_theme();
    }
    let style = document()
        .and_then(|document| document.document_element())
        .and_then(|root| web_sys::window()?.get_computed_style(&root).ok()?);
    Theme::from_tokens(|token| style.as_ref()?.get_property_value(token).ok())
}

/// The system's colours, worked out by the browser on an element of their own.
fn forced_theme() -> Theme {
    let probe = document().and_then(|document| {
        let probe = document.create_element("i").ok()?;
        document.body()?.append_child(&probe).ok()?;
        probe.dyn_into::<web_sys::HtmlElement>().ok()
    });
    let Some(probe) = probe else { return Theme::LIGHT };
    let color = |name: &str| {
        probe.style().set_property("color", name).ok()?;
        web_sys::window()?.get_computed_style(&probe).ok()??.get_property_value("color").ok()
    };
    let theme = Theme::from_tokens(|token| {
        color(match token {
            "--card" | "--line-2" | "--accent-soft" => "Canvas",
            "--accent" | "--good-fill" => "Highlight",
            "--idle-fill" => "GrayText",
            _ => "CanvasText",
        })
    });
    probe.remove();
    theme
}

/// Whether the reader asked for less motion.
#[must_use]
pub fn wants_less_motion() -> bool {
    matches("(prefers-reduced-motion: reduce)")
}

fn matches(query: &str) -> bool {
    web_sys::window().and_then(|window| window.match_media(query).ok()?).is_some_and(|query| query.matches())
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
    let encoded: String = js_sys::encode_uri_component(text).into();
    offer(name, &format!("data:application/json;charset=utf-8,{encoded}"));
}

/// Asks the server for the page that the address names.
pub fn reload() {
    if let Some(window) = web_sys::window() {
        // Where nothing can be loaded, the page stays.
        let _ = window.location().reload();
    }
}

/// Leaves for a page of this server; nothing of this one stays in memory.
pub fn leave_for(address: &str) {
    if let Some(window) = web_sys::window() {
        let _ = window.location().assign(address);
    }
}

/// Whether nothing on the page has the focus.
#[must_use]
pub fn has_no_focus() -> bool {
    document().is_some_and(|document| {
        document.active_element().is_none_or(|element| document.body().is_some_and(|body| *body == element))
    })
}

/// Opens the browser's own way to paper.
pub fn print() {
    if let Some(window) = web_sys::window() {
        // Where nothing can be printed, nothing happens.
        let _ = window.print();
    }
}

/// Shows the page on the whole screen, or in its window again.
pub fn toggle_full_screen() {
    let Some(document) = document() else { return };
    if document.fullscreen_element().is_some() {
        document.exit_fullscreen();
    } else if let Some(root) = document.document_element() {
        // Where a browser does not offer it, the page stays as it is.
        let _ = root.request_fullscreen();
    }
}

/// The height of what can be seen of the page, in CSS pixels.
#[must_use]
pub fn visible_height() -> f64 {
    web_sys::window().and_then(|window| window.inner_height().ok()?.as_f64()).unwrap_or_default()
}

/// Offers what lies at an address as a file.
fn offer(name: &str, address: &str) {
    let link = document().and_then(|document| document.create_element("a").ok());
    let Some(link) = link else { return };
    let _ = link.set_attribute("href", address);
    let _ = link.set_attribute("download", name);
    if let Ok(link) = link.dyn_into::<web_sys::HtmlElement>() {
        link.click();
    }
}

fn document() -> Option<web_sys::Document> {
    web_sys::window()?.document()
}
