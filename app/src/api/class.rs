//! What a teacher reads besides an assignment's figures: the students, one by one, when their answers came, and which other
//! assignments there are to compare with.
//!
//! Students are known here by their `student_key` and by a number. Their names come by a question of their own, which a
//! page asks only when somebody wants to see names.

use serde::{Deserialize, Serialize};

use super::Millis;

/// How far a student is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// On the class list, and not yet joined.
    NotStarted,
    /// Joined, and has handed in nothing.
    Working,
    /// Has handed in at least once.
    Submitted,
}

impl Progress {
    /// In words. Once the quiz `is_over` nobody is working any more.
    #[must_use]
    pub const fn word(self, is_over: bool) -> &'static str {
        match (self, is_over) {
            (Self::NotStarted, false) => "not started",
            (Self::NotStarted, true) => "did not start",
            (Self::Working, false) => "working",
            (Self::Working, true) => "did not hand in",
            (Self::Submitted, _) => "submitted",
        }
    }
}

/// The class, student by student.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ClassGrid {
    /// Questions in quiz order.
    pub questions: Vec<GridQuestion>,
    /// One for each attempt that counts, and one for each student without any.
    pub rows: Vec<GridRow>,
    /// Rows that there are; more than are here if the class is a very large one.
    pub total: i64,
}

/// A column of the grid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct GridQuestion {
    /// Names the question.
    pub id: i64,
    /// 1, 2, 3, … in quiz order.
    pub number: i64,
    /// The key now.
    pub key: Option<i64>,
    /// Other choices that are right, too, by a ruling.
    #[serde(default)]
    pub also: Vec<i64>,
    /// Its choices, in the order shown.
    pub choices: Vec<i64>,
    /// Whether it counts for nothing.
    pub is_void: bool,
}

impl GridQuestion {
    /// Whether a choice is right.
    #[must_use]
    pub fn is_right(&self, choice: i64) -> bool {
        self.key == Some(choice) || self.also.contains(&choice)
    }
}

/// A row of the grid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct GridRow {
    /// The student's pseudonym.
    pub student: String,
    /// The student's place in the class list; absent if nobody there has this pseudonym.
    pub number: Option<i64>,
    /// How far the student is.
    pub progress: Progress,
    /// 1 for the student's first attempt; absent if none has landed.
    pub attempt: Option<i64>,
    /// Right answers to questions that are not void.
    pub score: i64,
    /// Time of the attempt, in milliseconds.
    pub elapsed_ms: i64,
    /// In quiz order, the choice that was given: 0 for none, −1 where the answer has not landed.
    pub choices: Vec<i64>,
}

/// What a student is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StudentName {
    /// The student's pseudonym.
    pub student: String,
    /// As the class list has it.
    pub name: String,
}

/// One student's attempts at an assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StudentResults {
    /// The student's pseudonym.
    pub student: String,
    /// The student's place in the class list.
    pub number: i64,
    /// Name of the class.
    pub class_name: String,
    /// Title of the quiz.
    pub quiz_title: String,
    /// How far the student is.
    pub progress: Progress,
    /// Whether the quiz takes no more answers.
    #[serde(default)]
    pub is_over: bool,
    /// Those that have landed, first one first.
    pub attempts: Vec<StudentAttempt>,
    /// In quiz order.
    pub questions: Vec<StudentQuestion>,
}

/// One attempt of one student.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StudentAttempt {
    /// 1, 2, 3, …
    pub number: i64,
    /// When it was handed in.
    pub submitted_at: Millis,
    /// Right answers to questions that are not void.
    pub score: i64,
    /// In quiz order.
    pub answers: Vec<StudentAnswer>,
}

/// One answer of one student.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StudentAnswer {
    /// The choice; absent: omitted, or not landed.
    pub choice: Option<i64>,
    /// Time on the question, in milliseconds.
    pub elapsed_ms: i64,
}

/// A question as a student's page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StudentQuestion {
    /// 1, 2, 3, … in quiz order.
    pub number: i64,
    /// Plain text.
    pub text: String,
    /// Each choice's name and words, in the order shown.
    pub choices: Vec<(i64, String)>,
    /// The key now.
    pub key: Option<i64>,
    /// Other choices that are right, too, by a ruling.
    #[serde(default)]
    pub also: Vec<i64>,
    /// Whether it counts for nothing.
    pub is_void: bool,
}

/// Answers that were accepted within one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Arrivals {
    /// Where the minute begins.
    pub minute: Millis,
    /// How many.
    pub answers: i64,
}

/// Another assignment of the same quiz.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Comparable {
    /// Names the assignment.
    pub assignment: i64,
    /// Name of its class.
    pub class_name: String,
    /// Since when it can be joined.
    pub opened_at: Millis,
}
