//! What the class results page remembers.
//!
//! Owns [`Page`], which every part of the page has: signals, and what is derived of them. Does not own a view, nor how the page
//! hears of changes.

use leptos::html::Button;
use leptos::prelude::*;

use super::looking::Address;
use super::students::Students;
use crate::api::ApiError;
use crate::api::results::{ClassResults, QuestionResult};
use crate::browser::time;
use crate::charts::model::QuestionBar;
use crate::components::{Reach, Ticking};
use crate::state::freshness::{Indicator, indicator, past_indicator};

/// What the page remembers. Copies are the same page.
#[derive(Clone, Copy)]
pub(super) struct Page {
    pub assignment: i64,
    pub looking: Address,
    pub results: RwSignal<Option<ClassResults>>,
    /// Those of its questions; changes only when they do.
    pub questions: Memo<Vec<QuestionResult>>,
    /// The selected question; the first where none is.
    pub selected: Memo<Option<QuestionResult>>,
    /// The results that these are compared with.
    pub other: RwSignal<Option<ClassResults>>,
    /// The students one by one.
    pub students: Students,
    /// Why there are no figures.
    pub problem: RwSignal<Option<String>>,
    /// What somebody wanted and could not be done; stays until something else is wanted.
    pub refused: RwSignal<Option<String>>,
    /// Whether an instant in the past is looked at: nothing can be changed from there.
    pub is_past: Memo<bool>,
    /// Leads back from there.
    pub now_button: NodeRef<Button>,
    pub reach: Reach,
    pub clock: Ticking,
}

impl Page {
    /// Of the page at `path`, such as `/results/7`.
    pub fn of(path: String, assignment: i64) -> Self {
        let looking = Address::of(path, assignment);
        let results = RwSignal::new(None::<ClassResults>);
        let questions =
            Memo::new(move |_| results.with(|r| r.as_ref().map(|r| r.questions.clone()).unwrap_or_default()));
        let selected = Memo::new(move |_| {
            let number = looking.now.get().question;
            questions.with(|all| all.iter().find(|q| Some(q.number) == number).or_else(|| all.first()).cloned())
        });
        let is_past = Memo::new(move |_| {
            looking.view.get().as_of.is_some() || results.with(|r| r.as_ref().is_some_and(|r| r.as_of.is_some()))
        });
        Self {
            assignment,
            looking,
            results,
            questions,
            selected,
            other: RwSignal::new(None),
            students: Students::new(),
            problem: RwSignal::new(None),
            refused: RwSignal::new(None),
            is_past,
            now_button: NodeRef::new(),
            reach: Reach::get(),
            clock: Ticking::get(),
        }
    }

    /// Sets the shares of the other class, where there is one, beside the bars.
    pub fn with_other(self, mut bars: Vec<QuestionBar>) -> Vec<QuestionBar> {
        self.other.with(|other| {
            let Some(other) = other else { return };
            for bar in &mut bars {
                bar.other = other.questions.iter().find(|q| q.id == bar.id).and_then(QuestionResult::facility);
            }
        });
        bars
    }

    /// Selects the question so many places on, round the end.
    pub fn step(self, by: i64) {
        let last = self.questions.with_untracked(Vec::len).max(1) as i64;
        let number = self.selected.with_untracked(|q| q.as_ref().map_or(1, |q| q.number));
        self.looking.change(|looking| looking.question = Some((number - 1 + by).rem_euclid(last) + 1));
    }

    /// What came of something that somebody wanted; if nothing did, the page says so: what failed, and why.
    pub fn outcome<T>(self, outcome: Result<T, ApiError>, failed: &str) -> Option<T> {
        self.told(outcome, failed, " Try again in a moment.")
    }

    /// The same of something that the page asks for again by itself.
    pub fn answer<T>(self, answer: Result<T, ApiError>, failed: &str) -> Option<T> {
        self.told(answer, failed, " This page tries again by itself.")
    }

    /// `later` says how there may be another outcome, where that is possible.
    fn told<T>(self, outcome: Result<T, ApiError>, failed: &str, later: &str) -> Option<T> {
        let advice = |error: &ApiError| if error.is_passing() { later } else { "" };
        self.refused.try_set(outcome.as_ref().err().map(|error| format!("{failed}: {error}.{}", advice(error))));
        outcome.ok()
    }

    /// How current it is, in words.
    pub fn verdict(self) -> Indicator {
        let shown = self.results.with(|r| r.as_ref().map(|r| (r.freshness, r.participation, r.as_of)));
        let (connection, now) = (self.reach.connection(), self.clock.now());
        match &shown {
            Some((f, class, Some(as_of))) => past_indicator(f, *class, *as_of, connection, time::CLOCK),
            Some((f, class, None)) => indicator(Some((f, *class)), connection, now, time::CLOCK),
            None => indicator(None, connection, now, time::CLOCK),
        }
    }

    /// Looks at now.
    pub fn to_now(self) {
        self.looking.change(|looking| looking.as_of = None);
    }
}
