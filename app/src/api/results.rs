//! What a teacher reads: classes, and one assignment's results.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};

use super::freshness::Freshness;
use super::{ApiError, Millis};

/// A class and its assignments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ClassSummary {
    /// Names the class.
    pub id: i64,
    /// As the teacher wrote it.
    pub name: String,
    /// On the class list.
    pub students: i64,
    /// Newest first.
    pub assignments: Vec<AssignmentSummary>,
}

/// One line of the class page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AssignmentSummary {
    /// Names the assignment.
    pub id: i64,
    /// Title of its quiz.
    pub quiz_title: String,
    /// How many questions the quiz has.
    pub questions: i64,
    /// What students type to join.
    pub join_code: String,
    /// Since when it can be joined.
    pub opened_at: Millis,
    /// Set once it takes no more answers.
    pub closed_at: Option<Millis>,
    /// How far its students are.
    pub participation: Participation,
}

/// How far a class is with an assignment, counted in students.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Participation {
    /// On the class list.
    pub students: i64,
    /// Joined and not yet submitted.
    pub working: i64,
    /// Submitted at least once.
    pub submitted: i64,
}

impl Participation {
    /// On the class list and not yet joined.
    #[must_use]
    pub fn not_started(&self) -> i64 {
        (self.students - self.working - self.submitted).max(0)
    }
}

/// Everything that the results page shows. Graded while reading, against each question's current key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ClassResults {
    /// Names the assignment.
    pub assignment: i64,
    /// Name of the class.
    pub class_name: String,
    /// Title of the quiz.
    pub quiz_title: String,
    /// What students type to join.
    pub join_code: String,
    /// Since when it can be joined.
    pub opened_at: Millis,
    /// Set once it takes no more answers.
    pub closed_at: Option<Millis>,
    /// How far the class is.
    pub participation: Participation,
    /// Students whose first attempt has landed: the n of the class average.
    pub students_counted: i64,
    /// Middle score of the first attempts, in questions; absent before the first has landed.
    pub median_score: Option<f64>,
    /// Middle time of the first attempts, in milliseconds.
    pub typical_ms: Option<i64>,
    /// In quiz order.
    pub questions: Vec<QuestionResult>,
    /// How current all this is.
    pub freshness: Freshness,
}

impl ClassResults {
    /// Mean share of right answers over all questions, 0 to 1; absent before the first answer has landed.
    #[must_use]
    pub fn average(&self) -> Option<f64> {
        let (correct, n) = self.questions.iter().fold((0, 0), |(c, n), q| (c + q.correct, n + q.n));
        (n > 0).then(|| correct as f64 / n as f64)
    }
}

/// One question's results over the first attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct QuestionResult {
    /// Names the question.
    pub id: i64,
    /// 1, 2, 3, … in quiz order.
    pub number: i64,
    /// Plain text.
    pub text: String,
    /// In the order shown.
    pub choices: Vec<ChoiceResult>,
    /// Students counted, those who omitted the question among them (they count as wrong).
    pub n: i64,
    /// Of these, who gave the key.
    pub correct: i64,
    /// Of these, who gave nothing.
    pub omitted: i64,
    /// Middle time on the question, in milliseconds.
    pub median_ms: Option<i64>,
}

impl QuestionResult {
    /// Share of right answers, 0 to 1; absent before the first answer has landed.
    #[must_use]
    pub fn facility(&self) -> Option<f64> {
        (self.n > 0).then(|| self.correct as f64 / self.n as f64)
    }
}

/// One choice's results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ChoiceResult {
    /// Names the choice.
    pub id: i64,
    /// Plain text.
    pub text: String,
    /// Whether it is the question's current key.
    pub is_key: bool,
    /// Students who gave it.
    pub answers: i64,
}

/// The classes of whoever is signed in.
#[server(name = ReadMyClasses, endpoint = "my_classes", input = GetUrl)]
pub async fn my_classes() -> Result<Vec<ClassSummary>, ApiError> {
    super::ports::reports()?.my_classes().await
}

/// One assignment's results: `GET /api/class_results?assignment=7` with a session cookie.
#[server(name = ReadClassResults, endpoint = "class_results", input = GetUrl)]
pub async fn class_results(
    /// Names the assignment.
    assignment: i64,
) -> Result<ClassResults, ApiError> {
    super::ports::reports()?.class_results(assignment).await
}
