//! `localStorage`, where an attempt is kept until the server has acknowledged it. A browser that offers none (private
//! mode, full disk) is told apart, so that a page can say so; there an attempt lives as long as the page does.
//!
//! All tabs share it. What one of them keeps never takes away what another has handed in.

use std::cell::RefCell;
use std::collections::BTreeMap;

use web_sys::Storage;

use crate::api::Millis;
use crate::state::attempt::Attempt;
use crate::state::outbox::outlived;

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

/// Keeps an attempt, unless what is kept of it does not yield. Returns whether what is kept outlives the page.
pub fn save_attempt(attempt: &Attempt) -> bool {
    let key = key(&attempt.joined.attempt);
    let offered = attempt.to_keep();
    let stays = get(&key).filter(|kept| !kept.yields_to(&offered));
    set(&key, &stays.unwrap_or(offered))
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

/// Forgets the attempts that nobody needs any longer at `now`, which is the server's time.
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

/// What this page could not have kept is newer than what the browser has, unless another tab has handed in meanwhile.
fn get(key: &str) -> Option<Attempt> {
    let taken = storage().and_then(|storage| storage.get_item(key).ok()?);
    let not_taken = NOT_TAKEN.with_borrow(|kept| kept.get(key).cloned());
    let copies = [taken, not_taken].into_iter().flatten().filter_map(|text| Attempt::read(&text));
    copies.reduce(|taken, not_taken| if taken.yields_to(&not_taken) { not_taken } else { taken })
}

fn set(key: &str, attempt: &Attempt) -> bool {
    let Some(text) = attempt.written() else { return false };
    let taken = storage().is_some_and(|storage| storage.set_item(key, &text).is_ok());
    NOT_TAKEN.with_borrow_mut(|kept| match taken {
        true => kept.remove(key),
        false => kept.insert(key.to_owned(), text),
    });
    tell_guard();
    taken
}

fn remove(key: &str) {
    NOT_TAKEN.with_borrow_mut(|kept| kept.remove(key));
    if let Some(storage) = storage() {
        // What cannot be removed could not have been written.
        let _ = storage.remove_item(key);
    }
    tell_guard();
}

/// Of what the browser did not take, only a record without a receipt would be lost by a reload.
fn tell_guard() {
    let is_unsaved = |text: &String| Attempt::read(text).is_some_and(|attempt| attempt.receipt.is_none());
    super::guard::has_unsaved(NOT_TAKEN.with_borrow(|kept| kept.values().any(is_unsaved)));
}
