//! A canvas that shows a picture: sharp on any screen, redrawn when its data, its size or the theme changes.
//!
//! Owns the gliding from one picture to the next and the buttons that lie over rows. Does not own what is drawn.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::html::Canvas;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{HtmlCanvasElement, ResizeObserver};

use crate::browser::events::Listener;
use crate::browser::{self, time};
use crate::charts::canvas::paint;
use crate::charts::model::{Picture, between};

const GLIDE_MS: f64 = 150.0;

/// A row of a chart that can be selected, as a real button over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowButton {
    /// What it selects.
    pub id: i64,
    /// What a screen reader says.
    pub label: String,
    /// Whether it is selected.
    pub pressed: bool,
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
    /// Buttons over the rows, from the top; all rows are of one height.
    #[prop(into, default = Signal::derive(Vec::new))]
    rows: Signal<Vec<RowButton>>,
    /// Called with the id of the row that was selected.
    #[prop(default = Callback::new(|_| {}))]
    select: Callback<i64>,
    /// How many times as large as elsewhere it is drawn.
    #[prop(default = 1.0)]
    scale: f64,
) -> impl IntoView {
    let canvas = NodeRef::<Canvas>::new();
    let glide = StoredValue::new_local(Glide::scaled(scale));
    let watching = StoredValue::new_local(None::<Watching>);
    Effect::new(move || {
        let Some(canvas) = canvas.get() else { return };
        glide.get_value().go_to(&canvas, picture.get());
    });
    Effect::new(move || {
        let Some(canvas) = canvas.get() else { return };
        watching.set_value(Watching::start(&canvas, &glide.get_value()));
    });
    let row = move |id| rows.with(|rows| rows.iter().find(|row| row.id == id).cloned());
    view! {
        <figure class="chart">
            <div class="plane">
                <canvas node_ref=canvas role="img" aria-label=caption></canvas>
                <div class="rows" on:keydown=move_focus>
                    <For each=move || rows.get() key=|row| row.id let:button>
                        <button
                            type="button"
                            aria-pressed=move || row(button.id).is_some_and(|row| row.pressed).to_string()
                            aria-label=move || row(button.id).map(|row| row.label)
                            on:click=move |_| select.run(button.id)
                        ></button>
                    </For>
                </div>
            </div>
            <figcaption>{caption}</figcaption>
        </figure>
    }
}

/// Arrow keys go from row to row.
#[expect(clippy::needless_pass_by_value, reason = "the signature of an event handler")]
fn move_focus(event: web_sys::KeyboardEvent) {
    let Some(button) = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlElement>().ok()) else { return };
    let neighbour = match event.key().as_str() {
        "ArrowDown" => button.next_element_sibling(),
        "ArrowUp" => button.previous_element_sibling(),
        _ => return,
    };
    event.prevent_default();
    if let Some(neighbour) = neighbour.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        // Only a button that has just been taken away cannot be focused.
        let _ = neighbour.focus();
    }
}

/// The way from the picture that is shown to the one that should be. Clones share.
#[derive(Clone)]
struct Glide {
    way: Rc<RefCell<Way>>,
    scale: f64,
}

#[derive(Default)]
struct Way {
    from: Option<Picture>,
    to: Option<Picture>,
    began: f64,
    running: bool,
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
    fn scaled(scale: f64) -> Self {
        Self { way: Rc::default(), scale }
    }

    fn go_to(&self, canvas: &HtmlCanvasElement, picture: Picture) {
        let mut way = self.way.borrow_mut();
        let now = time::now() as f64;
        let shown = way.at(now).map(|(picture, _)| picture);
        way.from = shown.filter(|_| !browser::wants_less_motion());
        way.to = Some(picture);
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
        let Some((picture, done)) = self.way.borrow().at(time::now() as f64) else { return true };
        paint(canvas, &picture, &browser::theme(), self.scale);
        done
    }
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
        let listeners = ["(prefers-color-scheme: dark)", "(forced-colors: active)"]
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
