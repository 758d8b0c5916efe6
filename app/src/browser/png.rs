//! A chart as a file: with a title above it, and what it stands for below.

use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::charts::canvas::paint_at;
use crate::charts::draw::{FONT, wrap};
use crate::charts::model::Picture;
use crate::charts::theme::Theme;

// All lengths are CSS pixels.
const WIDTH: f64 = 960.0;
const MARGIN: f64 = 24.0;
/// What is left between the margins.
const ROOM: f64 = WIDTH - 2.0 * MARGIN;
/// Pixels for each CSS pixel, enough for a printed page.
const RATIO: f64 = 2.0;

/// From the top to the foot of the title's first line.
const TITLE: f64 = 38.0;
const TITLE_LINE: f64 = 25.0;
/// From the foot of the title to the chart.
const GAP: f64 = 18.0;
/// From the chart to the foot of the stamp.
const STAMP: f64 = 28.0;
const FOOT: f64 = 20.0;

/// Offers the picture as a file, in the light theme.
pub fn save(name: &str, picture: &Picture, title: &str, stamp: &str) {
    // Without a canvas there is no chart on the page either.
    let Some(address) = drawn(picture, title, stamp) else { return };
    super::offer(name, &address);
}

fn drawn(picture: &Picture, title: &str, stamp: &str) -> Option<String> {
    let (title_font, stamp_font) = (format!("600 18px {FONT}"), format!("12px {FONT}"));
    let chart = canvas()?;
    let chart_height = f64::from(paint_at(&chart, picture, &Theme::LIGHT, ROOM as i32, RATIO)?);
    let page = canvas()?;
    let context: CanvasRenderingContext2d = page.get_context("2d").ok()??.dyn_into().ok()?;
    // Before the page has its size, which puts the font back.
    context.set_font(&title_font);
    let lines = wrap(title, ROOM, |words| context.measure_text(words).map_or(0.0, |metrics| metrics.width()));
    let chart_top = TITLE + TITLE_LINE * (lines.len() - 1) as f64 + GAP;
    let height = chart_top + chart_height + STAMP + FOOT;

    page.set_width((WIDTH * RATIO) as u32);
    page.set_height((height * RATIO) as u32);
    context.scale(RATIO, RATIO).ok()?;
    context.set_fill_style_str("#ffffff");
    context.fill_rect(0.0, 0.0, WIDTH, height);
    context.set_fill_style_str("#1b1d21");
    context.set_font(&title_font);
    for (place, line) in lines.iter().enumerate() {
        context.fill_text(line, MARGIN, TITLE + TITLE_LINE * place as f64).ok()?;
    }
    context.draw_image_with_html_canvas_element_and_dw_and_dh(&chart, MARGIN, chart_top, ROOM, chart_height).ok()?;
    context.set_fill_style_str("#565c67");
    context.set_font(&stamp_font);
    context.fill_text_with_max_width(stamp, MARGIN, chart_top + chart_height + STAMP, ROOM).ok()?;
    page.to_data_url().ok()
}

fn canvas() -> Option<HtmlCanvasElement> {
    super::document()?.create_element("canvas").ok()?.dyn_into().ok()
}
