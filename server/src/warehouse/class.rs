//! Questions about one assignment's answers: which of them count, and what they add up to.
//!
//! Owns the SQL and its rows. Does not own grading: the keys come from whoever asks.

use app::api::Millis;
use app::api::results::{Attempts, View};
use duckdb::types::{TimeUnit, Value};
use duckdb::{Row, params};

use super::reads::{Landed, Tally, millis};
use super::{Warehouse, WarehouseError};

/// Later than anything that was accepted: the end of the year 9999.
const EVER: Millis = 253_402_300_799_999;

/// Which of an assignment's answers count, and against what they are graded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counting {
    /// Which assignment, attempts and instant.
    pub view: View,
    /// The choices that are keys now, of the questions that are not void.
    pub keys: Vec<i64>,
}

impl Counting {
    /// `question`, a SELECT over the tables of `counted.sql`, with those before it.
    fn sql(&self, question: &str) -> String {
        let (each, order): (_, &[&str]) = match self.view.attempts {
            Attempts::First => ("student_key", &["+ attempt_no"]),
            Attempts::Last => ("student_key", &["- attempt_no"]),
            Attempts::Best => ("student_key", &["- score", "+ attempt_no"]),
            Attempts::All => ("attempt_id", &[]),
        };
        // A two with 18 zeros, plus or minus any number that there is, makes texts of equal length: these sort as numbers do.
        let numbers = order.iter().map(|number| format!("CAST(2000000000000000000 {number} AS VARCHAR) || "));
        let place: String = numbers.chain(["attempt_id".to_owned()]).collect();
        // No question, no key: a list in SQL may not be empty.
        let keys: Vec<String> =
            self.keys.iter().chain(self.keys.is_empty().then_some(&-1)).map(i64::to_string).collect();
        let counted = include_str!("sql/counted.sql");
        let counted = counted.replace("{keys}", &keys.join(", ")).replace("{each}", each).replace("{place}", &place);
        format!("{counted}{question}")
    }

    /// As a TIMESTAMP, which is what the column holds.
    fn until(&self) -> Value {
        Value::Timestamp(TimeUnit::Microsecond, self.view.as_of.unwrap_or(EVER).min(EVER).saturating_mul(1_000))
    }
}

/// So many attempts with this score gave this choice; no choice means that they omitted the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChoiceCount {
    /// The question.
    pub question: i64,
    /// The choice.
    pub choice: Option<i64>,
    /// Right answers of the attempt, in all.
    pub score: i64,
    /// Attempts.
    pub answers: i64,
}

/// One assignment's rows, counted by one statement and so in one snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Attempts per question, choice and score.
    pub choices: Vec<ChoiceCount>,
    /// Question and its middle time in milliseconds.
    pub times: Vec<(i64, i64)>,
    /// Score and how many attempts reached it, lowest first.
    pub scores: Vec<(i64, i64)>,
    /// Middle time of an attempt, in milliseconds.
    pub typical_ms: Option<i64>,
    /// What has landed, among what was accepted up to the number that was asked for.
    pub landed: Landed,
}

impl Totals {
    /// One row of `class_totals.sql`.
    fn take_in(&mut self, row: &Row<'_>) -> Result<(), duckdb::Error> {
        let (what, how_many): (String, i64) = (row.get(0)?, row.get(4)?);
        let middle: Option<f64> = row.get(5)?;
        let middle = middle.map(|ms| ms.round() as i64);
        match what.as_str() {
            "choice" => self.choices.push(ChoiceCount {
                question: row.get(1)?,
                choice: row.get(2)?,
                score: row.get(3)?,
                answers: how_many,
            }),
            "question" => self.times.push((row.get(1)?, middle.unwrap_or_default())),
            "score" => self.scores.push((row.get(3)?, how_many)),
            "landed" => self.landed.insert(row.get(6)?, Tally { records: how_many, numbers: row.get(7)? }),
            _ => self.typical_ms = middle,
        }
        Ok(())
    }
}

/// One attempt that counts, with its answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CountedAttempt {
    /// The student's pseudonym.
    pub student: String,
    /// 1 for the student's first.
    pub attempt_no: i64,
    /// Right answers.
    pub score: i64,
    /// Time of the attempt, in milliseconds.
    pub total_ms: i64,
    /// In no order.
    pub answers: Vec<CountedAnswer>,
}

