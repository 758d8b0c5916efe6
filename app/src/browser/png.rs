//! A chart as a file: with a title above it, and what it stands for below.

use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::charts::canvas::paint_at;
use crate::charts::draw::FONT;
use crate::charts::model::Picture;
use crate::charts::theme::Theme;

/// CSS pixels.
const WIDTH: f64 = 960.0;
const MARGIN: f64 = 24.0;
/// Pixels for each CSS pixel, enough for a printed page.
const RATIO: f64 = 2.0;

/// Offers the picture as a file, in the light theme.
pub fn save(name: &str, picture: &Picture, title: &str, stamp: &str) {
    // Without a canvas there is no chart on the page either.
    let Some(address) = drawn(picture, title, stamp) else { return };
    super::offer(name, &address);
}

fn drawn(picture: &Picture, title: &str, stamp: &str) -> Option<String> {
    let chart = canvas()?;
    let height = paint_at(&chart, picture, &Theme::LIGHT, (WIDTH - 2.0 * MARGIN) as i32, RATIO)?;
    let page = canvas()?;
    page.set_width((WIDTH * RATIO) as u32);
    page.set_height(((f64::from(height) + 104.0) * RATIO) as u32);
    let context: CanvasRenderingContext2d = page.get_context("2d").ok()??.dyn_into().ok()?;
    context.scale(RATIO, RATIO).ok()?;
    context.set_fill_style_str("#ffffff");
    context.fill_rect(0.0, 0.0, WIDTH, f64::from(height) + 104.0);
    context.set_fill_style_str("#1b1d21");
    context.set_font(&format!("600 18px {FONT}"));
    context.fill_text_with_max_width(title, MARGIN, 38.0, WIDTH - 2.0 * MARGIN).ok()?;
    let (width, chart_height) = (WIDTH - 2.0 * MARGIN, f64::from(height));
    context.draw_image_with_html_canvas_element_and_dw_and_dh(&chart, MARGIN, 56.0, width, chart_height).ok()?;
    context.set_fill_style_str("#565c67");
    context.set_font(&format!("12px {FONT}"));
    context.fill_text_with_max_width(stamp, MARGIN, chart_height + 84.0, WIDTH - 2.0 * MARGIN).ok()?;
    page.to_data_url().ok()
}

fn canvas() -> Option<HtmlCanvasElement> {
    super::document()?.create_element("canvas").ok()?.dyn_into().ok()
}
