//! An answer on the wire. The columns are those of the fact table; `accepted_seq` is added when the outbox is drained.
//!
//! Owns the record's fields and their order. Does not own when it is sent.

use app::api::Millis;
use app::api::attempts::GivenAnswer;
use serde::Serialize;
use uuid::Uuid;

use crate::live::NO_ASSIGNMENT;
use crate::records::time::sql_timestamp;
use crate::store::tables::{assignment, attempt};

/// Version-5 uuids of records live in this name space.
const RECORDS: Uuid = Uuid::from_u128(0x2b8e_91d4_07f3_4c6a_b5e1_6c0d_93a8_4f27);

/// A day; a device that was left open overnight says nothing about the question.
const LONGEST_ELAPSED_MS: i64 = 86_400_000;

/// One answer. Carries no name: `student_key` is a pseudonym.
#[derive(Serialize)]
pub struct AnswerRecord<'a> {
    /// The same however often the answer is sent.
    pub record_id: String,
    /// As the warehouse reads an instant.
    pub accepted_at: String,
    /// Number of the assignment.
    pub assignment_id: i64,
    /// Number of the class.
    pub class_id: i64,
    /// Number of the quiz.
    pub quiz_id: i64,
    /// Identifier of the attempt.
    pub attempt_id: &'a str,
    /// First, second, … attempt of the student at this assignment.
    pub attempt_no: i64,
    /// The student's pseudonym.
    pub student_key: &'a str,
    /// Number of the question.
    pub question_id: i64,
    /// Number of the choice; `None` if the question was left out.
    pub choice_id: Option<i64>,
    /// How long the question was looked at, at most a day.
    pub elapsed_ms: i64,
}

impl<'a> AnswerRecord<'a> {
    /// The record of one answer of `attempt`.
    #[must_use]
    pub fn new(
        attempt: &'a attempt::Model,
        assignment: &assignment::Model,
        student_key: &'a str,
        answer: &GivenAnswer,
        accepted_at: Millis,
    ) -> Self {
        Self {
            record_id: record_id(attempt, answer.question),
            accepted_at: sql_timestamp(accepted_at),
            assignment_id: assignment.id,
            class_id: assignment.class_id,
            quiz_id: assignment.quiz_id,
            attempt_id: &attempt.id,
            attempt_no: attempt.number,
            student_key,
            question_id: answer.question,
            choice_id: answer.choice,
            elapsed_ms: answer.elapsed_ms.clamp(0, LONGEST_ELAPSED_MS),
        }
    }
}

impl AnswerRecord<'static> {
    /// A record of no student.
    #[must_use]
    pub fn heartbeat(id: Uuid, accepted_at: Millis) -> Self {
        Self {
            record_id: id.to_string(),
            accepted_at: sql_timestamp(accepted_at),
            assignment_id: NO_ASSIGNMENT,
            class_id: 0,
            quiz_id: 0,
            attempt_id: "",
            attempt_no: 0,
            student_key: "",
            question_id: 0,
            choice_id: None,
            elapsed_ms: 0,
        }
    }
}

/// The same for the same question of the same attempt, however often it is sent.
fn record_id(attempt: &attempt::Model, question: i64) -> String {
    Uuid::new_v5(&RECORDS, format!("{}/{question}", attempt.id).as_bytes()).to_string()
}
