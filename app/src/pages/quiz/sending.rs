//! Sends a submission until it is acknowledged: at once, after a reload, when the network comes back, and in between
//! with growing pauses.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::Taking;
use crate::browser::events::Listener;
use crate::browser::http;
use crate::state::attempt::retry_after_ms;

/// Sends whenever there is something to send, for as long as the page is open.
pub(super) fn keep_sending(taking: Taking) {
    let sender =
        Sender { taking, sending: StoredValue::new(false), tries: StoredValue::new(0), pause: StoredValue::new(None) };
    let pending = Memo::new(move |_| taking.attempt.with(|a| a.is_pending()) && taking.refused.with(Option::is_none));
    Effect::new(move || {
        if pending.get() {
            sender.send();
        }
    });
    let online = StoredValue::new_local(Listener::on_window("online", move || sender.send()));
    on_cleanup(move || {
        online.dispose();
        sender.rest();
    });
}

/// One submission's sender. Copies are the same.
#[derive(Clone, Copy)]
struct Sender {
    taking: Taking,
    sending: StoredValue<bool>,
    tries: StoredValue<u32>,
    pause: StoredValue<Option<TimeoutHandle>>,
}

impl Sender {
    /// One try, unless one is under way: a double click is one submission.
    fn send(self) {
        let pending = self.taking.attempt.with_untracked(|a| a.is_pending());
        if !pending || self.sending.get_value() {
            return;
        }
        self.rest();
        self.sending.set_value(true);
        spawn_local(async move {
            let (joined, submission) = self.taking.attempt.with_untracked(|a| (a.joined.clone(), a.submission()));
            let answer = http::submit(&joined, &submission).await;
            if self.sending.try_set_value(false).is_some() {
                return; // The page has been left; the next one sends again.
            }
            match answer {
                Ok(receipt) => {
                    self.taking.step(|attempt| attempt.receipt = Some(receipt));
                    self.taking.waiting.set(None);
                }
                Err(error) if error.is_passing() => self.wait(&error.to_string()),
                Err(error) => self.taking.refused.set(Some(error.to_string())),
            }
        });
    }

    fn wait(self, why: &str) {
        let tries = self.tries.get_value();
        self.tries.set_value(tries.saturating_add(1));
        self.taking.waiting.set(Some(why.to_owned()));
        let pause = Duration::from_millis(u64::from(retry_after_ms(tries, js_sys::Math::random())));
        self.pause.set_value(set_timeout_with_handle(move || self.send(), pause).ok());
    }

    fn rest(self) {
        if let Some(pause) = self.pause.try_update_value(Option::take).flatten() {
            pause.clear();
        }
    }
}
