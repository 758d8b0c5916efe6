//! What a student's device says and hears. Plain JSON over HTTP:
//!
//! | request | body | answer |
//! |---|---|---|
//! | `POST /api/join` | [`Join`] | [`Joined`] |
//! | `GET /api/attempts/{id}` | | [`AttemptView`] |
//! | `POST /api/attempts/{id}/answers` | [`Submission`] | [`Receipt`] |
//!
//! The last two carry `Authorization: Bearer <token>` with the token of [`Joined`]. None of these types has a place
//! for a question's key, except [`Released`], which the server fills in after the teacher's release rule allows it.

use serde::{Deserialize, Serialize};

use super::Millis;

/// Begins an attempt at the assignment that the code names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// Join code; case, spaces and the dash do not matter.
    pub code: String,
    /// The student's name as the class list has it. It stays in the transactional store.
    pub name: String,
}

/// The new attempt and the secret that stands for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Joined {
    /// Names the attempt in addresses. No secret.
    pub attempt: String,
    /// Proves that this device began it. Kept on the device; the server keeps a hash only.
    pub token: String,
}

/// All that a student sees of an attempt, given at once so that the rest works without a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AttemptView {
    /// Names the attempt.
    pub attempt: String,
    /// Title of the quiz.
    pub quiz_title: String,
    /// Name of the class.
    pub class_name: String,
    /// In quiz order.
    pub questions: Vec<QuestionView>,
    /// Set once the answers have been accepted.
    pub receipt: Option<Receipt>,
    /// When the assignment was closed, if it is.
    pub closed_at: Option<Millis>,
    /// Key and explanation of each question, once the release rule allows it.
    pub released: Option<Vec<Released>>,
}

/// One question without its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct QuestionView {
    /// Names the question.
    pub id: i64,
    /// Plain text.
    pub text: String,
    /// In the order shown: A, B, C, …
    pub choices: Vec<ChoiceView>,
}

/// One choice, without a word on whether it is the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ChoiceView {
    /// Names the choice.
    pub id: i64,
    /// Plain text.
    pub text: String,
}

/// What the teacher's release rule shows of one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Released {
    /// The question.
    pub question: i64,
    /// Its key, a choice.
    pub key: i64,
    /// Other choices that are right, too, by a ruling.
    #[serde(default)]
    pub also: Vec<i64>,
    /// The choice that this student gave.
    pub given: Option<i64>,
    /// Why the key is right, if the quiz says so.
    pub explanation: Option<String>,
}

/// All answers of an attempt, in one request. Sending it again is the same submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// At most one an question; questions left out count as omitted.
    pub answers: Vec<GivenAnswer>,
}

/// One answered question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GivenAnswer {
    /// A question of this attempt's quiz.
    pub question: i64,
    /// One of its choices; `null` when the student skipped it.
    pub choice: Option<i64>,
    /// How long the question was on screen, in milliseconds.
    #[serde(default)]
    pub elapsed_ms: i64,
}

/// Proof that a submission is durable: it is sent after the transaction that saved it has committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Receipt {
    /// Server time of acceptance.
    pub accepted_at: Millis,
    /// Questions with a choice.
    pub answered: i64,
    /// Questions in all.
    pub questions: i64,
}
