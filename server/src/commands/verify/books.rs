//! Each assignment's answers, summed up in every place where they may be.

use std::collections::{BTreeMap, HashSet};

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement};
use serde::Deserialize;

use crate::quiz::QUIZ_ANSWERS;
use crate::store::Store;
use crate::store::tables::outbox;
use crate::warehouse::Books;

/// Answers by assignment.
pub(super) type ByAssignment = BTreeMap<i64, Books>;

/// A record, as far as it is summed up.
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    accepted_seq: i64,
    record_id: String,
    assignment_id: i64,
    choice_id: Option<i64>,
    elapsed_ms: i64,
}

/// Sums records up, each once.
#[derive(Default)]
pub(super) struct Summing {
    seen: HashSet<String>,
    pub by_assignment: ByAssignment,
}

impl Summing {
    /// Adds a record's line, unless it is known or no student's.
    pub fn add(&mut self, line: &[u8]) -> Result<(), serde_json::Error> {
        self.add_answer(serde_json::from_slice(line)?);
        Ok(())
    }

    fn add_answer(&mut self, answer: Answer) {
        if answer.assignment_id == 0 || !self.seen.insert(answer.record_id) {
            return;
        }
        let books = self.by_assignment.entry(answer.assignment_id).or_default();
        books.answers += 1;
        books.numbers += answer.accepted_seq;
        books.choices += answer.choice_id.unwrap_or(0);
        books.elapsed_ms += answer.elapsed_ms;
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
pub(super) async fn in_outbox(store: &Store) -> Result<ByAssignment, DbErr> {
    let rows = outbox::Entity::find().filter(outbox::Column::Stream.eq(QUIZ_ANSWERS)).all(&store.read).await?;
    let mut summing = Summing::default();
    for row in rows {
        let answer: Answer = serde_json::from_str(&row.payload).map_err(|e| DbErr::Custom(e.to_string()))?;
        summing.add_answer(Answer { accepted_seq: row.accepted_seq, ..answer });
    }
    Ok(summing.by_assignment)
}

/// What several places have together, as far as no record is in two of them.
pub(super) fn together(places: &[&ByAssignment], assignment: i64) -> Books {
    let of = places.iter().filter_map(|place| place.get(&assignment));
    of.fold(Books::default(), |sum, books| Books {
        answers: sum.answers + books.answers,
        numbers: sum.numbers + books.numbers,
        choices: sum.choices + books.choices,
        elapsed_ms: sum.elapsed_ms + books.elapsed_ms,
    })
}
