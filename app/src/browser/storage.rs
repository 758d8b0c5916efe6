//! `localStorage`, where an attempt is kept until the server has acknowledged it. A browser that offers none (private
//! mode, full disk) is told apart, so that a page can say so.

use serde::Serialize;
use serde::de::DeserializeOwned;
use web_sys::Storage;

use crate::state::attempt::Attempt;

const LATEST: &str = "freshmark.latest-attempt";

/// The attempt of that name, if this device has it.
#[must_use]
pub fn load_attempt(id: &str) -> Option<Attempt> {
    get(&key(id))
}

/// Keeps an attempt. Returns whether the browser took it.
pub fn save_attempt(attempt: &Attempt) -> bool {
    set(&key(&attempt.joined.attempt), attempt) && set(LATEST, &attempt.joined.attempt)
}

/// The attempt that was begun last, if it has not been acknowledged.
#[must_use]
pub fn unfinished_attempt() -> Option<Attempt> {
    let id: String = get(LATEST)?;
    load_attempt(&id).filter(|attempt| attempt.receipt.is_none())
}

fn key(id: &str) -> String {
    format!("freshmark.attempt.{id}")
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

fn get<T: DeserializeOwned>(key: &str) -> Option<T> {
    serde_json::from_str(&storage()?.get_item(key).ok()??).ok()
}

fn set<T: Serialize>(key: &str, value: &T) -> bool {
    let Some((storage, text)) = storage().zip(serde_json::to_string(value).ok()) else { return false };
    storage.set_item(key, &text).is_ok()
}
