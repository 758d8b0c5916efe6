//! The class results page.
//!
//! Owns what the page remembers ([`Page`]) and how it hears of changes. What it shows is in the files beside, and so are
//! two pages that lead off it: the projector's, and a student's.

mod class;
mod compare;
mod figures;
mod filters;
mod grid;
mod head;
mod items;
mod live;
mod looking;
mod projector;
mod questions;
mod remarks;
mod rulings;
mod scores;
mod selected;
mod student;

use leptos::html::Button;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use self::class::Class;
use self::head::{Crumbs, Head};
use self::looking::Address;
use crate::api::ApiError;
use crate::api::results::{ClassResults, QuestionResult};
use crate::browser::time;
use crate::charts::model::QuestionBar;
use crate::components::{FreshLine, Problem, Reach, StaffPage, Ticking};
use crate::state::freshness::{Indicator, answers_counted, indicator, past_indicator};

pub use class::NamesShown;
pub use projector::ProjectorPage;
pub use student::StudentPage;

/// One assignment's results, live.
#[component]
pub fn ResultsPage() -> impl IntoView {
    crate::browser::set_title("Results");
    view! { <StaffPage><Results /></StaffPage> }
}

/// What the page remembers. Copies are the same page.
#[derive(Clone, Copy)]
struct Page {
    assignment: i64,
    looking: Address,
    results: RwSignal<Option<ClassResults>>,
    /// Those of its questions; changes only when they do.
    questions: Memo<Vec<QuestionResult>>,
    /// The selected question; the first where none is.
    selected: Memo<Option<QuestionResult>>,
    /// The results that these are compared with.
    other: RwSignal<Option<ClassResults>>,
    /// The students one by one.
    class: Class,
    /// Why there are no figures.
    problem: RwSignal<Option<String>>,
    /// What somebody wanted and could not be done; stays until something else is wanted.
    refused: RwSignal<Option<String>>,
    /// Whether an instant in the past is looked at: nothing can be changed from there.
    is_past: Memo<bool>,
    /// Leads back from there.
    now_button: NodeRef<Button>,
    reach: Reach,
    clock: Ticking,
}

impl Page {
    /// Of the page at `path`, such as `/results/7`.
    fn of(path: String, assignment: i64) -> Self {
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
            class: Class::new(),
            problem: RwSignal::new(None),
            refused: RwSignal::new(None),
            is_past,
            now_button: NodeRef::new(),
            reach: Reach::get(),
            clock: Ticking::get(),
        }
    }

    /// Sets the shares of the other class, where there is one, beside the bars.
    fn with_other(self, mut bars: Vec<QuestionBar>) -> Vec<QuestionBar> {
        self.other.with(|other| {
            let Some(other) = other else { return };
            for bar in &mut bars {
                bar.other = other.questions.iter().find(|q| q.id == bar.id).and_then(QuestionResult::facility);
            }
        });
        bars
    }

    /// Selects the question so many places on, round the end.
    fn step(self, by: i64) {
        let last = self.questions.with_untracked(Vec::len).max(1) as i64;
        let number = self.selected.with_untracked(|q| q.as_ref().map_or(1, |q| q.number));
        self.looking.change(|looking| looking.question = Some((number - 1 + by).rem_euclid(last) + 1));
    }

    /// What came of something that somebody wanted; if nothing did, the page says so: what failed, and why.
    fn outcome<T>(self, outcome: Result<T, ApiError>, failed: &str) -> Option<T> {
        self.told(outcome, failed, " Try again in a moment.")
    }

    /// The same of something that the page asks for again by itself.
    fn answer<T>(self, answer: Result<T, ApiError>, failed: &str) -> Option<T> {
        self.told(answer, failed, " This page tries again by itself.")
    }

    /// `later` says how there may be another outcome, where that is possible.
    fn told<T>(self, outcome: Result<T, ApiError>, failed: &str, later: &str) -> Option<T> {
        let advice = |error: &ApiError| if error.is_passing() { later } else { "" };
        self.refused.try_set(outcome.as_ref().err().map(|error| format!("{failed}: {error}.{}", advice(error))));
        outcome.ok()
    }

    /// How current it is, in words.
    fn verdict(self) -> Indicator {
        let shown = self.results.with(|r| r.as_ref().map(|r| (r.freshness, r.participation, r.as_of)));
        let (connection, now) = (self.reach.connection(), self.clock.now());
        match &shown {
            Some((f, class, Some(as_of))) => past_indicator(f, *class, *as_of, connection, time::CLOCK),
            Some((f, class, None)) => indicator(Some((f, *class)), connection, now, time::CLOCK),
            None => indicator(None, connection, now, time::CLOCK),
        }
    }

    /// Looks at now.
    fn to_now(self) {
        self.looking.change(|looking| looking.as_of = None);
    }
}

