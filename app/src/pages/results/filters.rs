//! Which attempts count, and as of when: stated, and switchable.

use leptos::prelude::*;

use super::page::Page;
use crate::api::functions::arrivals;
use crate::api::results::Attempts;
use crate::api::{ApiError, Millis};
use crate::browser::asking::Asking;
use crate::browser::time;
use crate::browser::transport::within;
use crate::state::moments::{last_minute, moments, stop_of};

/// One line under the freshness line.
#[component]
pub(super) fn Filters(page: Page) -> impl IntoView {
    let attempts = Memo::new(move |_| page.looking.view.get().attempts);
    let is_past = Memo::new(move |_| page.looking.view.get().as_of.is_some());
    let to_past = move || {
        let before = last_minute(page.clock.now_untracked());
        page.looking.change(|looking| looking.as_of = looking.as_of.or(Some(before)));
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
                >
                    {Attempts::RULES.map(|rule| view! {
                        <option value=rule.name() prop:selected=move || attempts.get() == rule>{rule.label()}</option>
                    })}
                </select>
            </label>
            <div class="seg" role="group" aria-label="As of">
                <button type="button" aria-pressed=move || (!is_past.get()).to_string() node_ref=page.now_button on:click=move |_| page.to_now()>"Now"</button>
                <button type="button" aria-pressed=move || is_past.get().to_string() on:click=move |_| to_past()>"Earlier"</button>
            </div>
            {move || is_past.get().then(|| view! { <Slider page /> })}
        </div>
    }
}

/// Stops at the minutes in which answers came; nothing where none has.
#[component]
fn Slider(page: Page) -> impl IntoView {
    let stops = RwSignal::new(Vec::<Millis>::new());
    Asking::at_once(move || async move {
        let answer = within(arrivals(page.assignment)).await;
        let ended = answer.as_ref().map(|_| ()).map_err(ApiError::clone);
        let found = page.answer(answer, "The minutes of the past cannot be shown");
        stops.try_set(moments(&found.unwrap_or_default(), page.clock.now_untracked()));
        ended
    });
    let as_of = move || page.looking.view.get().as_of.unwrap_or_default();
    let place = move || stops.with(|stops| stop_of(stops, as_of()));
    let most = move || stops.with(|stops| stops.len().saturating_sub(1)).to_string();
    let says = move || stops.with(|stops| worded(as_of(), stops));
    let go = move |place: usize| {
        if let Some(at) = stops.with_untracked(|stops| stops.get(place).copied()) {
            page.looking.slide(|looking| looking.as_of = Some(at));
        }
    };
    let is_there = Memo::new(move |_| !stops.with(Vec::is_empty));
    view! {
        {move || is_there.get().then(|| view! {
            <input
                type="range" min="0" max=most step="1"
                aria-label="As of"
                aria-valuetext=says
                prop:value=move || place().to_string()
                on:input:target=move |e| go(e.target().value().parse().unwrap_or(0))
            />
        })}
        <output translate="no">{says}</output>
    }
}

/// A time of day; with its date where the stops are of several days.
fn worded(at: Millis, stops: &[Millis]) -> String {
    let one_day = stops.first().zip(stops.last()).is_none_or(|(first, last)| time::date(*first) == time::date(*last));
    if one_day { time::hour_minute(at) } else { format!("{} {}", time::date(at), time::hour_minute(at)) }
}
