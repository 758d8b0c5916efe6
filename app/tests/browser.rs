//! What only a browser can show: the canvas backend and the storage, in a real Chromium (`tests/wasm.sh`).
//!
//! The browser has two device pixels per CSS pixel.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test stops where the browser says no")]

use app::api::attempts::Joined;
use app::browser::storage;
use app::charts::canvas::paint;
use app::charts::model::{ChoiceBar, Mark, Picture, QuestionBar};
use app::charts::theme::Theme;
use app::state::attempt::Attempt;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

wasm_bindgen_test_configure!(run_in_browser);

const RATIO: f64 = 2.0;

#[wasm_bindgen_test]
fn a_canvas_has_as_many_pixels_as_the_screen() {
    assert_eq!(web_sys::window().unwrap().device_pixel_ratio(), RATIO);
    let canvas = canvas(300);
    paint(&canvas, &questions(2), &Theme::LIGHT, 1.0);
    assert_eq!(canvas.client_width(), 300);
    assert_eq!(f64::from(canvas.width()), 300.0 * RATIO);
    assert_eq!(f64::from(canvas.height()), f64::from(canvas.client_height()) * RATIO);
}

#[wasm_bindgen_test]
fn a_bar_is_drawn_to_its_share_in_the_screens_own_pixels() {
    let canvas = canvas(600);
    let widths = [0.25, 0.5, 1.0].map(|share| {
        let mut bars = bars(1);
        bars[0].share = share;
        paint(&canvas, &Picture::Questions(bars), &Theme::LIGHT, 1.0);
        extent(&canvas, Theme::LIGHT.accent)
    });
    // Within two device pixels a side, for round ends.
    assert!((widths[2] - 2.0 * widths[1]).abs() <= 4.0, "{widths:?}");
    assert!((widths[2] - 4.0 * widths[0]).abs() <= 4.0, "{widths:?}");
    assert!(widths[2] > 200.0, "{widths:?}");
}

#[wasm_bindgen_test]
fn a_second_painting_replaces_the_first() {
    let canvas = canvas(400);
    paint(&canvas, &questions(3), &Theme::LIGHT, 1.0);
    let first = pixels(&canvas);
    paint(&canvas, &questions(1), &Theme::LIGHT, 1.0);
    paint(&canvas, &questions(3), &Theme::LIGHT, 1.0);
    assert!(first == pixels(&canvas), "the same picture is the same pixels");
}

#[wasm_bindgen_test]
fn a_long_choice_is_wrapped_by_its_measured_width() {
    let canvas = canvas(300);
    paint(&canvas, &choice("short"), &Theme::LIGHT, 1.0);
    let short = canvas.client_height();
    paint(&canvas, &choice(&"a choice that goes on and on ".repeat(4)), &Theme::LIGHT, 1.0);
    let long = canvas.client_height();
    assert!(long > short, "{long} > {short}");
}

#[wasm_bindgen_test]
fn a_hidden_canvas_is_left_alone() {
    let canvas = canvas(300);
    canvas.style().set_property("display", "none").unwrap();
    let before = (canvas.width(), canvas.height());
    paint(&canvas, &questions(2), &Theme::LIGHT, 1.0);
    assert_eq!((canvas.width(), canvas.height()), before);
}

#[wasm_bindgen_test]
fn an_attempt_outlives_the_page_that_began_it() {
    let joined = Joined { attempt: "kept-attempt".to_owned(), token: "secret".to_owned() };
    let mut attempt = Attempt::new(joined, 1);
    attempt.toggle_flag(7);
    assert!(storage::save_attempt(&attempt));
    assert_eq!(storage::load_attempt("kept-attempt"), Some(attempt.clone()));
    assert_eq!(storage::unfinished_attempt(), Some(attempt));
}

#[wasm_bindgen_test]
fn what_another_program_left_in_storage_is_no_attempt() {
    let storage = web_sys::window().unwrap().local_storage().unwrap().unwrap();
    storage.set_item("freshmark.attempt.broken", "{\"joined\":").unwrap();
    assert_eq!(storage::load_attempt("broken"), None);
    assert_eq!(storage::load_attempt("never-begun"), None);
}

/// A canvas on the page, `width` CSS pixels wide.
fn canvas(width: u32) -> HtmlCanvasElement {
    let document = web_sys::window().unwrap().document().unwrap();
    let canvas: HtmlCanvasElement = document.create_element("canvas").unwrap().dyn_into().unwrap();
    canvas.style().set_property("display", "block").unwrap();
    canvas.style().set_property("width", &format!("{width}px")).unwrap();
    document.body().unwrap().append_child(&canvas).unwrap();
    canvas
}

fn bars(count: i64) -> Vec<QuestionBar> {
    let bar = |id: i64| QuestionBar {
        id,
        label: format!("Q{id}"),
        share: 0.8,
        range: (0.7, 0.9),
        percent: "80 %".to_owned(),
        n: "n = 28".to_owned(),
        is_low: false,
        is_void: false,
        other: None,
        is_selected: false,
    };
    (1..=count).map(bar).collect()
}

fn questions(count: i64) -> Picture {
    Picture::Questions(bars(count))
}

fn choice(text: &str) -> Picture {
    Picture::Choices(vec![ChoiceBar {
        letter: "A".to_owned(),
        text: text.to_owned(),
        share: 0.5,
        count: "14".to_owned(),
        percent: "50 %".to_owned(),
        mark: Mark::Key,
    }])
}

/// Every pixel, four bytes each.
fn pixels(canvas: &HtmlCanvasElement) -> Vec<u8> {
    let context: CanvasRenderingContext2d = canvas.get_context("2d").unwrap().unwrap().dyn_into().unwrap();
    let (width, height) = (f64::from(canvas.width()), f64::from(canvas.height()));
    context.get_image_data(0.0, 0.0, width, height).unwrap().data().to_vec()
}

/// Device pixels from the first to the last column that holds a colour.
fn extent(canvas: &HtmlCanvasElement, color: plotters::style::RGBColor) -> f64 {
    let width = canvas.width() as usize;
    let of_color = |pixel: &[u8]| *pixel == [color.0, color.1, color.2, 255];
    let columns: Vec<usize> = pixels(canvas)
        .chunks_exact(4)
        .enumerate()
        .filter(|(_, pixel)| of_color(pixel))
        .map(|(place, _)| place % width)
        .collect();
    let (Some(first), Some(last)) = (columns.iter().min(), columns.iter().max()) else { return 0.0 };
    (last - first + 1) as f64
}
