//! Rulings: after students have answered, a question is void, or other choices of it are right.
//!
//! `POST /api/assignments/{assignment}/rulings` with a [`NewRuling`] makes one, and is answered with its [`RulingEffect`];
//! `POST /api/assignments/{assignment}/rulings/{ruling}/undo` takes it back. Both hold for every assignment of the quiz.

use serde::{Deserialize, Serialize};

use super::Millis;

/// What was ruled on a question after students had answered it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Ruling {
    /// Names the ruling.
    pub id: i64,
    /// Names the question.
    pub question: i64,
    /// The choice that became the key; absent: the question became void.
    pub key: Option<i64>,
    /// Other choices that became right, too.
    #[serde(default)]
    pub also: Vec<i64>,
    /// The choice that was the key before.
    pub key_before: Option<i64>,
    /// Other choices that were right before, too.
    #[serde(default)]
    pub also_before: Vec<i64>,
    /// Who ruled.
    pub by: String,
    /// When.
    pub made_at: Millis,
    /// The class average of the assignment that it was made on, over first attempts, before and after; 0 to 1.
    pub average: Option<(f64, f64)>,
    /// Who has undone it, and when.
    pub undone: Option<(String, Millis)>,
    /// Whether it can be undone: it is the newest ruling on its question that stands.
    pub can_undo: bool,
}

/// Where a class stands before and after a ruling, over first attempts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RulingEffect {
    /// As it is.
    pub before: Standing,
    /// As it would be, or now is.
    pub after: Standing,
}

/// What a ruling changes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Standing {
    /// Class average over the questions that are not void, 0 to 1.
    pub average: Option<f64>,
    /// Share of right answers to the question, 0 to 1; absent where it is void.
    pub facility: Option<f64>,
}

/// What is to be ruled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewRuling {
    /// Names the question.
    pub question: i64,
    /// The choice that is to be the key; absent or null: the question is to be void.
    #[serde(default)]
    pub key: Option<i64>,
    /// Other choices that are to be right, too.
    #[serde(default)]
    pub also: Vec<i64>,
}

impl NewRuling {
    /// The choices that are to be right; none: the question is to be void.
    #[must_use]
    pub fn right(&self) -> Vec<i64> {
        self.key.iter().chain(&self.also).copied().collect()
    }
}
