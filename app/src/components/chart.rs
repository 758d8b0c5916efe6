//! A canvas that shows a picture: sharp on any screen, redrawn when its data, its size or the theme changes.
//!
//! Owns the gliding from one picture to the next, and what lies over the bars for keyboard and screen reader. Does not own what is drawn.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::html::Canvas;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{HtmlCanvasElement, ResizeObserver};

use crate::browser::events::Listener;
use crate::browser::{self, time};
use crate::charts::canvas::{paint, scale_of};
use crate::charts::draw::Place;
use crate::charts::model::{Picture, between};

const GLIDE_MS: f64 = 150.0;

/// A bar of a chart, for keyboard and screen reader: a real element over it, which arrow keys go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Names it.
    pub id: i64,
    /// What a screen reader says.
    pub label: String,
    /// Whether it is selected; absent where a bar cannot be.
    pub pressed: Option<bool>,
}

/// The chart and its caption.
#[component]
pub fn Chart(
    /// What is shown.
    #[prop(into)]
    picture: Signal<Picture>,
    /// What the chart says, in words.
    #[prop(into)]
    caption: Signal<String>,
    /// What lies over the bars, in the picture's order.
    #[prop(into, default = Signal::derive(Vec::new))]
    bars: Signal<Vec<Bar>>,
    /// Called with the id of the bar that was selected.
    #[prop(default = Callback::new(|_| {}))]
    select: Callback<i64>,
    /// How many times as large as elsewhere it is drawn, where there is room.
    #[prop(default = 1.0)]
    scale: f64,
    /// Whether it is no larger than what is left of the screen below its beginning.
    #[prop(default = false)]
    fits: bool,
) -> impl IntoView {
    let canvas = NodeRef::<Canvas>::new();
    let places = RwSignal::new(Vec::<Place>::new());
    let glide = StoredValue::new_local(Glide::new(scale, fits, places));
    let active = RwSignal::new(None::<i64>);
    // One stop for Tab: where the arrow keys have led, else what is selected, else the first.
    let stop = Memo::new(move |_| {
        let active = active.get();
        bars.with(|bars| {
            let found = bars.iter().find(|bar| active == Some(bar.id));
            found.or_else(|| bars.iter().find(|bar| bar.pressed == Some(true))).or(bars.first()).map(|bar| bar.id)
        })
    });
    let watching = StoredValue::new_local(None::<Watching>);
    Effect::new(move || {
        let Some(canvas) = canvas.get() else { return };
        glide.get_value().go_to(&canvas, picture.get());
    });
    Effect::new(move || {
        let Some(canvas) = canvas.get() else { return };
        watching.set_value(Watching::start(&canvas, &glide.get_value()));
    });
    view! {
        <figure class="chart" translate="no">
            <div class="plane">
                <canvas node_ref=canvas role="img" aria-label=caption></canvas>
                <div class="bars" on:keydown=move_focus>
                    <For each=move || bars.get() key=|bar| bar.id let:bar><Over bar bars places select stop active /></For>
                </div>
            </div>
            <figcaption>{caption}</figcaption>
        </figure>
    }
}

/// What lies over one bar: a button where it can be selected. Tab leads to one of them, arrow keys to the others.
#[component]
fn Over(
    bar: Bar,
    bars: Signal<Vec<Bar>>,
    places: RwSignal<Vec<Place>>,
    select: Callback<i64>,
    stop: Memo<Option<i64>>,
    active: RwSignal<Option<i64>>,
) -> impl IntoView {
    let id = bar.id;
    let tabindex = move || if stop.get() == Some(id) { "0" } else { "-1" };
    let take = move |_| active.set(Some(id));
    let now = Memo::new(move |_| {
        bars.with(|bars| bars.iter().enumerate().find(|(_, bar)| bar.id == id).map(|(at, bar)| (at, bar.clone())))
    });
    let place = Memo::new(move |_| {
        let at = now.with(|now| now.as_ref().map_or(0, |(at, _)| *at));
        places.with(|places| places.get(at).copied().unwrap_or_default())
    });
    // One property each: the page's policy refuses style as text.
    let px = move |of: fn(Place) -> i32| move || format!("{}px", of(place.get()));
    let (left, top, width, height) = (px(|p| p.left), px(|p| p.top), px(|p| p.width), px(|p| p.height));
    let label = move || now.with(|now| now.as_ref().map(|(_, bar)| bar.label.clone()));
    let pressed = move || now.with(|now| now.as_ref().and_then(|(_, bar)| bar.pressed).unwrap_or_default());
    if bar.pressed.is_some() {
        return view! {
            <button type="button" tabindex=tabindex style:left=left style:top=top style:width=width style:height=height
                aria-pressed=move || pressed().to_string() aria-label=label on:focus=take on:click=move |_| select.run(id)></button>
        }
        .into_any();
    }
    view! {
        <span role="img" tabindex=tabindex style:left=left style:top=top style:width=width style:height=height
            aria-label=label on:focus=take></span>
    }
    .into_any()
}

