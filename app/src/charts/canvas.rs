//! The browser's canvas as a plotters backend: CSS pixels outside, the screen's own pixels inside.
//!
//! `plotters-canvas` takes a canvas's backing size for its plane and knows nothing of device pixels. This backend
//! gives it a scaled context and the CSS size, and measures text with `measureText` instead of touching the page.

use plotters::prelude::DrawingBackend;
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind};
use plotters_canvas::CanvasBackend;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::draw::{self, FONT, Place};
use super::model::Picture;
use super::theme::Theme;

type Result<T> = std::result::Result<T, DrawingErrorKind<<CanvasBackend as DrawingBackend>::ErrorType>>;

/// A canvas whose plane is counted in CSS pixels.
struct SharpCanvas {
    inner: CanvasBackend,
    context: CanvasRenderingContext2d,
    size: (u32, u32),
}

/// Where a canvas has less room than this for each time that it is drawn larger, it is drawn less large.
const NARROWEST: f64 = 480.0;

/// How many times as large as elsewhere a picture is drawn on a canvas: up to `most`, where the canvas has the width for
/// it, and no larger than fits into `room`, if there is a limit to its height.
#[must_use]
pub fn scale_of(canvas: &HtmlCanvasElement, picture: &Picture, most: f64, room: Option<f64>) -> f64 {
    let most = most.min(f64::from(canvas.client_width()) / NARROWEST).max(1.0);
    room.map_or(most, |room| largest(canvas, picture, most, room))
}

/// Draws a picture over the whole width of a canvas, `scale` times as large as elsewhere, and gives the canvas the height
/// that the picture needs. Nothing is drawn on a canvas without a width, as a hidden one. Returns where its bars lie, in
/// CSS pixels.
pub fn paint(canvas: &HtmlCanvasElement, picture: &Picture, theme: &Theme, scale: f64) -> Vec<Place> {
    let width = (f64::from(canvas.client_width()) / scale).round() as i32;
    if width <= 0 {
        return Vec::new();
    }
    let ratio = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio()).max(1.0);
    // A canvas that cannot be drawn on leaves the table, which says the same.
    let Some(height) = paint_at(canvas, picture, theme, width, ratio * scale) else { return Vec::new() };
    let css = |length: i32| (f64::from(length) * scale).round() as i32;
    let _ = canvas.style().set_property("height", &format!("{}px", css(height)));
    let Some(context) = context_of(canvas) else { return Vec::new() };
    let measure = |words: &str, size: i32| width_of(&context, words, size);
    let scaled = |place: Place| Place {
        left: css(place.left),
        top: css(place.top),
        width: css(place.width),
        height: css(place.height),
    };
    draw::places(picture, width, &measure).into_iter().map(scaled).collect()
}

/// The largest scale, in steps of an eighth, at which a picture is no higher than the room for it.
fn largest(canvas: &HtmlCanvasElement, picture: &Picture, most: f64, room: f64) -> f64 {
    let Some(context) = context_of(canvas) else { return most };
    let measure = |words: &str, size: i32| width_of(&context, words, size);
    let fits = |scale: &f64| {
        let width = (f64::from(canvas.client_width()) / scale).round() as i32;
        f64::from(draw::height(picture, width, &measure)) * scale <= room
    };
    let steps = ((most - 1.0) * 8.0).floor().max(0.0) as i32;
    (0..=steps).rev().map(|step| 1.0 + f64::from(step) / 8.0).find(fits).unwrap_or(1.0)
}

/// Draws a picture at a width, with so many pixels for each of its own, and returns its height.
pub fn paint_at(canvas: &HtmlCanvasElement, picture: &Picture, theme: &Theme, width: i32, ratio: f64) -> Option<i32> {
    let context = context_of(canvas)?;
    let measure = |words: &str, size: i32| width_of(&context, words, size);
    let height = draw::height(picture, width, &measure);
    let size = (width.unsigned_abs(), height.unsigned_abs());
    let backend = SharpCanvas::new(canvas, &context, size, ratio)?;
    draw::draw(backend, picture, theme, &measure).ok()?;
    Some(height)
}

fn context_of(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}

fn width_of(context: &CanvasRenderingContext2d, words: &str, size: i32) -> f64 {
    context.set_font(&format!("{size}px {FONT}"));
    context.measure_text(words).map_or(0.0, |metrics| metrics.width())
}

impl SharpCanvas {
    fn new(
        canvas: &HtmlCanvasElement,
        context: &CanvasRenderingContext2d,
        size: (u32, u32),
        ratio: f64,
    ) -> Option<Self> {
        let backing = |css: u32| (f64::from(css) * ratio).round() as u32;
        let (width, height) = (backing(size.0), backing(size.1));
        // Setting a size clears the canvas, even the same size again.
        if (canvas.width(), canvas.height()) != (width, height) {
            canvas.set_width(width);
            canvas.set_height(height);
        }
        context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0).ok()?;
        let inner = CanvasBackend::with_canvas_object(canvas.clone())?;
        Some(Self { inner, context: context.clone(), size })
    }
}

impl DrawingBackend for SharpCanvas {
    type ErrorType = <CanvasBackend as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Result<()> {
        self.inner.ensure_prepared()
    }

    fn present(&mut self) -> Result<()> {
        self.inner.present()
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Result<()> {
        self.inner.draw_pixel(point, color)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Result<()> {
        self.inner.draw_line(from, to, style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Result<()> {
        self.inner.draw_rect(upper_left, bottom_right, style, fill)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Result<()> {
        self.inner.draw_path(path, style)
    }

    fn draw_circle<S: BackendStyle>(&mut self, center: BackendCoord, radius: u32, style: &S, fill: bool) -> Result<()> {
        self.inner.draw_circle(center, radius, style, fill)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vertices: I,
        style: &S,
    ) -> Result<()> {
        self.inner.fill_polygon(vertices, style)
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Result<()> {
        self.inner.draw_text(text, style, at)
    }

    fn estimate_text_size<S: BackendTextStyle>(&self, text: &str, style: &S) -> Result<(u32, u32)> {
        let size = style.size().round();
        Ok((width_of(&self.context, text, size as i32).ceil() as u32, size as u32))
    }
}
