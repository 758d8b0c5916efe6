//! A student joins with code and name.

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_params_map};
use wasm_bindgen_futures::spawn_local;

use super::Unfinished;
use crate::api::ApiError;
use crate::api::attempts::{Join, Joined};
use crate::browser::{http, storage, transport};
use crate::components::{Deliveries, Heading, Logo, Problem, anew};
use crate::state::attempt::Attempt;
use crate::state::refresh::LONGEST_WISH_MS;
use crate::state::words;

/// The longest pause, in seconds, whatever the server asks for.
const LONGEST_WAIT_S: u64 = LONGEST_WISH_MS as u64 / 1_000;

/// Code and name; then to the quiz. A quiz that this device has begun and not handed in is offered first.
#[component]
pub fn JoinPage() -> impl IntoView {
    crate::browser::set_title("Join");
    let params = use_params_map();
    let code = RwSignal::new(params.with_untracked(|p| p.get("code")).unwrap_or_default());
    let name = RwSignal::new(String::new());
    let navigate = use_navigate();
    let joining = Joining {
        code,
        name,
        problem: RwSignal::new(None),
        busy: RwSignal::new(false),
        waits: RwSignal::new(None),
        go_to: Callback::new(move |quiz: String| navigate(&quiz, Default::default())),
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        joining.begin();
    };
    view! {
        <header class="bar"><Logo /></header>
        <main class="narrow">
            <Heading>"Join a quiz"</Heading>
            <Deliveries />
            <Unfinished is_notice=true />
            <form class="form" on:submit=submit>
                <label>"Code from your teacher"
                    <input class="code-input" name="code" placeholder="KLM-482" autocomplete="off" autocapitalize="characters"
                        spellcheck="false" required bind:value=code />
                </label>
                <label>"Your name, as it stands on the class list"
                    <input name="name" autocomplete="name" maxlength="80" dir="auto" required bind:value=name />
                </label>
                <Problem message=joining.problem />
                <div role="status">
                    {anew(move || joining.waits.get(), |waits| waits.map(|seconds| view! {
                        <p class="notice" translate="no">{waiting(seconds)}</p>
                    }).into_any())}
                </div>
                <button type="submit" class="btn main wide" disabled=joining.busy>
                    {anew(move || joining.busy.get(), |busy| {
                        view! { <span>{if busy { "Joining…" } else { "Start" }}</span> }.into_any()
                    })}
                </button>
            </form>
        </main>
    }
}

fn waiting(seconds: u64) -> String {
    let seconds = words::of(seconds.cast_signed(), "second");
    format!("Many are joining just now. This page tries again by itself in {seconds}; keep it open.")
}

/// What the form holds, and how far it is. Copies are the same.
#[derive(Clone, Copy)]
struct Joining {
    code: RwSignal<String>,
    name: RwSignal<String>,
    problem: RwSignal<Option<String>>,
    busy: RwSignal<bool>,
    /// For how many seconds it waits, as the server wishes, before it tries again.
    waits: RwSignal<Option<u64>>,
    /// Leads to the quiz at an address.
    go_to: Callback<String>,
}

impl Joining {
    fn begin(self) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.problem.set(None);
        self.ask();
    }

    fn ask(self) {
        // As it was typed: what stands for the same code is the server's to know.
        let join = Join { code: self.code.get_untracked(), name: self.name.get_untracked() };
        spawn_local(async move {
            let answer = http::join(&join).await;
            // Where the page has been left, nobody is led anywhere; the attempt is kept all the same.
            match answer {
                Err(ApiError::TooMany { retry_after_s, .. }) => {
                    let seconds = retry_after_s.clamp(1, LONGEST_WAIT_S);
                    if self.waits.try_set(Some(seconds)).is_none() {
                        set_timeout(move || self.again(), Duration::from_secs(seconds));
                    }
                }
                Ok(joined) => {
                    let quiz = format!("/quiz/{}", joined.attempt);
                    keep(joined, &join.name);
                    if self.busy.try_set(false).is_none() {
                        self.go_to.run(quiz);
                    }
                }
                Err(error) => {
                    self.busy.try_set(false);
                    self.problem.try_set(Some(not_joined(&error)));
                }
            }
        });
    }

    fn again(self) {
        if self.waits.try_set(None).is_none() {
            self.ask();
        }
    }
}

/// Keeps an attempt that has just begun, with the name as it was sent. Where the browser does not take it, the quiz says
/// so.
fn keep(joined: Joined, name: &str) {
    let begun_at = transport::server_time().unwrap_or_default();
    storage::save_attempt(&Attempt { name: name.trim().to_owned(), ..Attempt::new(joined, begun_at) });
}

/// What happened and what to do.
fn not_joined(error: &ApiError) -> String {
    match error {
        error if error.is_passing() => {
            format!("You have not joined yet: {error}. Check the network and press Start again.")
        }
        error => words::sentence(&error.to_string()),
    }
}
