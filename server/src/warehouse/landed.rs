//! What has landed, as an engine answers.
//!
//! Owns the questions and the shapes of their answers. Does not own the comparison with what was accepted: `freshness` does.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::WarehouseError;

/// Some records: how many, and the sum of their running numbers. The records of one attempt that have been accepted and
/// those that have landed are the same if their tallies are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Distinct records.
    pub records: i64,
    /// Sum of their running numbers.
    pub numbers: i64,
}

/// What has landed of one assignment, by attempt. Includes every row with the assignment's id, and so the rows of other
/// producers: the caller keeps the attempts that it knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Landed(HashMap<String, Tally>);

impl Landed {
    /// What has landed of one attempt.
    #[must_use]
    pub fn of(&self, attempt: &str) -> Tally {
        self.0.get(attempt).copied().unwrap_or_default()
    }

    /// The attempts of which anything has landed.
    pub fn attempts(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Takes in one attempt.
    pub(super) fn insert(&mut self, attempt: String, tally: Tally) {
        self.0.insert(attempt, tally);
    }

    /// Records of all attempts.
    #[must_use]
    pub fn records(&self) -> i64 {
        self.0.values().map(|tally| tally.records).sum()
    }
}

impl FromIterator<(String, Tally)> for Landed {
    fn from_iter<I: IntoIterator<Item = (String, Tally)>>(attempts: I) -> Self {
        Self(attempts.into_iter().collect())
    }
}

/// Some answers of one assignment: how many, and sums that two stores have in common if the answers are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// Distinct answers.
    pub answers: i64,
    /// Sum of their running numbers.
    pub numbers: i64,
    /// Sum of the numbers of their choices; none counts as 0.
    pub choices: i64,
    /// Sum of their times, in milliseconds.
    pub elapsed_ms: i64,
}

/// Which answers have landed.
#[async_trait::async_trait]
pub trait Landings {
    /// What has landed of `assignment`, among what was accepted up to `accepted_seq`.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn landed(&self, assignment: i64, accepted_seq: i64) -> Result<Landed, WarehouseError>;

    /// The answers of an assignment that have landed, among those with a running number of `from` or more.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn landed_records(&self, assignment: i64, from: i64) -> Result<HashSet<String>, WarehouseError>;

    /// The answers of each assignment, summed up.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn books(&self) -> Result<BTreeMap<i64, Books>, WarehouseError>;

    /// Whether an answer, a heartbeat perhaps, is there.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn has_answer(&self, assignment: i64, record_id: String) -> Result<bool, WarehouseError>;

    /// Whether a record of the catalog, a heartbeat perhaps, is there.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn has_catalog_record(&self, record_id: String) -> Result<bool, WarehouseError>;

    /// Whether a heartbeat is there that came in a batch of heartbeats alone. Any other is a row of its stream's table.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    async fn has_heartbeat(&self, stream: &'static str, record_id: String) -> Result<bool, WarehouseError>;
}
