//! The banner that an admin sees above every page: the worst delivery stream's verdict.

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::components::A;
use wasm_bindgen_futures::spawn_local;

use super::Ticking;
use super::fresh::{sign, tone};
use crate::api::ApiError;
use crate::api::freshness::State;
use crate::api::pipeline::{Pipeline, pipeline};
use crate::browser::{is_visible, time};
use crate::state::freshness::{Indicator, worst};
use crate::state::session::Session;

const POLL: Duration = Duration::from_secs(3);

/// Nothing for anybody else.
#[component]
pub fn AdminBanner() -> impl IntoView {
    let session = expect_context::<RwSignal<Session>>();
    let is_admin = Memo::new(move |_| session.with(Session::is_admin));
    move || is_admin.get().then(|| view! { <Banner session /> })
}

/// Slim while all is well. What it last knew grows old when the pipeline cannot be read, it does not stay.
#[component]
fn Banner(session: RwSignal<Session>) -> impl IntoView {
    let clock = Ticking::get();
    let known = RwSignal::new(None::<Result<Pipeline, ApiError>>);
    let ask = move || {
        spawn_local(async move {
            let answer = pipeline().await;
            match &answer {
                Ok(pipeline) => clock.learn(pipeline.now),
                Err(ApiError::SignedOut { .. }) => session.set(Session::SignedOut),
                Err(_) => {}
            }
            known.try_set(Some(answer));
        });
    };
    ask();
    let polling = set_interval_with_handle(
        move || {
            if is_visible() {
                ask();
            }
        },
        POLL,
    );
    on_cleanup(move || {
        if let Ok(polling) = polling {
            polling.clear();
        }
    });
    let indicator = Memo::new(move |_| known.with(|known| known.as_ref().map(|k| verdict(k, clock.now()))));
    move || {
        indicator.get().map(|Indicator { state, sentence }| {
            view! {
                <aside class=format!("banner {}", tone(state)) aria-label="Pipeline">
                    <span class="sign" aria-hidden="true">{sign(state)}</span>
                    <b role="status">{format!("Pipeline: {}", state.word())}</b>
                    <span>{sentence}</span>
                    <A href="/pipeline">"Look at the pipeline"</A>
                </aside>
            }
        })
    }
}

fn verdict(known: &Result<Pipeline, ApiError>, now: i64) -> Indicator {
    let unknown = |sentence: String| Indicator { state: State::Unknown, sentence };
    match known {
        Ok(pipeline) => worst(&pipeline.streams, now, time::clock)
            .unwrap_or_else(|| unknown("no delivery stream is configured".to_owned())),
        Err(ApiError::Unreachable { .. }) => Indicator {
            state: State::Disconnected,
            sentence: "this page has lost the server and keeps trying".to_owned(),
        },
        Err(error) => unknown(format!("its state cannot be read: {error}")),
    }
}
