//! Questions about one assignment's answers: which of them count, and what they add up to.
//!
//! Owns the SQL. Does not own grading: the keys come from the caller.

use app::api::Millis;
use app::api::results::Attempts;
use duckdb::types::{TimeUnit, Value};
use duckdb::{Row, params};

use super::DuckDb;
use super::values::millis;
use crate::warehouse::{
    Cell, ChoiceCount, CountedAnswer, CountedAttempt, Counting, Figures, StudentAnswerRow, Tally, Totals,
    WarehouseError,
};

/// Later than anything that was accepted: the end of the year 9999.
const EVER: Millis = 253_402_300_799_999;

/// `question`, a SELECT over the tables of `counted.sql`, with those before it.
fn sql_of(counting: &Counting, question: &str) -> String {
    let (each, order): (_, &[&str]) = match counting.view.attempts {
        Attempts::First => ("student_key", &["+ attempt_no"]),
        Attempts::Last => ("student_key", &["- attempt_no"]),
        Attempts::Best => ("student_key", &["- score", "+ attempt_no"]),
        Attempts::All => ("attempt_id", &[]),
    };
    // A two with 18 zeros, plus or minus any number that there is, makes texts of equal length: these sort as numbers do.
    let numbers = order.iter().map(|number| format!("CAST(2000000000000000000 {number} AS VARCHAR) || "));
    let place: String = numbers.chain(["attempt_id".to_owned()]).collect();
    // No question, no key: a list in SQL may not be empty.
    let keys = counting.keys.iter().chain(counting.keys.is_empty().then_some(&-1));
    let keys: Vec<String> = keys.map(i64::to_string).collect();
    let counted = include_str!("sql/counted.sql");
    let counted = counted.replace("{keys}", &keys.join(", ")).replace("{each}", each).replace("{place}", &place);
    format!("{counted}{question}")
}

/// Until when answers count, as a TIMESTAMP, which is what the column holds.
fn until(counting: &Counting) -> Value {
    Value::Timestamp(TimeUnit::Microsecond, counting.view.as_of.unwrap_or(EVER).min(EVER).saturating_mul(1_000))
}

/// Takes in one row of `class_totals.sql`.
fn take_in(totals: &mut Totals, row: &Row<'_>) -> Result<(), duckdb::Error> {
    let (what, how_many): (String, i64) = (row.get(0)?, row.get(4)?);
    let middle: Option<f64> = row.get(5)?;
    let middle = middle.map(|ms| ms.round() as i64);
    match what.as_str() {
        "choice" => totals.choices.push(ChoiceCount {
            question: row.get(1)?,
            choice: row.get(2)?,
            score: row.get(3)?,
            answers: how_many,
        }),
        "question" => totals.times.push((row.get(1)?, middle.unwrap_or_default())),
        "score" => totals.scores.push((row.get(3)?, how_many)),
        "landed" => totals.landed.insert(row.get(6)?, Tally { records: how_many, numbers: row.get(7)? }),
        _ => totals.typical_ms = middle,
    }
    Ok(())
}

/// Takes in one row of `answers_of_assignment.sql`.
fn take_in_answer(attempts: &mut Vec<CountedAttempt>, row: &Row<'_>) -> Result<(), duckdb::Error> {
    let place: usize = row.get(0)?;
    if attempts.len() < place {
        attempts.resize_with(place, CountedAttempt::default);
    }
    let Some(attempt) = place.checked_sub(1).and_then(|place| attempts.get_mut(place)) else { return Ok(()) };
    let Some(question) = row.get(6)? else {
        attempt.student = row.get(1)?;
        (attempt.attempt_no, attempt.score, attempt.total_ms) = (row.get(2)?, row.get(3)?, row.get(4)?);
        return Ok(());
    };
    let accepted_at = millis(&row.get(5)?).unwrap_or_default();
    attempt.answers.push(CountedAnswer { accepted_at, question, choice: row.get(7)?, elapsed_ms: row.get(4)? });
    Ok(())
}

#[async_trait::async_trait]
impl Figures for DuckDb {
    async fn totals(&self, counting: &Counting, accepted_seq: i64) -> Result<Totals, WarehouseError> {
        let (sql, until) = (sql_of(counting, include_str!("sql/class_totals.sql")), until(counting));
        let assignment = counting.view.assignment;
        self.read(move |reader| {
            let mut statement = reader.prepare_cached(&sql)?;
            let mut rows = statement.query(params![assignment, until, accepted_seq])?;
            let mut totals = Totals::default();
            while let Some(row) = rows.next()? {
                take_in(&mut totals, row)?;
            }
            totals.scores.sort_unstable();
            Ok(totals)
        })
        .await
    }

