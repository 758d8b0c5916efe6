//! What counts of one assignment, as an engine answers.
//!
//! Owns the questions and the shapes of their answers. Does not own grading: the keys come from the caller.

use app::api::Millis;
use app::api::results::View;

use super::WarehouseError;
use super::landed::Landed;

/// Which of an assignment's answers count, and against what they are graded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counting {
    /// Which assignment, attempts and instant.
    pub view: View,
    /// The choices that are keys now, of the questions that are not void.
    pub keys: Vec<i64>,
}

/// So many attempts with this score gave this choice; no choice means that they omitted the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChoiceCount {
    /// The question.
    pub question: i64,
    /// The choice.
    pub choice: Option<i64>,
    /// Right answers of the attempt, in all.
    pub score: i64,
    /// Attempts.
    pub answers: i64,
}

/// One assignment's rows, counted by one statement and so in one snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Attempts per question, choice and score.
    pub choices: Vec<ChoiceCount>,
    /// Question and its middle time in milliseconds.
    pub times: Vec<(i64, i64)>,
    /// Score and how many attempts reached it, lowest first.
    pub scores: Vec<(i64, i64)>,
    /// Middle time of an attempt, in milliseconds.
    pub typical_ms: Option<i64>,
    /// What has landed, among what was accepted up to the number that was asked for.
    pub landed: Landed,
}

/// One attempt that counts, with its answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CountedAttempt {
    /// The student's pseudonym.
    pub student: String,
    /// 1 for the student's first.
    pub attempt_no: i64,
    /// Right answers.
    pub score: i64,
    /// Time of the attempt, in milliseconds.
    pub total_ms: i64,
    /// In no order.
    pub answers: Vec<CountedAnswer>,
}

/// One answer that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedAnswer {
    /// When it was accepted.
    pub accepted_at: Millis,
    /// The question.
    pub question: i64,
    /// The choice; none: omitted.
    pub choice: Option<i64>,
    /// Time on the question, in milliseconds.
    pub elapsed_ms: i64,
}

/// One answer of an attempt that counts, for a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The student's pseudonym.
    pub student: String,
    /// Names the attempt.
    pub attempt: String,
    /// 1 for the student's first.
    pub attempt_no: i64,
    /// Right answers of the attempt.
    pub score: i64,
    /// Time of the attempt, in milliseconds.
    pub total_ms: i64,
    /// The question.
    pub question: i64,
    /// The choice; none: omitted.
    pub choice: Option<i64>,
}

/// One answer of one student.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StudentAnswerRow {
    /// 1 for the student's first attempt.
    pub attempt_no: i64,
    /// When it was handed in.
    pub accepted_at: Millis,
    /// The question.
    pub question: i64,
    /// The choice; none: omitted.
    pub choice: Option<i64>,
    /// Time on the question, in milliseconds.
    pub elapsed_ms: i64,
}

/// Figures of one assignment. Every answer is of one snapshot.
#[async_trait::async_trait]
pub trait Figures {
    /// What counts of one assignment, added up. `landed` is as of `accepted_seq`.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn totals(&self, counting: &Counting, accepted_seq: i64) -> Result<Totals, WarehouseError>;

    /// The answers that count, attempt by attempt; at most so many.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn cells(&self, counting: &Counting, most: u32) -> Result<Vec<Cell>, WarehouseError>;

    /// Every attempt that counts with every answer of it, in no order. One of 4 million answers takes 200 MB.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn counted_attempts(&self, counting: &Counting) -> Result<Vec<CountedAttempt>, WarehouseError>;

    /// One student's answers in one assignment, first attempt first.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn answers_of_student(
        &self,
        assignment: i64,
        student: String,
    ) -> Result<Vec<StudentAnswerRow>, WarehouseError>;

    /// The minutes in which an assignment's answers were accepted, in order, and how many in each.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn arrivals(&self, assignment: i64) -> Result<Vec<(Millis, i64)>, WarehouseError>;
}
