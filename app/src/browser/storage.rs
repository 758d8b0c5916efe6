//! `localStorage`, where an attempt is kept until the server has acknowledged it. A browser that offers none (private
//! mode, full disk) is told apart, so that a page can say so; there an attempt lives as long as the page does.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use web_sys::Storage;

use crate::api::Millis;
use crate::state::attempt::{Attempt, outlived};

const ATTEMPT: &str = "freshmark.attempt.";

thread_local! {
    /// What the browser did not take.
    static NOT_TAKEN: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) };
}

/// The attempt of that name, if this device has it.
#[must_use]
pub fn load_attempt(id: &str) -> Option<Attempt> {
    get(&key(id))
}

/// Keeps an attempt. Returns whether it outlives the page.
pub fn save_attempt(attempt: &Attempt) -> bool {
    set(&key(&attempt.joined.attempt), &attempt.to_keep())
}

/// Every attempt on this device.
#[must_use]
pub fn attempts() -> Vec<Attempt> {
    keys().iter().filter(|key| key.starts_with(ATTEMPT)).filter_map(|key| get(key)).collect()
}

/// The attempt that was begun last, of those that have not been handed in.
#[must_use]
pub fn unfinished_attempt() -> Option<Attempt> {
    attempts().into_iter().filter(Attempt::is_unfinished).max_by_key(|attempt| attempt.begun_at)
}

/// Forgets the attempts that nobody needs any longer.
pub fn forget_outlived(now: Millis) {
    for id in outlived(&attempts(), now) {
        remove(&key(&id));
    }
}

fn key(id: &str) -> String {
    format!("{ATTEMPT}{id}")
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

fn keys() -> Vec<String> {
    let mut keys: Vec<String> = NOT_TAKEN.with_borrow(|kept| kept.keys().cloned().collect());
    if let Some(storage) = storage() {
        let count = storage.length().unwrap_or(0);
        let taken = (0..count).filter_map(|place| storage.key(place).ok()?);
        keys.extend(taken.filter(|key| !is_not_taken(key)));
    }
    keys
}

fn is_not_taken(key: &str) -> bool {
    NOT_TAKEN.with_borrow(|kept| kept.contains_key(key))
}

fn get<T: DeserializeOwned>(key: &str) -> Option<T> {
    let not_taken = NOT_TAKEN.with_borrow(|kept| kept.get(key).cloned());
    let text = not_taken.or_else(|| storage()?.get_item(key).ok()?)?;
    serde_json::from_str(&text).ok()
}

fn set<T: Serialize>(key: &str, value: &T) -> bool {
    let Ok(text) = serde_json::to_string(value) else { return false };
    let taken = storage().is_some_and(|storage| storage.set_item(key, &text).is_ok());
    NOT_TAKEN.with_borrow_mut(|kept| match taken {
        true => kept.remove(key),
        false => kept.insert(key.to_owned(), text),
    });
    taken
}

fn remove(key: &str) {
    NOT_TAKEN.with_borrow_mut(|kept| kept.remove(key));
    if let Some(storage) = storage() {
        // What cannot be removed could not have been written.
        let _ = storage.remove_item(key);
    }
}
