//! Work that is done again and again for as long as somebody looks.

use std::time::Duration;

use leptos::prelude::*;

use super::events::Listener;
use super::{is_visible, time};
use crate::api::Millis;

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

/// A question that is asked again and again: not while nobody looks, and not before it has been answered. Copies are the
/// same.
#[derive(Clone, Copy)]
pub struct Polling {
    asked_at: StoredValue<Option<Millis>>,
    patience: Millis,
}

impl Polling {
    /// What has not been answered for `patience` milliseconds is asked again.
    #[must_use]
    pub fn new(patience: Millis) -> Self {
        Self { asked_at: StoredValue::new(None), patience }
    }

    /// Whether to ask now.
    #[must_use]
    pub fn is_due(self) -> bool {
        let waits = |asked: Option<Millis>| asked.is_some_and(|at| time::now() - at < self.patience);
        is_visible() && !self.asked_at.try_get_value().is_none_or(waits)
    }

    /// Notes that it is asked now.
    pub fn asked(self) {
        self.asked_at.set_value(Some(time::now()));
    }

    /// Notes that it was answered. Returns whether the owner is there to hear it.
    #[must_use]
    pub fn answered(self) -> bool {
        self.asked_at.try_set_value(None).is_none()
    }
}