/// One answer that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedAnswer {
    /// When it was accepted.
    pub accepted_at: Millis,
    /// The question.
    pub question: i64,
    /// The choice; none: omitted.
    pub choice: Option<i64>,
    /// Time on the question, in milliseconds.
    pub elapsed_ms: i64,
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

/// One answer of an attempt that counts, for a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The student's pseudonym.
    pub student: String,
    /// Names the attempt.
    pub attempt: String,
    /// 1 for the student's first.
    pub attempt_no: i64,
    /// Right answers of the attempt.
    pub score: i64,
    /// Time of the attempt, in milliseconds.
    pub total_ms: i64,
    /// The question.
    pub question: i64,
    /// The choice; none: omitted.
    pub choice: Option<i64>,
}

/// One answer of one student.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StudentAnswerRow {
    /// 1 for the student's first attempt.
    pub attempt_no: i64,
    /// When it was handed in.
    pub accepted_at: Millis,
    /// The question.
    pub question: i64,
    /// The choice; none: omitted.
    pub choice: Option<i64>,
    /// Time on the question, in milliseconds.
    pub elapsed_ms: i64,
}

impl Warehouse {
    /// What counts of one assignment, added up. `landed` is as of `accepted_seq`.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn totals(&self, counting: &Counting, accepted_seq: i64) -> Result<Totals, WarehouseError> {
        let (sql, until) = (counting.sql(include_str!("sql/class_totals.sql")), counting.until());
        let assignment = counting.view.assignment;
        self.read(move |reader| {
            let mut statement = reader.prepare_cached(&sql)?;
            let mut rows = statement.query(params![assignment, until, accepted_seq])?;
            let mut totals = Totals::default();
            while let Some(row) = rows.next()? {
                totals.take_in(row)?;
            }
            totals.scores.sort_unstable();
            Ok(totals)
        })
        .await
    }

    /// The answers that count, attempt by attempt; at most so many.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn cells(&self, counting: &Counting, most: u32) -> Result<Vec<Cell>, WarehouseError> {
        let (sql, until) = (counting.sql(include_str!("sql/class_grid.sql")), counting.until());
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

    /// Every attempt that counts with every answer of it, in no order. One of 4 million answers takes 200 MB.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn counted_attempts(&self, counting: &Counting) -> Result<Vec<CountedAttempt>, WarehouseError> {
        let (sql, until) = (counting.sql(include_str!("sql/answers_of_assignment.sql")), counting.until());
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

    /// One student's answers in one assignment, first attempt first.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn answers_of_student(
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

    /// The minutes in which an assignment's answers were accepted, in order, and how many in each.
    ///
    /// # Errors
    /// If the warehouse does not answer.
    pub async fn arrivals(&self, assignment: i64) -> Result<Vec<(Millis, i64)>, WarehouseError> {
        self.read(move |reader| {
            let minute = |row: &Row<'_>| Ok((millis(&row.get(0)?).unwrap_or_default(), row.get(1)?));
            reader.prepare_cached(include_str!("sql/arrivals.sql"))?.query_map(params![assignment], minute)?.collect()
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use duckdb::Connection;

    use super::super::{Limits, SCHEMA};
    use super::*;

    /// One student with so many attempts at assignment 1, of one answer each: attempt n gives choice n. Two more have
    /// the lowest number that there is, and one the last number.
    fn many_attempts(path: &std::path::Path, attempts: i64) -> Warehouse {
        let db = Connection::open(path).expect("made");
        db.execute_batch(SCHEMA).expect("its tables");
        let rows = format!(
            "INSERT INTO quiz_answers SELECT id, number, TIMESTAMP '2026-01-31', 1, 1, 1, id, number, 's', 1, choice, 5, NULL \
             FROM (SELECT 'a' || n AS id, n AS number, n AS choice FROM range(1, {attempts} + 1) AS t(n) \
             UNION ALL VALUES ('a0', -2147483648, 0), ('b', -2147483648, -2), ('z', {attempts}, -1))"
        );
        db.execute_batch(&rows).expect("rows");
        drop(db);
        Warehouse::open(path, Limits { memory_mib: 128, threads: 1 }).expect("opened")
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
