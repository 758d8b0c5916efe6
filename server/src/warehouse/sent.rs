//! What the warehouse holds of the server's own records, for holding the transactional store against it.
//!
//! Owns the questions and the shapes of their answers. Does not own what follows where the warehouse knows more: `set_back`
//! does.

use std::collections::BTreeMap;

use app::api::Millis;

use super::WarehouseError;

/// What the catalog numbers, in the order in which an answer names them.
pub const KINDS: [&str; 5] = ["assignment", "class", "quiz", "question", "choice"];
/// No store comes so far; a number beyond is nobody's own. The queries of the highest numbers know it, too.
const BEYOND: i64 = 1 << 53;

/// The highest numbers of what has left the transactional store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Highest {
    /// Of a record.
    pub accepted_seq: i64,
    /// Of a row, by kind (see [`KINDS`]).
    pub ids: BTreeMap<String, i64>,
}

impl Highest {
    /// Takes in the number of a record.
    pub fn see_record(&mut self, accepted_seq: i64) {
        if accepted_seq < BEYOND {
            self.accepted_seq = self.accepted_seq.max(accepted_seq);
        }
    }

    /// Takes in the number of a row.
    pub fn see_row(&mut self, kind: &str, id: Option<i64>) {
        let known = self.ids.entry(kind.to_owned()).or_default();
        *known = id.filter(|id| *id < BEYOND).unwrap_or(0).max(*known);
    }
}

/// A close, as far as it has left the transactional store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The assignment.
    pub assignment: i64,
    /// Its class.
    pub class: i64,
    /// Its quiz.
    pub quiz: i64,
    /// When.
    pub at: Millis,
}

/// What a ruling changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ruled {
    /// Whether this question is void.
    Void(i64),
    /// Whether this choice is right.
    Right(i64),
}

impl Ruled {
    /// By the kind of a row of the catalog; `None` where rulings do not change that kind.
    #[must_use]
    pub fn of(kind: &str, id: i64) -> Option<Self> {
        match kind {
            "question" => Some(Self::Void(id)),
            "choice" => Some(Self::Right(id)),
            _ => None,
        }
    }
}

/// One version of that: a row of the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuledVersion {
    /// Its running number; of two versions, the higher one is newer.
    pub accepted_seq: i64,
    /// When it was made.
    pub accepted_at: Millis,
    /// The text of the question or the choice, as the catalog has texts.
    pub label: String,
    /// Whether the question is void, or the choice is right.
    pub holds: bool,
}

/// A submission, as far as it has left the transactional store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentAttempt {
    /// Its number there.
    pub id: String,
    /// The assignment.
    pub assignment: i64,
    /// The class.
    pub class: i64,
    /// The quiz.
    pub quiz: i64,
    /// 1 for the student's first.
    pub number: i64,
    /// The student's pseudonym.
    pub student_key: String,
    /// When it was accepted.
    pub accepted_at: Millis,
    /// One for each question.
    pub answers: Vec<SentAnswer>,
}

/// One answer of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentAnswer {
    /// Its running number.
    pub accepted_seq: i64,
    /// The question.
    pub question: i64,
    /// The choice; none if it was omitted.
    pub choice: Option<i64>,
    /// Time on the question.
    pub elapsed_ms: i64,
}

/// What has left the transactional store, as far as it has landed.
#[async_trait::async_trait]
pub trait Sent {
    /// The highest numbers among what the server itself put.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn highest(&self) -> Result<Highest, WarehouseError>;

    /// The assignments of which something has landed, each with how many attempts.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn own_assignments(&self) -> Result<Vec<(i64, usize)>, WarehouseError>;

    /// The assignments that are closed.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn closed_assignments(&self) -> Result<Vec<Closed>, WarehouseError>;

    /// The newest version of each question and choice: how it is graded.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn ruled_versions(&self) -> Result<BTreeMap<Ruled, RuledVersion>, WarehouseError>;

    /// Some attempts of an assignment, as far as they have landed.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn own_attempts(&self, assignment: i64, attempts: Vec<String>) -> Result<Vec<SentAttempt>, WarehouseError>;
}
