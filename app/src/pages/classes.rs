//! The classes of whoever is signed in, each with its assignments, live.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos_router::components::A;

use super::following::Following;
use crate::api::ApiError;
use crate::api::freshness::State;
use crate::api::functions::my_classes;
use crate::api::live::Tick;
use crate::api::results::{AssignmentSummary, ClassSummary};
use crate::browser::asking::Asking;
use crate::browser::time;
use crate::browser::transport::within;
use crate::components::{Problem, Reach, StaffPage, Ticking, anew, sign, tone};
use crate::state::followed::to_follow;
use crate::state::freshness::{Connection, briefly};
use crate::state::measured::Measured;
use crate::state::session::Session;
use crate::state::words;

/// A card a class.
#[component]
pub fn ClassesPage() -> impl IntoView {
    crate::browser::set_title("Classes");
    view! { <StaffPage><Classes /></StaffPage> }
}

/// What the page remembers. Copies are the same.
#[derive(Clone, Copy)]
struct Page {
    classes: RwSignal<Option<Vec<ClassSummary>>>,
    /// How current each assignment is, as it was heard last.
    known: RwSignal<BTreeMap<i64, Measured>>,
    problem: RwSignal<Option<String>>,
    session: RwSignal<Session>,
    following: Following,
    reach: Reach,
    clock: Ticking,
}

impl Page {
    /// Follows every assignment that can still change, until the page is left.
    fn follow() -> Self {
        let page = Self {
            classes: RwSignal::new(None),
            known: RwSignal::new(BTreeMap::new()),
            problem: RwSignal::new(None),
            session: expect_context(),
            following: Following::new(),
            reach: Reach::get(),
            clock: Ticking::get(),
        };
        let asking = Asking::at_once(move || page.ask());
        page.following.start(asking, move || page.to_follow(), move |tick| page.take_in(asking, tick));
        page
    }

    async fn ask(self) -> Result<(), ApiError> {
        let answer = within(my_classes()).await;
        if self.classes.try_get_untracked().is_none() {
            return Ok(()); // The page has been left.
        }
        self.reach.ended(&answer);
        match answer {
            Ok(classes) => {
                self.problem.set(None);
                self.classes.set(Some(classes));
                Ok(())
            }
            Err(error) => {
                self.explain(&error);
                Err(error)
            }
        }
    }

    fn explain(self, error: &ApiError) {
        match error {
            ApiError::SignedOut { .. } => self.session.set(Session::SignedOut),
            // With classes on the page, a lost server is the banner's to tell.
            ApiError::Unreachable { .. } if self.classes.with_untracked(Option::is_some) => self.problem.set(None),
            error if error.is_passing() => self
                .problem
                .set(Some(format!("Your classes cannot be shown: {error}. This page tries again by itself."))),
            error => self.problem.set(Some(format!("Your classes cannot be shown: {error}."))),
        }
    }

    fn to_follow(self) -> Vec<i64> {
        let now = self.clock.now_untracked();
        self.classes.with_untracked(|classes| {
            self.known.with_untracked(|known| to_follow(classes.as_deref().unwrap_or_default(), known, now))
        })
    }

    fn take_in(self, asking: Asking, tick: &Tick) {
        let Some(freshness) = tick.freshness else { return };
        let newer = Measured { connection: self.following.connections(), freshness };
        let before = self.known.with_untracked(|known| known.get(&tick.assignment).copied());
        let newest = before.map_or(newer, |before| before.newest(newer));
        self.known.update(|known| {
            known.insert(tick.assignment, newest);
        });
        // Who has submitted is in the answer.
        let counts = |m: Measured| (m.freshness.accepted, m.freshness.closed);
        if before.is_some_and(|before| counts(before) != counts(newest)) {
            asking.changed();
        }
    }

    /// How current an assignment is, and what is said of that; nothing before anything is known.
    fn verdict(self, assignment: i64) -> Option<(State, String)> {
        let freshness = self.known.with(|known| known.get(&assignment).map(|known| known.freshness))?;
        let now = self.clock.now();
        match (freshness.state(now), self.reach.connection()) {
            // What is final stays so, whoever hears of it.
            (State::Final, _) | (_, Connection::Open | Connection::Opening) => {
                Some((freshness.state(now), briefly(&freshness, now)))
            }
            (_, Connection::Lost(_)) => Some((State::Disconnected, String::new())),
        }
    }

