//! Two or three ways to look at the same thing, side by side.

use leptos::prelude::*;

/// The frame around the segments.
#[component]
pub fn Segments(
    /// What is being chosen, for a screen reader.
    label: &'static str,
    /// [`Segment`]s.
    children: Children,
) -> impl IntoView {
    view! { <div class="seg" role="group" aria-label=label>{children()}</div> }
}

/// A chart, or the same as a table.
#[component]
pub fn ChartOrTable(
    /// What is being chosen, for a screen reader.
    label: &'static str,
    /// True for the table.
    as_table: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <Segments label>
            <Segment label="Chart" pressed=Signal::derive(move || !as_table.get()) press=move || as_table.set(false) />
            <Segment label="Table" pressed=as_table press=move || as_table.set(true) />
        </Segments>
    }
}

/// One of the ways.
#[component]
pub fn Segment(
    /// Whether it is the one.
    #[prop(into)]
    pressed: Signal<bool>,
    /// Makes it the one.
    press: impl Fn() + 'static,
    /// What it is called.
    label: &'static str,
) -> impl IntoView {
    view! {
        <button type="button" aria-pressed=move || pressed.get().to_string() on:click=move |_| press()>
            {label}
        </button>
    }
}
