//! Which attempts count, and as of when: stated, and switchable.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::Page;
use crate::api::Millis;
use crate::api::class::{Arrivals, arrivals};
use crate::api::results::Attempts;
use crate::browser::time;
use crate::state::moments::{moments, stop_of};

/// One line under the freshness line.
#[component]
pub(super) fn Filters(page: Page) -> impl IntoView {
    let attempts = Memo::new(move |_| page.looking.view.get().attempts);
    let is_past = Memo::new(move |_| page.looking.view.get().as_of.is_some());
    let known = RwSignal::new(Vec::<Arrivals>::new());
    let fetch = move || {
        spawn_local(async move {
            match arrivals(page.assignment).await {
                Ok(found) => {
                    known.try_set(found);
                }
                Err(error) => {
                    page.problem.try_set(Some(format!("The past cannot be shown: {error}.")));
                }
            }
        });
    };
    if is_past.get_untracked() {
        fetch();
    }
    let to_past = move || {
        spawn_local(async move {
            let found = arrivals(page.assignment).await.unwrap_or_default();
            let stops = moments(&found, page.clock.now_untracked());
            known.try_set(found);
            match stops.last() {
                Some(last) => page.looking.change(|looking| looking.as_of = Some(*last)),
                None => {
                    let nothing = "There is no past to look at yet: it begins a minute after the first answer.";
                    page.problem.try_set(Some(nothing.to_owned()));
                }
            }
        });
    };
    let to_now = move || {
        page.problem.set(None);
        page.looking.change(|looking| looking.as_of = None);
    };
    view! {
        <div class="filters">
            <label>
                <span class="hidden">"Which attempts count"</span>
                <select
                    on:change:target=move |e| {
                        let rule = Attempts::of_name(&e.target().value()).unwrap_or_default();
                        page.looking.change(|looking| looking.attempts = rule);
                    }
                    prop:value=move || attempts.get().name()
                >
                    {Attempts::RULES.map(|rule| view! {
                        <option value=rule.name() selected=move || attempts.get() == rule>{rule.label()}</option>
                    })}
                </select>
            </label>
            <div class="seg" role="group" aria-label="As of">
                <button type="button" aria-pressed=move || (!is_past.get()).to_string() on:click=move |_| to_now()>"Now"</button>
                <button type="button" aria-pressed=move || is_past.get().to_string() on:click=move |_| to_past()>"Earlier"</button>
            </div>
            {move || is_past.get().then(|| view! { <Slider page known /> })}
        </div>
    }
}

#[component]
fn Slider(page: Page, known: RwSignal<Vec<Arrivals>>) -> impl IntoView {
    // The stops do not move while somebody drags.
    let stops = Memo::new(move |_| known.with(|known| moments(known, page.clock.now_untracked())));
    let as_of = move || page.looking.view.get().as_of.unwrap_or_default();
    let place = move || stops.with(|stops| stop_of(stops, as_of()));
    let most = move || stops.with(|stops| stops.len().saturating_sub(1)).to_string();
    let says = move |at: Millis| stops.with(|stops| worded(at, stops));
    let go = move |place: usize| {
        if let Some(at) = stops.with_untracked(|stops| stops.get(place).copied()) {
            page.looking.change(|looking| looking.as_of = Some(at));
        }
    };
    view! {
        <input
            type="range" min="0" max=most step="1"
            aria-label="As of"
            aria-valuetext=move || says(as_of())
            prop:value=move || place().to_string()
            on:input:target=move |e| go(e.target().value().parse().unwrap_or(0))
        />
        <output>{move || says(as_of())}</output>
    }
}

/// A time of day; with its date where the stops are of several days.
fn worded(at: Millis, stops: &[Millis]) -> String {
    let one_day = stops.first().zip(stops.last()).is_none_or(|(first, last)| time::date(*first) == time::date(*last));
    if one_day { time::hour_minute(at) } else { format!("{} {}", time::date(at), time::hour_minute(at)) }
}