    fn class(self, id: i64) -> Option<ClassSummary> {
        self.classes.with(|classes| classes.as_ref()?.iter().find(|class| class.id == id).cloned())
    }
}

#[component]
fn Classes() -> impl IntoView {
    let page = Page::follow();
    let ids = Memo::new(move |_| {
        page.classes.with(|classes| classes.as_ref().map(|all| all.iter().map(|class| class.id).collect::<Vec<_>>()))
    });
    let is_empty = Memo::new(move |_| ids.with(|ids| ids.as_ref().is_some_and(Vec::is_empty)));
    view! {
        <div class="head"><div><h1>"Classes"</h1></div></div>
        <Problem message=page.problem />
        {move || is_empty.get().then(|| view! {
            <p class="card empty">"You have no classes yet. An admin adds them for you."</p>
        })}
        <For each=move || ids.get().unwrap_or_default() key=|id| *id let:id>
            <ClassCard page id />
        </For>
    }
}

#[component]
fn ClassCard(page: Page, id: i64) -> impl IntoView {
    let class = Memo::new(move |_| page.class(id));
    let of = move |what: fn(&ClassSummary) -> String| {
        move || class.with(|class| class.as_ref().map(what).unwrap_or_default())
    };
    let assignments = move || {
        class.with(|class| class.as_ref().map(|class| class.assignments.iter().map(|a| a.id).collect::<Vec<_>>()))
    };
    let is_empty = Memo::new(move |_| class.with(|class| class.as_ref().is_some_and(|c| c.assignments.is_empty())));
    view! {
        <section class="card class">
            <header>
                <h2 translate="no">{of(|class| class.name.clone())}</h2>
                {anew(of(|class| words::of(class.students, "student")), |students| view! {
                    <span class="muted small r">{students}</span>
                }.into_any())}
            </header>
            {move || is_empty.get().then(|| view! {
                <p class="muted">"Nothing has been given to this class yet."</p>
            })}
            <ul class="assignments">
                <For each=move || assignments().unwrap_or_default() key=|id| *id let:id>
                    <li><AssignmentRow page class id /></li>
                </For>
            </ul>
        </section>
    }
}

#[component]
fn AssignmentRow(page: Page, class: Memo<Option<ClassSummary>>, id: i64) -> impl IntoView {
    let row = Memo::new(move |_| {
        class.with(|class| class.as_ref()?.assignments.iter().find(|assignment| assignment.id == id).cloned())
    });
    let of = move |what: fn(&AssignmentSummary) -> String| {
        Memo::new(move |_| row.with(|row| row.as_ref().map(what).unwrap_or_default()))
    };
    let title = of(|a| a.quiz_title.clone());
    let when = of(|a| {
        let when = match a.closed_at {
            Some(at) => format!("Closed at {}", time::dated_hour_minute(at)),
            None => format!("Open since {}", time::dated_hour_minute(a.opened_at)),
        };
        format!("{when} · {}", words::of(a.questions, "question"))
    });
    let code = of(|a| if a.closed_at.is_none() { a.join_code.clone() } else { String::new() });
    let submitted = of(|a| words::submitted(a.participation));
    let verdict = Memo::new(move |_| page.verdict(id));
    view! {
        <A href=format!("/results/{id}") attr:class="assignment">
            {anew(move || title.get(), |title| view! { <span class="title" dir="auto">{title}</span> }.into_any())}
            {anew(move || when.get(), |when| view! { <span class="muted small">{when}</span> }.into_any())}
            {anew(move || code.get(), |code| (!code.is_empty()).then(|| view! {
                <span class="code" translate="no">{code}</span>
            }).into_any())}
            <span class="submitted" translate="no">{submitted}</span>
            {move || verdict.get().map(|(state, says)| view! {
                <span class=format!("how-current {}", tone(state)) translate="no">
                    <span class="sign" aria-hidden="true">{sign(state)}</span>
                    <b>{state.word()}</b>
                    {(!says.is_empty()).then(|| view! { <span>{format!(" · {says}")}</span> })}
                </span>
            })}
        </A>
    }
}
