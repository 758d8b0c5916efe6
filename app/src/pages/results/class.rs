//! The class, student by student, kept as live as the figures: fetched when somebody looks, and again after each change
//! while they do.

use std::collections::BTreeMap;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::Page;
use crate::api::class::{ClassGrid, GridRow, class_grid, student_names};
use crate::browser::time;
use crate::state::refresh::Refresh;

/// Names by pseudonym; absent: hidden.
pub(crate) type Names = Option<BTreeMap<String, String>>;

/// The students, as far as anybody has asked for them. Copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Class {
    /// Rows and columns.
    pub grid: RwSignal<Option<ClassGrid>>,
    /// What the students are called.
    pub names: RwSignal<Names>,
    /// Whether anybody looks.
    pub wanted: RwSignal<bool>,
    /// What went wrong.
    pub problem: RwSignal<Option<String>>,
}

impl Class {
    pub fn new() -> Self {
        Self {
            grid: RwSignal::new(None),
            names: RwSignal::new(None),
            wanted: RwSignal::new(false),
            problem: RwSignal::new(None),
        }
    }

    /// Shows names, or hides them; they are fetched each time that they are to be shown.
    pub fn toggle_names(self, assignment: i64) {
        if self.names.with_untracked(Option::is_some) {
            return self.names.set(None);
        }
        spawn_local(async move {
            match student_names(assignment).await {
                Ok(names) => {
                    let names = names.into_iter().map(|name| (name.student, name.name)).collect();
                    self.names.try_set(Some(names));
                }
                Err(error) => {
                    self.problem.try_set(Some(format!("The names cannot be shown: {error}.")));
                }
            }
        });
    }
}

/// What a student is called on the page.
pub(crate) fn label(row: &GridRow, names: &Names) -> String {
    called(&row.student, row.number, names)
}

/// The name where names are shown, else the number.
pub(crate) fn called(student: &str, number: Option<i64>, names: &Names) -> String {
    let name = names.as_ref().and_then(|names| names.get(student)).cloned();
    name.unwrap_or_else(|| number.map_or_else(|| "Not on the list".to_owned(), |number| format!("Student {number}")))
}

/// Keeps the grid as the figures are.
pub(super) fn follow(page: Page) {
    let refresh = StoredValue::new(Refresh::default());
    let (looking, class) = (page.looking, page.class);
    // Whatever changes a figure changes one of these.
    let state = Memo::new(move |_| {
        page.results
            .with(|r| r.as_ref().map(|r| (r.freshness.landed, r.participation, r.attempts, r.as_of, r.rulings.clone())))
    });
    let ask = move |wanted: fn(&mut Refresh, i64) -> bool| {
        if refresh.try_update_value(|refresh| wanted(refresh, time::now())).unwrap_or(false) {
            spawn_local(fetch(page, refresh));
        }
    };
    Effect::new(move || {
        looking.view.track();
        state.track();
        // What could not be fetched while the server was lost is fetched when it is back.
        page.connection.track();
        if class.wanted.get() {
            ask(Refresh::changed);
        }
    });
}

async fn fetch(page: Page, refresh: StoredValue<Refresh>) {
    loop {
        let view = page.looking.view.get_untracked();
        let answer = class_grid(view.assignment, Some(view.attempts), view.as_of).await;
        let is_failure = answer.is_err();
        match answer {
            Ok(grid) => {
                page.class.problem.try_set(None);
                page.class.grid.try_set(Some(grid));
            }
            Err(error) => {
                page.class.problem.try_set(Some(format!("The students cannot be shown: {error}.")));
            }
        }
        let again = refresh.try_update_value(|refresh| {
            if is_failure {
                // The next change asks again; the page's own line says that the server is lost.
                *refresh = Refresh::default();
                return false;
            }
            refresh.answered(time::now())
        });
        if again != Some(true) {
            return;
        }
    }
}
