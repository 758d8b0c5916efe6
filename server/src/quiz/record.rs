//! An answer on the wire. The columns are those of the fact table; `accepted_seq` is added when the outbox is drained.

use app::api::Millis;
use serde::Serialize;
use uuid::Uuid;

use crate::store::tables::attempt;

/// Version-5 uuids of records live in this name space.
const RECORDS: Uuid = Uuid::from_u128(0x2b8e_91d4_07f3_4c6a_b5e1_6c0d_93a8_4f27);

/// One answer. Carries no name: `student_key` is a pseudonym.
#[derive(Serialize)]
pub(super) struct AnswerRecord<'a> {
    pub record_id: String,
    pub accepted_at: String,
    pub assignment_id: i64,
    pub class_id: i64,
    pub quiz_id: i64,
    pub attempt_id: &'a str,
    pub attempt_no: i64,
    pub student_key: &'a str,
    pub question_id: i64,
    pub choice_id: Option<i64>,
    pub elapsed_ms: i64,
}

/// The same for the same question of the same attempt, however often it is sent.
pub(super) fn record_id(attempt: &attempt::Model, question: i64) -> String {
    Uuid::new_v5(&RECORDS, format!("{}/{question}", attempt.id).as_bytes()).to_string()
}

/// A record of no student.
pub(super) fn heartbeat(id: Uuid, accepted_at: Millis) -> AnswerRecord<'static> {
    AnswerRecord {
        record_id: id.to_string(),
        accepted_at: crate::warehouse::sql_timestamp(accepted_at),
        assignment_id: crate::live::NO_ASSIGNMENT,
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
