//! Questions that are asked again until there is an answer, and whenever something has changed.
//!
//! Owns the one way in which pages ask again: never while nobody looks, one question at a time, and after a failure with
//! growing pauses or the one that the server wishes. The rule itself is [`Refresh`], which is pure.

use std::pin::Pin;
use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::events::Listener;
use super::{is_visible, time};
use crate::api::{ApiError, Millis};
use crate::state::refresh::Refresh;

/// How often it is seen whether what failed may be asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Calls `tick` every so often, and `turned` each time that the page is hidden or shown, until the owner is gone.
pub fn keep_on(every: Duration, tick: impl Fn() + 'static, turned: impl Fn() + 'static) {
    let ticking = set_interval_with_handle(tick, every);
    let turning = StoredValue::new_local(Listener::on_visibility(turned));
    on_cleanup(move || {
        if let Ok(ticking) = ticking {
            ticking.clear();
        }
        turning.dispose();
    });
}

type Question = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), ApiError>>>>>;

/// A question of a page. Copies are the same; it is asked for as long as its owner is there.
#[derive(Clone, Copy)]
pub struct Asking {
    refresh: StoredValue<Refresh>,
    question: StoredValue<Question, LocalStorage>,
}

impl Asking {
    /// Asks nothing before [`Asking::changed`]. `question` asks, takes in what is answered, unless the page has been left
    /// meanwhile, and says how it ended. An error that may pass is a reason to ask again.
    #[must_use]
    pub fn new<F>(question: impl Fn() -> F + 'static) -> Self
    where
        F: Future<Output = Result<(), ApiError>> + 'static,
    {
        let mut refresh = Refresh::default();
        // The page may have been opened in the background.
        let _ = refresh.shown(is_visible(), time::waking());
        let asking = Self {
            refresh: StoredValue::new(refresh),
            question: StoredValue::new_local(Box::new(move || Box::pin(question()))),
        };
        let turned = move || asking.ask_if(|refresh, now| refresh.shown(is_visible(), now));
        keep_on(AGAIN, move || asking.ask_if(Refresh::waited), turned);
        asking
    }

    /// Asks at once.
    pub fn at_once<F>(question: impl Fn() -> F + 'static) -> Self
    where
        F: Future<Output = Result<(), ApiError>> + 'static,
    {
        let asking = Self::new(question);
        asking.changed();
        asking
    }

    /// There is a reason to ask.
    pub fn changed(self) {
        self.ask_if(Refresh::changed);
    }

    /// Somebody wants an answer now, whatever has failed before.
    pub fn hurry(self) {
        self.ask_if(Refresh::reconnected);
    }

    fn ask_if(self, wanted: impl FnOnce(&mut Refresh, Millis) -> bool) {
        if !self.refresh.try_update_value(|refresh| wanted(refresh, time::waking())).unwrap_or(false) {
            return;
        }
        let Some(answer) = self.question.try_with_value(|question| question()) else { return };
        spawn_local(async move {
            match answer.await {
                Err(error) if error.is_passing() => {
                    let wish = error.retry_after_ms();
                    self.refresh.try_update_value(|refresh| refresh.failed(time::waking(), wish));
                }
                // What is for good is not asked before something changes.
                _ => self.ask_if(Refresh::answered),
            }
        });
    }
}
