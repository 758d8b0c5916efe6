//! The students of the class, as far as anybody has asked for them, and whether their names are shown.
//!
//! Owns what a student is called on a page. Does not own when the grid is asked for (`live` does), nor a view.

use std::collections::BTreeMap;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::api::class::{ClassGrid, GridRow};
use crate::api::functions::student_names;
use crate::browser::transport::within;

/// The assignment whose names are shown, for as long as this page of the browser lives: who opens a student and comes back
/// need not ask again. Copies are the same.
#[derive(Clone, Copy)]
pub struct NamesShown(RwSignal<Option<i64>>);

impl NamesShown {
    /// Of none.
    #[must_use]
    pub fn of_none() -> Self {
        Self(RwSignal::new(None))
    }
}

/// Names by pseudonym; absent: hidden.
pub(crate) type Names = Option<BTreeMap<String, String>>;

/// The students, as far as anybody has asked for them. Copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Students {
    shown: NamesShown,
    /// Rows and columns.
    pub grid: RwSignal<Option<ClassGrid>>,
    /// What the students are called.
    pub names: RwSignal<Names>,
    /// Whether anybody looks.
    pub wanted: RwSignal<bool>,
    /// What went wrong.
    pub problem: RwSignal<Option<String>>,
}

impl Students {
    pub fn new() -> Self {
        Self {
            shown: expect_context(),
            grid: RwSignal::new(None),
            names: RwSignal::new(None),
            wanted: RwSignal::new(false),
            problem: RwSignal::new(None),
        }
    }

    /// Shows names, if they were shown when a page of the assignment was left.
    pub fn remember_names(self, assignment: i64) {
        if self.wants_names(assignment) {
            self.fetch_names(assignment);
        }
    }

    /// Whether names are shown, or will be as soon as they are there.
    pub fn shows_names(self, assignment: i64) -> bool {
        self.shown.0.get() == Some(assignment)
    }

    fn wants_names(self, assignment: i64) -> bool {
        self.shown.0.get_untracked() == Some(assignment)
    }

    /// Shows names, or hides them; they are fetched each time that they are to be shown.
    pub fn toggle_names(self, assignment: i64) {
        if self.wants_names(assignment) {
            self.shown.0.set(None);
            return self.names.set(None);
        }
        self.shown.0.set(Some(assignment));
        self.fetch_names(assignment);
    }

    fn fetch_names(self, assignment: i64) {
        spawn_local(async move {
            let answer = within(student_names(assignment)).await;
            // Nothing where the page has been left, or the names have been hidden meanwhile.
            if self.names.try_get_untracked().is_none() || !self.wants_names(assignment) {
                return;
            }
            match answer {
                Ok(names) => {
                    let names = names.into_iter().map(|name| (name.student, name.name)).collect();
                    self.names.set(Some(names));
                }
                Err(error) => {
                    self.shown.0.set(None);
                    self.problem.set(Some(format!("The names cannot be shown: {error}. Try again.")));
                }
            }
        });
    }
}

/// What a student is called on the page.
pub(crate) fn label(row: &GridRow, names: &Names) -> String {
    called(&row.student, row.number, names)
}

/// The name, where names are shown.
pub(crate) fn name_of(student: &str, names: &Names) -> Option<String> {
    names.as_ref()?.get(student).cloned()
}

/// The name where names are shown, else the number.
pub(crate) fn called(student: &str, number: Option<i64>, names: &Names) -> String {
    name_of(student, names)
        .unwrap_or_else(|| number.map_or_else(|| "Not on the list".to_owned(), |number| format!("Student {number}")))
}