/// Arrow keys go from bar to bar.
#[expect(clippy::needless_pass_by_value, reason = "the signature of an event handler")]
fn move_focus(event: web_sys::KeyboardEvent) {
    let Some(button) = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlElement>().ok()) else { return };
    let neighbour = match event.key().as_str() {
        "ArrowDown" | "ArrowRight" => button.next_element_sibling(),
        "ArrowUp" | "ArrowLeft" => button.previous_element_sibling(),
        "Home" => button.parent_element().and_then(|all| all.first_element_child()),
        "End" => button.parent_element().and_then(|all| all.last_element_child()),
        _ => return,
    };
    event.prevent_default();
    if let Some(neighbour) = neighbour.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        // Only what has just been taken away cannot be focused.
        let _ = neighbour.focus();
    }
}

/// The way from the picture that is shown to the one that should be. Clones share.
#[derive(Clone)]
struct Glide {
    way: Rc<RefCell<Way>>,
    scale: f64,
    fits: bool,
    places: RwSignal<Vec<Place>>,
}

#[derive(Default)]
struct Way {
    from: Option<Picture>,
    to: Option<Picture>,
    began: f64,
    running: bool,
    /// The scale for what it leads to, and the width and the room that the scale was worked out for: to do so takes many
    /// times as long as to draw.
    scale: Option<((i32, Option<f64>), f64)>,
}

impl Way {
    /// What to show now, and whether that is the end.
    fn at(&self, now: f64) -> Option<(Picture, bool)> {
        let to = self.to.as_ref()?;
        let t = ((now - self.began) / GLIDE_MS).clamp(0.0, 1.0);
        match &self.from {
            Some(from) if t < 1.0 => Some((between(from, to, t), false)),
            _ => Some((to.clone(), true)),
        }
    }
}

impl Glide {
    fn new(scale: f64, fits: bool, places: RwSignal<Vec<Place>>) -> Self {
        Self { way: Rc::default(), scale, fits, places }
    }

    fn go_to(&self, canvas: &HtmlCanvasElement, picture: Picture) {
        let mut way = self.way.borrow_mut();
        let now = time::steady() as f64;
        let shown = way.at(now).map(|(picture, _)| picture);
        way.from = shown.filter(|_| !browser::wants_less_motion());
        way.to = Some(picture);
        way.scale = None;
        way.began = now;
        if !way.running {
            way.running = true;
            drop(way);
            self.clone().frame(canvas.clone());
        }
    }

    /// One frame, and the next one until the end.
    fn frame(self, canvas: HtmlCanvasElement) {
        request_animation_frame(move || {
            if self.paint(&canvas) {
                self.way.borrow_mut().running = false;
            } else {
                self.frame(canvas);
            }
        });
    }

    /// Paints what is to be shown now; returns whether that is the end.
    fn paint(&self, canvas: &HtmlCanvasElement) -> bool {
        let Some((picture, done)) = self.way.borrow().at(time::steady() as f64) else { return true };
        let places = paint(canvas, &picture, &browser::theme(), self.scale_on(canvas));
        if self.places.try_with_untracked(|known| *known != places).unwrap_or(false) {
            self.places.set(places);
        }
        done
    }

    /// The scale at which the whole way is drawn.
    fn scale_on(&self, canvas: &HtmlCanvasElement) -> f64 {
        let room = self.fits.then(|| room_below(canvas));
        let place = (canvas.client_width(), room);
        let mut way = self.way.borrow_mut();
        if let Some((_, scale)) = way.scale.filter(|(known, _)| *known == place) {
            return scale;
        }
        let scale = way.to.as_ref().map_or(1.0, |to| scale_of(canvas, to, self.scale, room));
        way.scale = Some((place, scale));
        scale
    }
}

/// What is left of the screen from the canvas's beginning on, without its caption and the bar at the foot.
fn room_below(canvas: &HtmlCanvasElement) -> f64 {
    const FOOT: f64 = 190.0;
    browser::visible_height() - canvas.get_bounding_client_rect().top().max(0.0) - FOOT
}

/// Repaints when the canvas is resized, and when the theme or the screen's pixels change.
struct Watching {
    observer: ResizeObserver,
    _on_resize: Closure<dyn Fn()>,
    _listeners: Vec<Listener>,
}

impl Watching {
    fn start(canvas: &HtmlCanvasElement, glide: &Glide) -> Option<Self> {
        let repaint = {
            let (canvas, glide) = (canvas.clone(), glide.clone());
            move || {
                glide.paint(&canvas);
            }
        };
        let on_resize = Closure::<dyn Fn()>::new(repaint.clone());
        let observer = ResizeObserver::new(on_resize.as_ref().unchecked_ref()).ok()?;
        observer.observe(canvas.parent_element().as_ref()?);
        let window = web_sys::window()?;
        let listeners = ["(prefers-color-scheme: dark)", "(forced-colors: active)", "print"]
            .iter()
            .filter_map(|query| window.match_media(query).ok()?)
            .filter_map(|query| {
                let repaint = repaint.clone();
                Listener::new(query.as_ref(), "change", move |_| repaint())
            })
            .chain(Listener::on_window("resize", repaint.clone()))
            .collect();
        Some(Self { observer, _on_resize: on_resize, _listeners: listeners })
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
