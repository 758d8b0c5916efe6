//! The class, student by student, kept as live as the figures: fetched when somebody looks, and again after each change
//! while they do.

use std::collections::BTreeMap;
use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::Page;
use crate::api::Millis;
use crate::api::class::{ClassGrid, GridRow, class_grid, student_names};
use crate::browser::polling::keep_on;
use crate::browser::{is_visible, time};
use crate::state::refresh::Refresh;

/// How often it is seen whether what failed may be asked again.
const AGAIN: Duration = Duration::from_secs(1);

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
    let asking = Asking { page, refresh: StoredValue::new(Refresh::default()) };
    let (looking, class) = (page.looking, page.class);
    // Whatever changes a figure changes one of these.
    let state = Memo::new(move |_| {
        page.results
            .with(|r| r.as_ref().map(|r| (r.freshness.landed, r.participation, r.attempts, r.as_of, r.rulings.clone())))
    });
    Effect::new(move || {
        looking.view.track();
        state.track();
        // What could not be fetched while the server was lost is fetched when it is back.
        page.connection.track();
        if class.wanted.get() {
            asking.ask_if(Refresh::changed);
        }
    });
    let turned = move || asking.ask_if(|refresh, now| refresh.shown(is_visible(), now));
    turned();
    keep_on(AGAIN, move || asking.ask_if(Refresh::waited), turned);
}

/// The questions for the grid, one at a time. Copies are the same.
#[derive(Clone, Copy)]
struct Asking {
    page: Page,
    refresh: StoredValue<Refresh>,
}

impl Asking {
    fn ask_if(self, wanted: impl FnOnce(&mut Refresh, Millis) -> bool) {
        if self.refresh.try_update_value(|refresh| wanted(refresh, time::now())).unwrap_or(false) {
            spawn_local(self.ask());
        }
    }

    async fn ask(self) {
        let view = self.page.looking.view.get_untracked();
        let answer = class_grid(view.assignment, Some(view.attempts), view.as_of).await;
        if self.refresh.try_get_value().is_none() {
            return; // The page has been left.
        }
        let class = self.page.class;
        match answer {
            Ok(grid) => {
                // What something else was looked at for, meanwhile, is asked for next.
                if view == self.page.looking.view.get_untracked() {
                    class.problem.set(None);
                    class.grid.set(Some(grid));
                }
                self.ask_if(Refresh::answered);
            }
            Err(error) => {
                class.problem.set(Some(format!("The students cannot be shown: {error}.")));
                if error.is_passing() {
                    self.refresh.update_value(|refresh| refresh.failed(time::now()));
                } else {
                    // Not before something changes.
                    self.ask_if(Refresh::answered);
                }
            }
        }
    }
}