/// The number of the assignment in the address.
fn assignment_of_address() -> Memo<Option<i64>> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|p| p.get("assignment")).and_then(|id| id.parse::<i64>().ok()))
}

#[component]
fn Results() -> impl IntoView {
    let assignment = assignment_of_address();
    move || match assignment.get() {
        Some(assignment) => view! { <Assignment assignment /> }.into_any(),
        None => view! { <p class="card empty">"There is no assignment with this number."</p> }.into_any(),
    }
}

#[component]
fn Assignment(assignment: i64) -> impl IntoView {
    let page = Page::of(format!("/results/{assignment}"), assignment);
    live::follow(page);
    class::follow(page);
    compare::follow(page);
    let verdict = Signal::derive(move || page.verdict());
    let detail = Signal::derive(move || {
        page.results.with(|r| r.as_ref().map(|r| answers_counted(&r.freshness)).unwrap_or_default())
    });
    let is_there = Memo::new(move |_| page.results.with(Option::is_some));
    let is_refused = Memo::new(move |_| !is_there.get() && page.problem.with(Option::is_some));
    view! {
        {move || if is_refused.get() {
            view! { <div class="head"><div><Crumbs /><h1>"Results"</h1></div></div> }.into_any()
        } else {
            view! { <Head page /><FreshLine indicator=verdict detail><BackToNow page /></FreshLine> }.into_any()
        }}
        <Problem message=page.problem />
        <Problem message=page.refused />
        {move || is_there.get().then(|| view! { <Body page /> })}
    }
}

/// The way out of the past; nothing where now is shown. The focus goes to the control that it presses.
#[component]
fn BackToNow(page: Page) -> impl IntoView {
    let back = move |_| {
        // This button goes, and must not take the focus with it.
        if let Some(button) = page.now_button.get_untracked() {
            let _ = button.focus();
        }
        page.to_now();
    };
    move || {
        page.is_past.get().then(|| {
            view! { <button type="button" class="btn small" translate="yes" on:click=back>"Back to now"</button> }
        })
    }
}

#[component]
fn Body(page: Page) -> impl IntoView {
    let nobody = Memo::new(move |_| {
        page.results.with(|r| r.as_ref().is_some_and(|r| r.counted == 0 && r.closed_at.is_none() && r.as_of.is_none()))
    });
    let is_open = Memo::new(move |_| {
        page.results.with(|r| r.as_ref().is_some_and(|r| r.closed_at.is_none() && r.as_of.is_none()))
    });
    // Once there, it stays until somebody puts it away: students are still joining when the first one hands in, and a page
    // that moves under the finger is none to read.
    let put_away = RwSignal::new(false);
    let was_there = Memo::new(move |was: Option<&bool>| nobody.get() || was.copied().unwrap_or_default());
    let shows_code = Memo::new(move |_| was_there.get() && is_open.get() && !put_away.get());
    let code = move || page.results.with(|r| r.as_ref().map(|r| r.join_code.clone()).unwrap_or_default());
    view! {
        <filters::Filters page />
        {move || shows_code.get().then(|| view! {
            <section class="card waiting">
                <p class="muted">"Students join at "<b>{web_address()}</b>" with the code"</p>
                <p class="join-code" translate="no">{code}</p>
                <p class="muted">
                    "This page fills by itself as they hand in. "
                    <button type="button" class="link" on:click=move |_| put_away.set(true)>"Put the code away"</button>
                </p>
            </section>
        })}
        <rulings::AtTheTop page />
        <figures::Figures page />
        <div class="grid two">
            <questions::Questions page />
            <selected::Selected page />
        </div>
        <compare::Compared page />
        <div class="grid two second">
            <remarks::Remarks page />
            <scores::Scores page />
        </div>
        <grid::Grid page />
        <items::Items page />
        <rulings::Log page />
        <p class="stamp" translate="no">{move || head::stamp(page)}</p>
    }
}

fn web_address() -> String {
    let host = web_sys::window().and_then(|window| window.location().host().ok()).unwrap_or_default();
    format!("{host}/join")
}
