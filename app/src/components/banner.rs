//! The banner above the pages of staff: whether what students hand in gets through.

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::components::A;

use super::Ticking;
use super::fresh::{sign, tone};
use crate::api::health::delivery_health;
use crate::api::{ApiError, Millis};
use crate::browser::asking::{Asking, keep_on};
use crate::browser::time;
use crate::browser::transport::within;
use crate::state::banner::{Known, for_admin, for_teacher};
use crate::state::session::Session;

/// How often it is asked, while somebody looks.
const POLL: Duration = Duration::from_secs(3);

/// Nothing for anybody who is not of the staff.
#[component]
pub fn StaffBanner() -> impl IntoView {
    let session = expect_context::<RwSignal<Session>>();
    let is_staff = Memo::new(move |_| session.with(|session| session.me().is_some()));
    let is_admin = Memo::new(move |_| session.with(Session::is_admin));
    move || {
        is_staff.get().then(|| {
            if is_admin.get() {
                view! { <AdminBanner health=Health::follow(session) /> }.into_any()
            } else {
                view! { <TeacherBanner health=Health::follow(session) /> }.into_any()
            }
        })
    }
}

/// What the banner knows. Copies are the same.
#[derive(Clone, Copy)]
struct Health {
    known: RwSignal<Option<Known>>,
    /// When the server was lost, in its own time; while it is there, now.
    lost_at: RwSignal<Option<Millis>>,
    session: RwSignal<Session>,
    clock: Ticking,
}

impl Health {
    /// Asks until the banner is gone.
    fn follow(session: RwSignal<Session>) -> Self {
        let health = Self { known: RwSignal::new(None), lost_at: RwSignal::new(None), session, clock: Ticking::get() };
        let asking = Asking::at_once(move || health.ask());
        // Shown again, it does not wait for its turn.
        keep_on(POLL, move || asking.changed(), move || asking.changed());
        health
    }

    async fn ask(self) -> Result<(), ApiError> {
        let asked = time::waking();
        let answer = within(delivery_health()).await;
        if self.known.try_get_untracked().is_none() {
            return Ok(()); // The banner is gone.
        }
        match &answer {
            Ok(health) => {
                self.clock.answered(health.now, asked);
                self.lost_at.set(None);
            }
            Err(ApiError::SignedOut { .. }) => self.session.set(Session::SignedOut),
            Err(_) => {
                self.lost_at.update(|lost_at| *lost_at = lost_at.or_else(|| Some(self.clock.now_untracked())));
            }
        }
        let ended = answer.as_ref().map(|_| ()).map_err(ApiError::clone);
        // Signed out, it may be gone by now.
        self.known.try_set(Some(answer));
        ended
    }

    /// Words what is known at this second.
    fn say<T>(self, word: impl Fn(&Known, Millis, Millis) -> T) -> Option<T> {
        let now = self.clock.now();
        self.known.with(|known| known.as_ref().map(|known| word(known, self.lost_at.get().unwrap_or(now), now)))
    }
}

/// Slim while all is well. What it last knew grows old when it cannot be read, it does not stay.
#[component]
fn AdminBanner(health: Health) -> impl IntoView {
    let indicator =
        Memo::new(move |_| health.say(|known, lost_at, now| for_admin(known, lost_at, now, time::dated_clock)));
    let verdict =
        Memo::new(move |_| indicator.with(|said| said.as_ref().map(|said| format!("Pipeline: {}", said.state.word()))));
    view! {
        <Heard says=verdict />
        {move || indicator.get().map(|said| view! {
            <aside class=format!("banner {}", tone(said.state)) aria-label="Pipeline" translate="no">
                <span class="sign" aria-hidden="true">{sign(said.state)}</span>
                <b>{format!("Pipeline: {}", said.state.word())}</b>
                <span>{said.sentence}</span>
                <A href="/pipeline">"Look at the pipeline"</A>
            </aside>
        })}
    }
}

#[component]
fn TeacherBanner(health: Health) -> impl IntoView {
    let indicator = Memo::new(move |_| {
        health.say(|known, lost_at, now| for_teacher(known, lost_at, now, time::dated_hour_minute)).flatten()
    });
    let sentence = Memo::new(move |_| indicator.with(|said| said.as_ref().map(|said| said.sentence.clone())));
    view! {
        <Heard says=sentence />
        {move || indicator.get().map(|said| view! {
            <aside class="banner wait" aria-label="Results" translate="no">
                <span class="sign" aria-hidden="true">{sign(said.state)}</span>
                <span>{said.sentence}</span>
            </aside>
        })}
    }
}

/// What a screen reader says when it changes. It is there before its words are: many do not read what comes with its
/// region.
#[component]
fn Heard(says: Memo<Option<String>>) -> impl IntoView {
    view! { <p class="hidden" role="status" translate="no">{move || says.get()}</p> }
}
