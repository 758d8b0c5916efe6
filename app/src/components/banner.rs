//! The banner above the pages of staff: whether what students hand in gets through.

use leptos::prelude::*;
use leptos_router::components::A;

use super::Health;
use super::fresh::{sign, tone};
use crate::api::freshness::State;
use crate::state::session::Session;

/// Nothing for anybody who is not of the staff.
#[component]
pub fn StaffBanner() -> impl IntoView {
    let session = expect_context::<RwSignal<Session>>();
    let is_staff = Memo::new(move |_| session.with(|session| session.me().is_some()));
    let is_admin = Memo::new(move |_| session.with(Session::is_admin));
    let health = Health::get();
    move || {
        is_staff.get().then(|| {
            health.follow(session);
            if is_admin.get() {
                view! { <AdminBanner health /> }.into_any()
            } else {
                view! { <TeacherBanner health /> }.into_any()
            }
        })
    }
}

/// Slim while all is well. What it last knew grows old when it cannot be read, it does not stay.
#[component]
fn AdminBanner(health: Health) -> impl IntoView {
    // Nothing before there is anything to say.
    let indicator = Memo::new(move |_| {
        let said = health.for_admin();
        (health.is_known() || said.state == State::Disconnected).then_some(said)
    });
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
    let indicator = Memo::new(move |_| health.for_teacher());
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
