//! What the page looks at, wired to its address.

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::api::Millis;
use crate::api::results::View;
use crate::browser::time;
use crate::state::looking::Looking;
use crate::state::looking::Order;

/// The address is written so often at most, in milliseconds. Safari refuses more than a hundred times in half a minute,
/// and a slider that is dragged passes more stops than that.
const PAUSE_MS: Millis = 400;

/// The view, and how to change it. Copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Address {
    /// All of it.
    pub now: Memo<Looking>,
    /// What the server is asked for.
    pub view: Memo<View>,
    /// How the questions stand.
    pub order: Memo<Order>,
    wanted: RwSignal<Looking>,
    write: Callback<Looking>,
    written_at: StoredValue<Millis>,
    /// Whether the address is behind what is looked at, and will be written.
    is_behind: StoredValue<bool>,
}

impl Address {
    /// Of the page at `path`, such as `/results/7`.
    pub fn of(path: String, assignment: i64) -> Self {
        let (query, navigate) = (use_query_map(), use_navigate());
        let there = Memo::new(move |_| query.with(|query| Looking::read(|name| query.get(name))));
        let wanted = RwSignal::new(there.get_untracked());
        let is_behind = StoredValue::new(false);
        // Back, forward, and links change the address from outside.
        Effect::new(move || {
            let there = there.get();
            if !is_behind.get_value() {
                wanted.set(there);
            }
        });
        let now = Memo::new(move |_| wanted.get());
        let view = Memo::new(move |_| {
            let Looking { attempts, as_of, .. } = now.get();
            View { assignment, attempts, as_of }
        });
        let write = Callback::new(move |to: Looking| {
            let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
            navigate(&format!("{path}{}", to.query()), options);
        });
        let order = Memo::new(move |_| now.get().order);
        Self { now, view, order, wanted, write, written_at: StoredValue::new(0), is_behind }
    }

    /// Looks at something else; the rest stays.
    pub fn change(self, change: impl FnOnce(&mut Looking)) {
        self.wanted.update(change);
        self.is_behind.set_value(false);
        self.write();
    }

    /// The same, for what somebody drags: the page follows at once, its address a moment later.
    pub fn slide(self, change: impl FnOnce(&mut Looking)) {
        self.wanted.update(change);
        if self.is_behind.get_value() {
            return; // It is written with what comes next.
        }
        let pause = self.written_at.get_value() + PAUSE_MS - time::steady();
        let Some(pause) = u64::try_from(pause).ok().filter(|pause| *pause > 0) else { return self.write() };
        self.is_behind.set_value(true);
        set_timeout(
            move || {
                // Not where the page has been left, nor where something else has been written since.
                if self.is_behind.try_update_value(std::mem::take).unwrap_or(false) {
                    self.write();
                }
            },
            Duration::from_millis(pause),
        );
    }

    fn write(self) {
        self.written_at.set_value(time::steady());
        self.write.run(self.wanted.get_untracked());
    }
}
