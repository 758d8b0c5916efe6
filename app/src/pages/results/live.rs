//! How the results page takes in what it asks and hears. How it follows is `pages::following`.

use leptos::prelude::*;

use super::page::Page;
use crate::api::ApiError;
use crate::api::freshness::Freshness;
use crate::api::functions::{class_grid, class_results};
use crate::api::live::Tick;
use crate::api::results::ClassResults;
use crate::browser::asking::Asking;
use crate::browser::transport::within;
use crate::components::Reach;
use crate::pages::following::Following;
use crate::state::measured::Measured;
use crate::state::session::Session;

/// The moving parts. Copies are the same.
#[derive(Clone, Copy)]
struct Refreshing {
    page: Page,
    session: RwSignal<Session>,
    reach: Reach,
    following: Following,
    /// Over which of the connections the freshness came that is shown.
    shown_over: StoredValue<u32>,
}

/// Keeps `page` live until it is left.
pub(super) fn follow(page: Page) {
    let following = Following::new();
    let refreshing =
        Refreshing { page, session: expect_context(), reach: Reach::get(), following, shown_over: StoredValue::new(0) };
    let asking = Asking::new(move || refreshing.ask());
    // At once, and again whenever something else is looked at.
    Effect::new(move || {
        page.looking.view.track();
        asking.changed();
    });
    following.start(asking, move || vec![page.assignment], move |tick| refreshing.take_in_tick(asking, tick));
}

impl Refreshing {
    fn take_in_tick(self, asking: Asking, tick: &Tick) {
        let Some(newer) = tick.freshness else { return };
        if self.page.looking.view.get_untracked().as_of.is_some() {
            return; // The past does not change.
        }
        let shown = self.page.results.with_untracked(|results| results.as_ref().map(|r| r.freshness));
        let Some(shown) = shown else { return };
        let has_other_figures = (shown.landed, shown.closed) != (newer.landed, newer.closed);
        // What has come changes who has submitted. A page that missed a change finds out here.
        if has_other_figures || shown.accepted != newer.accepted {
            asking.changed();
        }
        // The figures that are shown are not those of this measurement; that more has come is said at once.
        if has_other_figures {
            return;
        }
        let newer = Measured { connection: self.following.connections(), freshness: newer };
        self.page.results.update(|results| {
            if let Some(results) = results {
                results.freshness = self.newest(results.freshness, newer);
            }
        });
    }

    /// The newer of the freshness that is shown and another one.
    fn newest(self, shown: Freshness, other: Measured) -> Freshness {
        let newest = Measured { connection: self.shown_over.get_value(), freshness: shown }.newest(other);
        self.shown_over.set_value(newest.connection);
        newest.freshness
    }

    async fn ask(self) -> Result<(), ApiError> {
        let connection = self.following.connections();
        let view = self.page.looking.view.get_untracked();
        let answer = within(class_results(view.assignment, Some(view.attempts), view.as_of)).await;
        if self.shown_over.try_get_value().is_none() {
            return Ok(()); // The page has been left.
        }
        self.reach.ended(&answer);
        let ended = answer.as_ref().map(|_| ()).map_err(ApiError::clone);
        match answer {
            // What something else was looked at for, meanwhile, is asked for next.
            Ok(results) if view == self.page.looking.view.get_untracked() => self.take_in(results, connection),
            Ok(_) => {}
            Err(ApiError::SignedOut { .. }) => self.session.set(Session::SignedOut),
            Err(error) if error.is_passing() => self.ask_later(&error),
            Err(error) => self.give_up(&error),
        }
        ended
    }

    fn ask_later(self, error: &ApiError) {
        let shown = self.page.results.with_untracked(|r| r.as_ref().map(|r| (r.attempts, r.as_of)));
        let view = self.page.looking.view.get_untracked();
        let what = match shown {
            None => "The results cannot be shown",
            Some(shown) if shown != (view.attempts, view.as_of) => {
                "What you chose cannot be shown yet, and the figures are still those from before"
            }
            // With the right figures on the page, the freshness line says it already.
            Some(_) => return self.page.problem.set(None),
        };
        self.page.problem.set(Some(format!("{what}: {error}. This page tries again by itself.")));
    }

    /// There is no such assignment, or no longer one for this account: nothing of it stays on the page.
    fn give_up(self, error: &ApiError) {
        self.following.stop();
        self.page.results.set(None);
        self.page.problem.set(Some(format!("The results cannot be shown: {error}.")));
    }

    fn take_in(self, mut results: ClassResults, connection: u32) {
        self.page.problem.set(None);
        let is_same_view = |r: &ClassResults| (r.attempts, r.as_of) == (results.attempts, results.as_of);
        let before = self.page.results.with_untracked(|r| r.as_ref().filter(|r| is_same_view(r)).map(|r| r.freshness));
        let newer = Measured { connection, freshness: results.freshness };
        results.freshness = self.newest(before.unwrap_or(results.freshness), newer);
        self.page.results.set(Some(results));
    }
}

/// Keeps the grid as the figures are: it is fetched when somebody looks, and again after each change while they do.
pub(super) fn follow_students(page: Page) {
    let session = expect_context::<RwSignal<Session>>();
    let asking = Asking::new(move || ask_students(page, session));
    let (looking, students) = (page.looking, page.students);
    students.remember_names(page.assignment);
    // Whatever changes a figure changes one of these.
    let state = Memo::new(move |_| {
        page.results
            .with(|r| r.as_ref().map(|r| (r.freshness.landed, r.participation, r.attempts, r.as_of, r.rulings.clone())))
    });
    Effect::new(move || {
        looking.view.track();
        state.track();
        // What could not be fetched while the server was lost is fetched when it is back.
        let _ = page.reach.connection();
        if students.wanted.get() {
            asking.changed();
        }
    });
}

async fn ask_students(page: Page, session: RwSignal<Session>) -> Result<(), ApiError> {
    let (students, looking) = (page.students, page.looking);
    let view = looking.view.get_untracked();
    let answer = within(class_grid(view.assignment, Some(view.attempts), view.as_of)).await;
    // Nothing where the page has been left. What something else was looked at for, meanwhile, is asked for next.
    if looking.view.try_get_untracked() != Some(view) {
        return Ok(());
    }
    match answer {
        Ok(grid) => {
            students.problem.set(None);
            students.grid.set(Some(grid));
            Ok(())
        }
        Err(error) => {
            match &error {
                ApiError::SignedOut { .. } => session.set(Session::SignedOut),
                error if error.is_passing() => students
                    .problem
                    .set(Some(format!("The students cannot be shown: {error}. This page tries again by itself."))),
                error => students.problem.set(Some(format!("The students cannot be shown: {error}."))),
            }
            Err(error)
        }
    }
}
