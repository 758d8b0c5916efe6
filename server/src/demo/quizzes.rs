//! The demo quizzes, and how a demo student answers them.
//!
//! Owns their sources, and the choice that a student gives. Does not own when: the class that plays, and the school that has
//! played, do.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::quizzes::gift;

/// The quizzes as they are imported: title and GIFT source.
pub const QUIZZES: [(&str, &str); 3] = [
    ("Photosynthesis check", include_str!("quizzes/photosynthesis.gift")),
    ("Fractions warm-up", include_str!("quizzes/fractions.gift")),
    ("Rivers and the water cycle", include_str!("quizzes/rivers.gift")),
];

/// Which of the choices this student gives, by place; `None` when the question is skipped. The same student always
/// answers the same, so that the demo looks the same each time.
pub(super) fn pick<'a>(
    question: &str,
    choices: impl Iterator<Item = &'a str>,
    student: usize,
    number: usize,
) -> Option<usize> {
    let choices: Vec<&str> = choices.collect();
    let key = KEYS.get(question).and_then(|key| choices.iter().position(|choice| choice == key));
    let (luck, taste) = (spread(student, number * 31 + 7, 100), spread(student, number * 17 + 3, 100));
    if luck >= 98 {
        return None;
    }
    // Some questions are hard for nearly everybody; a misconception draws most who miss them.
    let ease = [94, 86, 78, 38, 72, 90, 62, 70, 44, 84][number % 10];
    // Who knows one thing well knows others too, as far as that goes.
    let skill = spread(student, 77, 77);
    match key {
        Some(key) if luck + 38 < ease + skill => Some(key),
        Some(key) => Some(misconception(key, taste, choices.len())),
        None => Some((taste as usize) % choices.len().max(1)),
    }
}

/// Two of three go for the choice after the key, the rest for any other.
fn misconception(key: usize, taste: u64, choices: usize) -> usize {
    let step = if taste < 66 { 1 } else { 1 + (taste as usize) % (choices - 1).max(1) };
    (key + step) % choices.max(1)
}

/// The keys of the demo quizzes by question text.
static KEYS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    QUIZZES
        .iter()
        .flat_map(|(_, source)| gift::read(source).questions)
        .filter_map(|q| Some((q.text.source, q.choices.into_iter().find(|c| c.is_key)?.text.source)))
        .collect()
});

/// A number below `range` that depends on its inputs alone and looks like chance.
pub(super) fn spread(student: usize, salt: usize, range: u64) -> u64 {
    let mut x =
        (student as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (salt as u64).wrapping_mul(0xd1b5_4a32_d192_ed03);
    x = (x ^ (x >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (x ^ (x >> 29)) % range
}
