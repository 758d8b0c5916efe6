//! The pipeline, for admins: every stage's pace, the heartbeat, the newest loads.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::api::freshness::State;
use crate::api::pipeline::{LoadRow, ParkedBatch, Pipeline, StageStatus, StreamStatus, pipeline};
use crate::browser::{http, is_visible, time};
use crate::components::{FreshLine, Problem, StaffPage, Ticking};
use crate::state::freshness::{Indicator, others, worst};
use crate::state::words;

const POLL: Duration = Duration::from_secs(2);

/// Asks every two seconds while somebody looks.
#[component]
pub fn PipelinePage() -> impl IntoView {
    crate::browser::set_title("Pipeline");
    view! { <StaffPage><Stages /></StaffPage> }
}

#[component]
fn Stages() -> impl IntoView {
    let clock = Ticking::get();
    let known = RwSignal::new(None::<Pipeline>);
    let problem = RwSignal::new(None::<String>);
    let ask = move || {
        spawn_local(async move {
            match pipeline().await {
                Ok(pipeline) => {
                    clock.learn(pipeline.now);
                    known.try_set(Some(pipeline));
                    problem.try_set(None);
                }
                Err(error) => {
                    problem.try_set(Some(format!("The pipeline cannot be read: {error}.")));
                }
            }
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
    let indicator = Signal::derive(move || {
        let verdict = known.with(|known| worst(&known.as_ref()?.streams, clock.now(), time::clock));
        verdict.unwrap_or(Indicator { state: State::Unknown, sentence: "Not measured yet".to_owned() })
    });
    let detail = Signal::derive(move || {
        known.with(|known| known.as_ref().map(|p| others(&p.streams, clock.now())).unwrap_or_default())
    });
    view! {
        <div class="head"><div>
            <h1>"Pipeline"</h1>
            <p class="muted">"How an answer gets from a student to a chart"</p>
        </div></div>
        <FreshLine indicator detail />
        <Problem message=problem />
        {move || known.get().map(|pipeline| view! {
            {pipeline.streams.into_iter().map(|stream| view! { <StreamCard stream problem ask /> }).collect_view()}
            <Loads loads=pipeline.loads />
        })}
    }
}

#[component]
fn StreamCard(
    stream: StreamStatus,
    problem: RwSignal<Option<String>>,
    ask: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let none =
        if stream.freshness.heartbeat_every_ms.is_some() { "no heartbeat has gone the whole way yet" } else { "" };
    let heartbeat = stream.heartbeat.map_or_else(
        || none.to_owned(),
        |beat| format!("heartbeat {} · {}\u{a0}ms through the whole way", time::clock(beat.sent_at), beat.took_ms),
    );
    view! {
        <section class="card">
            <header><h2>{stream.name.clone()}</h2><span class="r small muted">{heartbeat}</span></header>
            <ol class="flow">
                {stream.stages.into_iter().map(|stage| view! { <li><Stage stage /></li> }).collect_view()}
            </ol>
            {(!stream.parked.is_empty()).then(|| view! {
                <ParkedBatches name=stream.name parked=stream.parked problem ask />
            })}
        </section>
    }
}

/// What the stream went on without, why, and a way to try again.
#[component]
fn ParkedBatches(
    name: String,
    parked: Vec<ParkedBatch>,
    problem: RwSignal<Option<String>>,
    ask: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let records = parked.iter().map(|batch| batch.records).sum::<u64>();
    let batches = if parked.len() == 1 { "1 batch".to_owned() } else { format!("{} batches", parked.len()) };
    let records = words::of(records as i64, "record");
    let sentence = format!(
        "{batches} with {records} parked: COPY refused them, and the stream went on. All lie safe in the lake."
    );
    let busy = RwSignal::new(false);
    let replay = move |_| {
        let name = name.clone();
        busy.set(true);
        spawn_local(async move {
            let outcome = http::replay(&name).await;
            busy.try_set(false);
            problem.try_set(outcome.err().map(|error| format!("The batches are still parked: {error}.")));
            ask();
        });
    };
    let row = |batch: ParkedBatch| {
        view! {
            <tr>
                <td>{time::clock(batch.parked_at)}</td>
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
                <button type="button" class="btn small r" disabled=busy on:click=replay>
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
        <p class="small muted">{stage.stage}</p>
        <p class="pace">{pace}<small>{unit}</small></p>
        <p class="tiny">{took}</p>
        <p class="tiny">{stage.note}</p>
    }
}

#[component]
fn Loads(loads: Vec<LoadRow>) -> impl IntoView {
    view! {
        <section class="card">
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
    let landed = format!("{}.{:03}", time::clock(load.loaded_at), load.loaded_at.rem_euclid(1_000));
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
