//! This browser's clock and time zone.

use js_sys::Date;

use crate::api::Millis;

/// This browser's time. For the server's see `state::clock`.
#[must_use]
pub fn now() -> Millis {
    Date::now() as Millis
}

/// `10:41:07`, in this browser's time zone.
#[must_use]
pub fn clock(at: Millis) -> String {
    let date = date_of(at);
    format!("{:02}:{:02}:{:02}", date.get_hours(), date.get_minutes(), date.get_seconds())
}

/// `10:41`, in this browser's time zone.
#[must_use]
pub fn hour_minute(at: Millis) -> String {
    let date = date_of(at);
    format!("{:02}:{:02}", date.get_hours(), date.get_minutes())
}

/// `2026-01-31`, in this browser's time zone.
#[must_use]
pub fn date(at: Millis) -> String {
    let date = date_of(at);
    format!("{}-{:02}-{:02}", date.get_full_year(), date.get_month() + 1, date.get_date())
}

fn date_of(at: Millis) -> Date {
    Date::new(&wasm_bindgen::JsValue::from_f64(at as f64))
}
