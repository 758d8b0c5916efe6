//! The pipeline, for admins: every stage's pace, the heartbeat, the newest loads.

use std::collections::BTreeSet;
use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::api::ApiError;
use crate::api::freshness::State;
use crate::api::functions::pipeline;
use crate::api::health::{DeliveryHealth, StreamHealth};
use crate::api::pipeline::{LoadRow, ParkedBatch, Pipeline, StageStatus, StreamStatus};
use crate::browser::asking::{Asking, keep_on};
use crate::browser::transport::within;
use crate::browser::{http, is_visible, time};
use crate::components::{FreshLine, Health, Problem, Reach, StaffPage, Ticking};
use crate::state::freshness::others;
use crate::state::session::Session;
use crate::state::stages::what_to_do;
use crate::state::words;

const POLL: Duration = Duration::from_secs(2);

/// Asks every two seconds while somebody looks.
#[component]
pub fn PipelinePage() -> impl IntoView {
    crate::browser::set_title("Pipeline");
    view! { <StaffPage><Stages /></StaffPage> }
}

/// What the page knows, and what is under way. Copies are the same.
#[derive(Clone, Copy)]
struct Watching {
    known: RwSignal<Option<Pipeline>>,
    /// Why the pipeline cannot be read.
    problem: RwSignal<Option<String>>,
    /// Why batches are still parked; stays until somebody tries again.
    refused: RwSignal<Option<String>>,
    /// The streams whose batches are being replayed; kept here, because each answer makes the cards anew.
    replaying: RwSignal<BTreeSet<String>>,
    /// Asks how it is; set once it is followed.
    asking: StoredValue<Option<Asking>>,
    session: RwSignal<Session>,
    /// What the banner says, too.
    health: Health,
    reach: Reach,
    clock: Ticking,
}

impl Watching {
    /// Asks until the page is left.
    fn follow() -> Self {
        let watching = Self {
            known: RwSignal::new(None),
            problem: RwSignal::new(None),
            refused: RwSignal::new(None),
            replaying: RwSignal::new(BTreeSet::new()),
            asking: StoredValue::new(None),
            session: expect_context(),
            health: Health::get(),
            reach: Reach::get(),
            clock: Ticking::get(),
        };
        let asking = Asking::at_once(move || watching.ask());
        watching.asking.set_value(Some(asking));
        // A hidden page asks as soon as it is shown, and once.
        let turned = move || {
            if !is_visible() {
                asking.changed();
            }
        };
        keep_on(POLL, move || asking.changed(), turned);
        watching
    }

    async fn ask(self) -> Result<(), ApiError> {
        let asked = time::waking();
        let answer = within(pipeline()).await;
        if self.known.try_get_untracked().is_none() {
            return Ok(()); // The page has been left.
        }
        self.reach.ended(&answer);
        match answer {
            Ok(pipeline) => {
                self.clock.answered(pipeline.now, asked);
                self.health.take_in(Ok(health_in(&pipeline)));
                self.known.set(Some(pipeline));
                self.problem.set(None);
                Ok(())
            }
            Err(error) => {
                match &error {
                    ApiError::SignedOut { .. } => self.session.set(Session::SignedOut),
                    // The line says it already.
                    ApiError::Unreachable { .. } => self.problem.set(None),
                    error => self
                        .problem
                        .set(Some(format!("The pipeline cannot be read: {error}. This page tries again by itself."))),
                }
                Err(error)
            }
        }
    }

    /// Has a stream try its parked batches again.
    fn replay(self, stream: String) {
        self.refused.set(None);
        self.replaying.update(|streams| {
            streams.insert(stream.clone());
        });
        spawn_local(async move {
            let outcome = http::replay(&stream).await;
            if self.replaying.try_update(|streams| streams.remove(&stream)).is_none() {
                return; // The page has been left.
            }
            match outcome {
                Ok(_) => {}
                Err(ApiError::SignedOut { .. }) => return self.session.set(Session::SignedOut),
                Err(error) => self.refused.set(Some(format!("The batches of {stream} are still parked: {error}."))),
            }
            // What is being answered may be older.
            if let Some(asking) = self.asking.try_get_value().flatten() {
                asking.changed();
            }
        });
    }
}

/// What the banner goes by.
fn health_in(pipeline: &Pipeline) -> DeliveryHealth {
    let stream = |s: &StreamStatus| StreamHealth { name: s.name.clone(), freshness: s.freshness.clone() };
    DeliveryHealth { now: pipeline.now, streams: pipeline.streams.iter().map(stream).collect() }
}

#[component]
fn Stages() -> impl IntoView {
    let watching = Watching::follow();
    let Watching { known, health, clock, .. } = watching;
    let verdict = Memo::new(move |_| health.for_admin());
    // Of a server that is lost nothing is known to be live.
    let is_known = move || verdict.with(|said| !matches!(said.state, State::Disconnected | State::Unknown));
    let indicator = Signal::from(verdict);
    let detail = Signal::derive(move || {
        let others = || health.with(|health| health.map(|h| others(&h.streams, clock.now())));
        is_known().then(others).flatten().unwrap_or_default()
    });
    view! {
        <div class="head"><div>
            <h1>"Pipeline"</h1>
            <p class="muted">"How an answer gets from a student to a chart"</p>
        </div></div>
        <FreshLine indicator detail />
        <Problem message=watching.problem />
        <Problem message=watching.refused />
        {move || known.get().map(|pipeline| view! {
            {pipeline.streams.into_iter().map(|stream| view! { <StreamCard stream watching /> }).collect_view()}
            <Loads loads=pipeline.loads />
        })}
    }
}

