//! What the warehouse holds of the server's own records, for holding the transactional store against it.
//!
//! Owns the SQL and its rows. Does not own what follows where the warehouse knows more: `set_back` does.

use std::collections::BTreeMap;

use app::api::Millis;
use duckdb::types::Value;
use duckdb::{Row, params_from_iter};

use super::reads::millis;
use super::{Warehouse, WarehouseError};

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

impl Warehouse {
    /// The highest numbers among what the server itself put.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn highest(&self) -> Result<Highest, WarehouseError> {
        self.read(|reader| {
            let mut highest = Highest::default();
            reader.prepare_cached(include_str!("sql/highest_answers.sql"))?.query_row([], |row| {
                highest.see_record(row.get::<_, Option<i64>>(0)?.unwrap_or(0));
                for (place, kind) in (1..).zip(KINDS) {
                    highest.see_row(kind, row.get(place)?);
                }
                Ok(())
            })?;
            let mut statement = reader.prepare_cached(include_str!("sql/highest_catalog.sql"))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                highest.see_row(&row.get::<_, String>(0)?, row.get(1)?);
                highest.see_record(row.get(2)?);
            }
            Ok(highest)
        })
        .await
    }

    /// The assignments of which something has landed, each with how many attempts.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn own_assignments(&self) -> Result<Vec<(i64, usize)>, WarehouseError> {
        self.read(|reader| {
            let mut statement = reader.prepare_cached(include_str!("sql/own_assignments.sql"))?;
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .await
    }

    /// The assignments that are closed.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn closed_assignments(&self) -> Result<Vec<Closed>, WarehouseError> {
        self.read(|reader| {
            let mut statement = reader.prepare_cached(include_str!("sql/closed_assignments.sql"))?;
            let closed = |row: &Row<'_>| {
                let at = millis(&row.get(3)?).unwrap_or_default();
                Ok(Closed { assignment: row.get(0)?, class: row.get(1)?, quiz: row.get(2)?, at })
            };
            statement.query_map([], closed)?.collect()
        })
        .await
    }

    /// The newest version of each question and choice: how it is graded.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn ruled_versions(&self) -> Result<BTreeMap<Ruled, RuledVersion>, WarehouseError> {
        self.read(|reader| {
            let mut statement = reader.prepare_cached(include_str!("sql/ruled_versions.sql"))?;
            let mut rows = statement.query([])?;
            let mut found = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let Some(ruled) = Ruled::of(&row.get::<_, String>(0)?, row.get(1)?) else { continue };
                let accepted_at = millis(&row.get(3)?).unwrap_or_default();
                let (accepted_seq, label, holds) = (row.get(2)?, row.get(4)?, row.get(5)?);
                let version = RuledVersion { accepted_seq, accepted_at, label, holds };
                found.insert(ruled, version);
            }
            Ok(found)
        })
        .await
    }

    /// Some attempts of an assignment, as far as they have landed.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn own_attempts(
        &self,
        assignment: i64,
        attempts: Vec<String>,
    ) -> Result<Vec<SentAttempt>, WarehouseError> {
        if attempts.is_empty() {
            return Ok(Vec::new());
        }
        self.read(move |reader| {
            let places: Vec<String> = (2..).take(attempts.len()).map(|place| format!("${place}")).collect();
            let sql = include_str!("sql/own_attempts.sql").replace("{attempts}", &places.join(", "));
            let mut statement = reader.prepare(&sql)?;
            let ids = attempts.into_iter().map(Value::Text);
            let mut rows = statement.query(params_from_iter([Value::BigInt(assignment)].into_iter().chain(ids)))?;
            let mut found: Vec<SentAttempt> = Vec::new();
            while let Some(row) = rows.next()? {
                take_in(&mut found, assignment, row)?;
            }
            Ok(found)
        })
        .await
    }
}

/// Takes in one row of `own_attempts.sql`.
fn take_in(found: &mut Vec<SentAttempt>, assignment: i64, row: &Row<'_>) -> Result<(), duckdb::Error> {
    let id: String = row.get(0)?;
    if found.last().is_none_or(|last| last.id != id) {
        let accepted_at = millis(&row.get(6)?).unwrap_or_default();
        let (number, student_key, class, quiz) = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        found.push(SentAttempt { id, assignment, class, quiz, number, student_key, accepted_at, answers: Vec::new() });
    }
    let (accepted_seq, question, choice, elapsed_ms) = (row.get(5)?, row.get(7)?, row.get(8)?, row.get(9)?);
    if let Some(last) = found.last_mut() {
        last.answers.push(SentAnswer { accepted_seq, question, choice, elapsed_ms });
    }
    Ok(())
}
