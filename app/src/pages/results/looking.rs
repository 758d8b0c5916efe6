//! What the page looks at, wired to its address.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::api::results::View;
use crate::charts::model::Order;
use crate::state::looking::Looking;

/// The view, and how to change it. Copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Address {
    /// All of it.
    pub now: Memo<Looking>,
    /// What the server is asked for.
    pub view: Memo<View>,
    /// The number of the selected question; absent: the first.
    pub question: Memo<Option<i64>>,
    /// How the questions stand.
    pub order: Memo<Order>,
    go: Callback<Looking>,
}

impl Address {
    /// Of the page at `path`, such as `/results/7`.
    pub fn of(path: String, assignment: i64) -> Self {
        let (query, navigate) = (use_query_map(), use_navigate());
        let now = Memo::new(move |_| query.with(|query| Looking::read(|name| query.get(name))));
        let view = Memo::new(move |_| {
            let Looking { attempts, as_of, .. } = now.get();
            View { assignment, attempts, as_of }
        });
        let go = Callback::new(move |to: Looking| {
            let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
            navigate(&format!("{path}{}", to.query()), options);
        });
        let question = Memo::new(move |_| now.get().question);
        let order = Memo::new(move |_| now.get().order);
        Self { now, view, question, order, go }
    }

    /// Looks at something else; the rest stays.
    pub fn change(self, change: impl FnOnce(&mut Looking)) {
        let mut to = self.now.get_untracked();
        change(&mut to);
        self.go.run(to);
    }
}
