//! The charts as SVG, line for line. After a wanted change: `UPDATE_DRAWINGS=1 cargo test -p app --test drawings`, and
//! look at what has become of them.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "a test stops where the disk says no")]

use std::path::Path;

use app::api::results::{ChoiceResult, ItemFigures, QuestionResult};
use app::charts::draw::{draw, height};
use app::charts::model::{self, Picture};
use app::charts::theme::Theme;
use app::state::looking::Order;
use plotters::prelude::SVGBackend;

/// One of a quiz's questions, with answers for A, B, C and D.
fn question(number: i64, key: usize, answers: [i64; 4]) -> QuestionResult {
    let texts = [
        "It breathes in carbon dioxide at night",
        "It turns oxygen into energy",
        "It makes sugar from carbon dioxide and water, with light from the sun on its leaves",
        "It takes its food from the soil",
    ];
    let choices = texts.iter().zip(answers).enumerate().map(|(place, (text, answers))| ChoiceResult {
        id: number * 10 + place as i64,
        text: (*text).to_owned(),
        is_key: place == key,
        answers,
        rest_mean: None,
    });
    QuestionResult {
        id: number,
        number,
        text: "How does a growing plant gain most of its mass?".to_owned(),
        choices: choices.collect(),
        n: answers.iter().sum(),
        correct: answers[key],
        omitted: 0,
        is_void: false,
        median_ms: None,
        figures: ItemFigures::default(),
    }
}

#[test]
fn correct_per_question() {
    let answers = [[25, 1, 1, 1], [10, 13, 3, 2], [0, 0, 0, 0], [28, 0, 0, 0]];
    let results: Vec<QuestionResult> =
        (1..).zip(answers).map(|(number, answers)| question(number, 0, answers)).collect();
    assert_drawn("questions", &Picture::Questions(model::questions(&results, Order::Quiz, Some(2))), 560);
}

#[test]
fn answers_per_choice_with_a_misconception() {
    assert_drawn("choices", &Picture::Choices(model::choices(&question(4, 2, [3, 0, 11, 13]))), 420);
}

#[test]
fn answers_per_choice_on_a_phone() {
    assert_drawn("choices-narrow", &Picture::Choices(model::choices(&question(4, 2, [3, 0, 11, 13]))), 260);
}

#[test]
fn correct_per_question_beside_another_class_and_with_a_void_question() {
    let answers = [[25, 1, 1, 1], [10, 13, 3, 2], [14, 14, 0, 0]];
    let mut results: Vec<QuestionResult> =
        (1..).zip(answers).map(|(number, answers)| question(number, 0, answers)).collect();
    results[2].is_void = true;
    let mut bars = model::questions(&results, Order::Quiz, None);
    bars[0].other = Some(0.75);
    bars[1].other = Some(0.6);
    assert_drawn("questions-compared", &Picture::Questions(bars), 560);
}

#[test]
fn answers_per_choice_before_the_key_is_shown() {
    let bars = model::without_key(model::choices(&question(4, 2, [3, 0, 11, 13])));
    assert_drawn("choices-hidden", &Picture::Choices(bars), 420);
}

#[test]
fn attempts_per_score() {
    let scores = [0, 0, 1, 0, 2, 2, 4, 10, 6, 3, 0];
    assert_drawn("scores", &Picture::Scores(model::scores(&scores)), 420);
}

#[test]
fn attempts_per_score_of_sixty_questions_on_a_phone() {
    let scores: Vec<i64> = (0..=60).map(|score| (score * 7 + 3) % 11).collect();
    assert_drawn("scores-narrow", &Picture::Scores(model::scores(&scores)), 260);
}

fn assert_drawn(name: &str, picture: &Picture, width: i32) {
    // Every letter of one width, so that the drawing is the same on every machine.
    let measure = |words: &str, size: i32| words.chars().count() as f64 * f64::from(size) * 0.55;
    let mut svg = String::new();
    let size = (width.unsigned_abs(), height(picture, width, &measure).unsigned_abs());
    draw(SVGBackend::with_string(&mut svg, size), picture, &Theme::LIGHT, &measure).unwrap();

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/drawings/{name}.svg"));
    if std::env::var_os("UPDATE_DRAWINGS").is_some() {
        std::fs::write(&path, &svg).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap();
    assert!(svg == wanted, "{name} is drawn otherwise than in {}", path.display());
}
