//! Sends every submission that this device holds until it is acknowledged: when the front end starts, when one is
//! handed in, when the network comes back, and in between with growing pauses. No round begins before the server wishes.
//!
//! Owns the sending, one round at a time, and what became of each submission. Does not own the attempt that a page
//! shows: a page hears of its own by [`Outbox::news`]. Works on any page, so that a submission is not left behind when
//! the device begins another attempt.

use std::collections::BTreeMap;
use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::events::Listener;
use super::{http, storage, time, transport};
use crate::api::Millis;
use crate::api::attempts::Receipt;
use crate::state::attempt::Attempt;
use crate::state::outbox::retry_after_ms;
use crate::state::refresh::Wish;

/// What has not been answered for so long waits, as far as whoever looks at it is concerned.
const WAITS_AFTER: Duration = Duration::from_secs(5);

/// What became of a submission since the front end was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Not reached the server yet; it is tried again.
    Waiting,
    /// The server will not have it; the reason.
    Refused(String),
    /// The server has it.
    Arrived(Receipt),
}

/// The device's outbox. Copies are the same.
#[derive(Clone, Copy)]
pub struct Outbox {
    news: RwSignal<BTreeMap<String, News>>,
    sending: StoredValue<bool>,
    /// Whether there is a reason for another round as soon as this one is over.
    again: StoredValue<bool>,
    tries: StoredValue<u32>,
    /// What the server wishes before the next try.
    wish: StoredValue<Wish>,
    pause: StoredValue<Option<TimeoutHandle>>,
}

impl Outbox {
    /// Sends what was left from the last time, and goes on for as long as the front end is open.
    #[must_use]
    pub fn start() -> Self {
        let outbox = Self {
            news: RwSignal::new(BTreeMap::new()),
            sending: StoredValue::new(false),
            again: StoredValue::new(false),
            tries: StoredValue::new(0),
            wish: StoredValue::new(Wish::default()),
            pause: StoredValue::new(None),
        };
        outbox.send();
        let online = StoredValue::new_local(Listener::on_window("online", move || outbox.send()));
        on_cleanup(move || online.dispose());
        outbox
    }

    /// The device's outbox.
    #[must_use]
    pub fn get() -> Self {
        expect_context()
    }

    /// What became of one submission.
    #[must_use]
    pub fn news(self, attempt: &str) -> Option<News> {
        self.news.with(|news| news.get(attempt).cloned())
    }

    /// What became of all of them.
    #[must_use]
    pub fn all_news(self) -> Vec<(String, News)> {
        self.news.with(|news| news.iter().map(|(id, news)| (id.clone(), news.clone())).collect())
    }

    /// Sends one that was refused again.
    pub fn send_again(self, attempt: &str) {
        self.news.update(|news| {
            news.remove(attempt);
        });
        self.send();
    }

    /// Starts a round: now, or when the server wishes, or after the one that is under way.
    pub fn send(self) {
        if self.sending.get_value() {
            self.again.set_value(true);
            return;
        }
        self.rest();
        if self.wish_left().is_some() {
            self.sort_out().iter().for_each(|attempt| self.say_that_it_waits(&attempt.joined.attempt));
            return self.wait(0);
        }
        self.sending.set_value(true);
        spawn_local(self.round());
    }

    /// Takes in what need not be sent any more, and returns what is sent in a round.
    fn sort_out(self) -> Vec<Attempt> {
        let (mut pending, others): (Vec<Attempt>, Vec<Attempt>) =
            storage::attempts().into_iter().partition(Attempt::is_pending);
        self.take_in(others);
        let is_refused = |news: Option<&News>| matches!(news, Some(News::Refused(_)));
        pending.retain(|attempt| self.news.with_untracked(|news| !is_refused(news.get(&attempt.joined.attempt))));
        pending
    }

    async fn round(self) {
        let pending = self.sort_out();
        for attempt in &pending {
            let id = attempt.joined.attempt.clone();
            // Also for one whose turn comes later.
            set_timeout(move || self.say_that_it_waits(&id), WAITS_AFTER);
        }
        let mut some_wait = false;
        for attempt in pending {
            let id = attempt.joined.attempt.clone();
            let news = self.try_once(attempt).await;
            some_wait |= news == News::Waiting;
            self.news.update(|all| {
                all.insert(id, news);
            });
        }
        // By its own clock a device might forget what it has just begun.
        if let Some(now) = transport::server_time() {
            storage::forget_outlived(now);
        }
        self.sending.set_value(false);
        let again = self.again.try_update_value(std::mem::take).unwrap_or(false);
        match (again, some_wait) {
            (true, _) => self.send(),
            (false, true) => {
                let tries = self.tries.get_value();
                self.tries.set_value(tries.saturating_add(1));
                self.wait(tries);
            }
            (false, false) => self.tries.set_value(0),
        }
    }

    /// Says so, unless something is known of it.
    fn say_that_it_waits(self, attempt: &str) {
        if self.news.with_untracked(|news| !news.contains_key(attempt)) {
            self.news.update(|news| {
                news.insert(attempt.to_owned(), News::Waiting);
            });
        }
    }

    async fn try_once(self, mut attempt: Attempt) -> News {
        match http::submit(&attempt.joined, &attempt.submission()).await {
            Ok(receipt) => {
                attempt.receipt = Some(receipt.clone());
                storage::save_attempt(&attempt);
                News::Arrived(receipt)
            }
            Err(error) if error.is_passing() => {
                self.wish.update_value(|wish| wish.heard(error.retry_after_ms(), time::waking()));
                News::Waiting
            }
            Err(error) => News::Refused(error.to_string()),
        }
    }

    /// What waited here and has a receipt now was sent by another tab.
    fn take_in(self, kept: Vec<Attempt>) {
        for Attempt { joined, receipt, .. } in kept {
            let waited = |news: &BTreeMap<String, News>| {
                matches!(news.get(&joined.attempt), Some(News::Waiting | News::Refused(_)))
            };
            let Some(receipt) = receipt.filter(|_| self.news.with_untracked(waited)) else { continue };
            self.news.update(|news| {
                news.insert(joined.attempt, News::Arrived(receipt));
            });
        }
    }

    fn wish_left(self) -> Option<Millis> {
        self.wish.get_value().left(time::waking())
    }

    /// Sends after a pause, as after so many tries.
    fn wait(self, tries: u32) {
        let pause = retry_after_ms(tries, js_sys::Math::random(), self.wish_left());
        let pause = Duration::from_millis(u64::from(pause));
        self.pause.set_value(set_timeout_with_handle(move || self.send(), pause).ok());
    }

    fn rest(self) {
        if let Some(pause) = self.pause.try_update_value(Option::take).flatten() {
            pause.clear();
        }
    }
}