#[component]
fn StreamCard(stream: StreamStatus, watching: Watching) -> impl IntoView {
    let none =
        if stream.freshness.heartbeat_every_ms.is_some() { "no heartbeat has gone the whole way yet" } else { "" };
    let heartbeat = stream.heartbeat.map_or_else(
        || none.to_owned(),
        |beat| {
            format!("heartbeat {} · {}\u{a0}ms through the whole way", time::dated_clock(beat.sent_at), beat.took_ms)
        },
    );
    let failing: Vec<(String, String)> =
        stream.stages.iter().filter_map(|stage| Some((stage.stage.clone(), stage.problem.clone()?))).collect();
    view! {
        <section class="card" translate="no">
            <header><h2>{stream.name.clone()}</h2><span class="r small muted">{heartbeat}</span></header>
            <ol class="flow">
                {stream.stages.into_iter().map(|stage| {
                    let class = if stage.problem.is_some() { "failing" } else { "" };
                    view! { <li class=class><Stage stage /></li> }
                }).collect_view()}
            </ol>
            {failing.into_iter().map(|(stage, problem)| view! {
                <p class="say"><span aria-hidden="true">"!"</span><span>
                    <b>{format!("{} fails. ", words::capital(&stage))}</b>{words::sentence(&problem)}" "{what_to_do(&stage)}
                </span></p>
            }).collect_view()}
            {(!stream.parked.is_empty()).then(|| view! {
                <ParkedBatches name=stream.name parked=stream.parked watching />
            })}
        </section>
    }
}

/// What the stream went on without, why, and a way to try again.
#[component]
fn ParkedBatches(name: String, parked: Vec<ParkedBatch>, watching: Watching) -> impl IntoView {
    let records = parked.iter().map(|batch| batch.records).sum::<u64>();
    let batches = if parked.len() == 1 { "1 batch".to_owned() } else { format!("{} batches", parked.len()) };
    let records = words::of(records as i64, "record");
    let sentence = format!(
        "{batches} with {records} parked: COPY refused them, and the stream went on. All lie safe in the lake."
    );
    let stream = name.clone();
    let busy = Memo::new(move |_| watching.replaying.with(|streams| streams.contains(&stream)));
    let replay = move |_| watching.replay(name.clone());
    let row = |batch: ParkedBatch| {
        view! {
            <tr>
                <td>{time::dated_clock(batch.parked_at)}</td>
                <td>{batch.shard}</td>
                <td class="right">{words::count(batch.start as i64)}</td>
                <td class="right">{words::count(batch.records as i64)}</td>
                <td class="reason">{batch.reason}</td>
            </tr>
        }
    };
    view! {
        <div class="parked">
            <p class="say"><span aria-hidden="true">"!"</span><span>{sentence}</span>
                <button type="button" class="btn small r" disabled=move || busy.get() on:click=replay>
                    {move || if busy.get() { "Replaying…" } else { "Replay" }}
                </button>
            </p>
            <div class="scroll" tabindex="0" role="region" aria-label="Parked batches">
                <table>
                    <thead><tr>
                        <th>"Parked"</th><th>"Shard"</th><th class="right">"From offset"</th>
                        <th class="right">"Records"</th><th>"Reason"</th>
                    </tr></thead>
                    <tbody>{parked.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </div>
    }
}

#[component]
fn Stage(stage: StageStatus) -> impl IntoView {
    let pace = if stage.per_second < 10.0 {
        format!("{:.1}", stage.per_second)
    } else {
        words::count(stage.per_second.round() as i64)
    };
    let unit = if matches!(stage.unit.as_str(), "answers" | "records") {
        "/s".to_owned()
    } else {
        format!(" {}/s", stage.unit)
    };
    let took = stage.p50_ms.zip(stage.p99_ms);
    let took = took.map(|(p50, p99)| format!("{p50:.1}\u{a0}ms, p99\u{a0}{p99:.1}\u{a0}ms"));
    view! {
        <p class="small muted stage">
            {stage.stage}{stage.problem.map(|_| view! { " "<span class="fails"><span aria-hidden="true">"! "</span>"fails"</span> })}
        </p>
        <p class="pace">{pace}<small>{unit}</small></p>
        <p class="tiny">{took}</p>
        <p class="tiny">{stage.note}</p>
    }
}

#[component]
fn Loads(loads: Vec<LoadRow>) -> impl IntoView {
    view! {
        <section class="card" translate="no">
            <header><h2>"Latest loads"</h2></header>
            {if loads.is_empty() {
                view! { <p class="muted">"Nothing has been loaded yet."</p> }.into_any()
            } else {
                view! {
                    <div class="scroll" tabindex="0" role="region" aria-label="Latest loads">
                        <table>
                            <thead><tr>
                                <th>"Landed"</th><th>"Stream"</th><th class="right">"Records"</th>
                                <th class="right">"Object"</th><th class="right">"COPY"</th><th>"State"</th>
                            </tr></thead>
                            <tbody>{loads.into_iter().map(load_row).collect_view()}</tbody>
                        </table>
                    </div>
                }.into_any()
            }}
        </section>
    }
}

fn load_row(load: LoadRow) -> impl IntoView {
    let landed = format!("{}.{:03}", time::dated_clock(load.loaded_at), load.loaded_at.rem_euclid(1_000));
    view! {
        <tr>
            <td>{landed}</td>
            <td>{load.stream}</td>
            <td class="right">{words::count(load.records)}</td>
            <td class="right" title=load.object>{words::bytes(load.object_bytes)}</td>
            <td class="right">{format!("{:.1}\u{a0}ms", load.copy_ms)}</td>
            <td><span class="tag">"loaded"</span></td>
        </tr>
    }
}