    async fn cells(&self, counting: &Counting, most: u32) -> Result<Vec<Cell>, WarehouseError> {
        let (sql, until) = (sql_of(counting, include_str!("sql/class_grid.sql")), until(counting));
        let assignment = counting.view.assignment;
        self.read(move |reader| {
            let cell = |row: &Row<'_>| {
                Ok(Cell {
                    student: row.get(0)?,
                    attempt: row.get(1)?,
                    attempt_no: row.get(2)?,
                    score: row.get(3)?,
                    total_ms: row.get(4)?,
                    question: row.get(5)?,
                    choice: row.get(6)?,
                })
            };
            reader.prepare_cached(&sql)?.query_map(params![assignment, until, i64::from(most)], cell)?.collect()
        })
        .await
    }

    async fn counted_attempts(&self, counting: &Counting) -> Result<Vec<CountedAttempt>, WarehouseError> {
        let (sql, until) = (sql_of(counting, include_str!("sql/answers_of_assignment.sql")), until(counting));
        let assignment = counting.view.assignment;
        self.read(move |reader| {
            // A cached statement would keep its whole result.
            let mut statement = reader.prepare(&sql)?;
            let mut rows = statement.query(params![assignment, until])?;
            let mut attempts = Vec::new();
            while let Some(row) = rows.next()? {
                take_in_answer(&mut attempts, row)?;
            }
            Ok(attempts)
        })
        .await
    }

    async fn answers_of_student(
        &self,
        assignment: i64,
        student: String,
    ) -> Result<Vec<StudentAnswerRow>, WarehouseError> {
        self.read(move |reader| {
            let answer = |row: &Row<'_>| {
                Ok(StudentAnswerRow {
                    attempt_no: row.get(0)?,
                    accepted_at: millis(&row.get(1)?).unwrap_or_default(),
                    question: row.get(2)?,
                    choice: row.get(3)?,
                    elapsed_ms: row.get(4)?,
                })
            };
            let sql = include_str!("sql/answers_of_student.sql");
            reader.prepare_cached(sql)?.query_map(params![assignment, student], answer)?.collect()
        })
        .await
    }

    async fn arrivals(&self, assignment: i64) -> Result<Vec<(Millis, i64)>, WarehouseError> {
        self.read(move |reader| {
            let minute = |row: &Row<'_>| Ok((millis(&row.get(0)?).unwrap_or_default(), row.get(1)?));
            reader.prepare_cached(include_str!("sql/arrivals.sql"))?.query_map(params![assignment], minute)?.collect()
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use app::api::results::View;
    use duckdb::Connection;

    use super::super::{Limits, TABLES, open};
    use super::*;

    /// One student with so many attempts at assignment 1, of one answer each: attempt n gives choice n. Two more have
    /// the lowest number that there is, and one the last number.
    fn many_attempts(path: &std::path::Path, attempts: i64) -> crate::warehouse::Warehouse {
        let db = Connection::open(path).expect("made");
        db.execute_batch(TABLES).expect("its tables");
        let rows = format!(
            "INSERT INTO quiz_answers SELECT id, number, TIMESTAMP '2026-01-31', 1, 1, 1, id, number, 's', 1, choice, 5, NULL \
             FROM (SELECT 'a' || n AS id, n AS number, n AS choice FROM range(1, {attempts} + 1) AS t(n) \
             UNION ALL VALUES ('a0', -2147483648, 0), ('b', -2147483648, -2), ('z', {attempts}, -1))"
        );
        db.execute_batch(&rows).expect("rows");
        drop(db);
        open(path, Limits { memory_mib: 128, threads: 1 }).expect("opened")
    }

    #[tokio::test]
    async fn one_attempt_of_a_student_counts_however_many_there_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let warehouse = many_attempts(&folder.path().join("w.duckdb"), 20_000);
        for (attempts, choice, score) in [(Attempts::First, 0, 0), (Attempts::Last, 20_000, 0), (Attempts::Best, 7, 1)]
        {
            let view = View { attempts, ..View::of(1) };
            let totals = warehouse.totals(&Counting { view, keys: vec![7] }, i64::MAX).await.expect("totals");
            let counted = ChoiceCount { question: 1, choice: Some(choice), score, answers: 1 };
            assert_eq!((totals.choices, totals.scores), (vec![counted], vec![(score, 1)]), "{attempts:?}");
        }
        let view = View { attempts: Attempts::All, ..View::of(1) };
        let totals = warehouse.totals(&Counting { view, keys: vec![7] }, i64::MAX).await.expect("totals");
        assert_eq!(totals.scores, [(0, 20_002), (1, 1)]);
    }
}
