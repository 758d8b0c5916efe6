//! Each assignment's answers, summed up in every place where they may be.
//!
//! Owns the sums, and that a record counts once. Does not own the comparison.

use std::collections::{BTreeMap, HashSet};

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement};
use serde::Deserialize;

use crate::records::QUIZ_ANSWERS;
use crate::store::Store;
use crate::store::tables::outbox;
use crate::warehouse::{Books, Warehouse, WarehouseError};

/// Answers by assignment.
pub(super) type ByAssignment = BTreeMap<i64, Books>;

/// A record, as far as it is summed up.
#[derive(Clone, Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    accepted_seq: i64,
    record_id: String,
    assignment_id: i64,
    choice_id: Option<i64>,
    elapsed_ms: i64,
    /// Who put it, if that was not this server.
    #[serde(default)]
    producer: Option<String>,
}

impl Answer {
    /// Whether it is a student's of this server: no heartbeat, and nothing that somebody else has put.
    fn is_own(&self) -> bool {
        self.assignment_id != 0 && self.producer.is_none()
    }
}

impl Books {
    fn add(&mut self, answer: &Answer) {
        self.answers += 1;
        self.numbers += answer.accepted_seq;
        self.choices += answer.choice_id.unwrap_or(0);
        self.elapsed_ms += answer.elapsed_ms;
    }
}

/// Sums records up, each once.
#[derive(Default)]
pub(super) struct Summing {
    seen: HashSet<String>,
    pub by_assignment: ByAssignment,
}

impl Summing {
    /// Adds a record, unless it is known or no student's of this server.
    pub fn add(&mut self, answer: &Answer) {
        if !answer.is_own() || !self.seen.insert(answer.record_id.clone()) {
            return;
        }
        self.by_assignment.entry(answer.assignment_id).or_default().add(answer);
    }
}

/// Answers that have not landed, as far as the places say in which they wait. What the relay has sent and not heard an
/// answer to is in two places, and may have landed besides.
#[derive(Default)]
pub(super) struct OnTheWay {
    /// By assignment and record.
    answers: BTreeMap<i64, BTreeMap<String, Answer>>,
}

impl OnTheWay {
    pub fn add(&mut self, answer: Answer) {
        if answer.is_own() {
            self.answers.entry(answer.assignment_id).or_default().insert(answer.record_id.clone(), answer);
        }
    }

    /// What is on its way and nowhere in the warehouse yet, each once.
    pub async fn outside(&self, warehouse: &Warehouse) -> Result<ByAssignment, WarehouseError> {
        let mut outside = ByAssignment::new();
        for (assignment, answers) in &self.answers {
            let first = answers.values().map(|answer| answer.accepted_seq).min().unwrap_or(0);
            let landed = warehouse.landed_records(*assignment, first).await?;
            let books = outside.entry(*assignment).or_default();
            answers.values().filter(|answer| !landed.contains(&answer.record_id)).for_each(|answer| books.add(answer));
        }
        Ok(outside)
    }
}

/// What was accepted.
pub(super) async fn accepted(store: &Store) -> Result<ByAssignment, DbErr> {
    let sql = "SELECT assignment_id, COUNT(*), SUM(accepted_seq), SUM(COALESCE(choice_id, 0)), SUM(elapsed_ms) \
               FROM answer GROUP BY assignment_id";
    let rows = store.read.query_all_raw(Statement::from_string(store.read.get_database_backend(), sql)).await?;
    rows.iter()
        .map(|row| {
            let number = |place: usize| row.try_get_by_index::<i64>(place);
            let books = Books { answers: number(1)?, numbers: number(2)?, choices: number(3)?, elapsed_ms: number(4)? };
            Ok((number(0)?, books))
        })
        .collect()
}

/// What the gateway has not acknowledged.
pub(super) async fn in_outbox(store: &Store) -> Result<Vec<Answer>, DbErr> {
    let rows = outbox::Entity::find().filter(outbox::Column::Stream.eq(QUIZ_ANSWERS)).all(&store.read).await?;
    let answer = |row: outbox::Model| {
        let answer: Answer = serde_json::from_str(&row.payload).map_err(|e| DbErr::Custom(e.to_string()))?;
        Ok(Answer { accepted_seq: row.accepted_seq, ..answer })
    };
    rows.into_iter().map(answer).collect()
}

/// What several places have together; no record may be in two of them.
pub(super) fn together(places: &[&ByAssignment], assignment: i64) -> Books {
    let of = places.iter().filter_map(|place| place.get(&assignment));
    of.fold(Books::default(), |sum, books| Books {
        answers: sum.answers + books.answers,
        numbers: sum.numbers + books.numbers,
        choices: sum.choices + books.choices,
        elapsed_ms: sum.elapsed_ms + books.elapsed_ms,
    })
}
