//! Questions about the server's own records.
//!
//! Owns the SQL.

use std::collections::BTreeMap;

use duckdb::types::Value;
use duckdb::{Row, params_from_iter};

use super::DuckDb;
use super::values::millis;
use crate::warehouse::{Closed, Highest, KINDS, Ruled, RuledVersion, Sent, SentAnswer, SentAttempt, WarehouseError};

#[async_trait::async_trait]
impl Sent for DuckDb {
    async fn highest(&self) -> Result<Highest, WarehouseError> {
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

    async fn own_assignments(&self) -> Result<Vec<(i64, usize)>, WarehouseError> {
        self.read(|reader| {
            let mut statement = reader.prepare_cached(include_str!("sql/own_assignments.sql"))?;
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .await
    }

    async fn closed_assignments(&self) -> Result<Vec<Closed>, WarehouseError> {
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

    async fn ruled_versions(&self) -> Result<BTreeMap<Ruled, RuledVersion>, WarehouseError> {
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

    async fn own_attempts(&self, assignment: i64, attempts: Vec<String>) -> Result<Vec<SentAttempt>, WarehouseError> {
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
