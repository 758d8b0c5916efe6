//! This browser's clocks and time zone.

use std::cell::Cell;

use js_sys::Date;

use crate::api::Millis;
use crate::state::clock::Waking;
use crate::state::freshness::Clock;
use crate::state::words;

thread_local! {
    static WAKING: Cell<Option<Waking>> = const { Cell::new(None) };
}

/// How the freshness line writes instants.
pub const CLOCK: Clock = Clock { second: dated_clock, minute: dated_hour_minute };

/// The time that people have set on this device: for dates alone. For the server's time see `state::clock`.
#[must_use]
pub fn now() -> Millis {
    Date::now() as Millis
}

/// A clock that nobody can set, for what lasts a moment. It may stand still while the device sleeps.
#[must_use]
pub fn steady() -> Millis {
    let performance = web_sys::window().and_then(|window| window.performance());
    performance.map_or_else(now, |performance| performance.now() as Millis)
}

/// A clock that never goes back and counts the device's sleep, for ages, silence and pauses.
#[must_use]
pub fn waking() -> Millis {
    let (steady, wall) = (steady() as f64, now() as f64);
    let mut clock = WAKING.get().unwrap_or(Waking::new(steady, wall));
    let told = clock.at(steady, wall);
    WAKING.set(Some(clock));
    told
}

/// `10:41:07`, in this browser's time zone.
#[must_use]
pub fn clock(at: Millis) -> String {
    let date = date_of(at);
    format!("{:02}:{:02}:{:02}", date.get_hours(), date.get_minutes(), date.get_seconds())
}

/// `2026-01-31 10:41:07`, in this browser's time zone.
#[must_use]
pub fn dated(at: Millis) -> String {
    format!("{} {}", date(at), clock(at))
}

/// `10:41`, in this browser's time zone.
#[must_use]
pub fn hour_minute(at: Millis) -> String {
    let date = date_of(at);
    format!("{:02}:{:02}", date.get_hours(), date.get_minutes())
}

/// `10:41:07`, with the date before it where that is not today.
#[must_use]
pub fn dated_clock(at: Millis) -> String {
    words::dated(&date(at), &clock(at), &today())
}

/// `10:41`, with the date before it where that is not today.
#[must_use]
pub fn dated_hour_minute(at: Millis) -> String {
    words::dated(&date(at), &hour_minute(at), &today())
}

/// `10:41 to 11:20`, with the dates where they are not both today; one that is the same for both stands once.
#[must_use]
pub fn span(from: Millis, to: Millis) -> String {
    words::span((&date(from), &hour_minute(from)), (&date(to), &hour_minute(to)), &today())
}

/// `2026-01-31`, in this browser's time zone.
#[must_use]
pub fn date(at: Millis) -> String {
    let date = date_of(at);
    format!("{}-{:02}-{:02}", date.get_full_year(), date.get_month() + 1, date.get_date())
}

fn today() -> String {
    date(now())
}

fn date_of(at: Millis) -> Date {
    Date::new(&wasm_bindgen::JsValue::from_f64(at as f64))
}
