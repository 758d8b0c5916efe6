//! A warehouse with many answers, in the product's own table.
//!
//! Owns what they are like: assignments of 30 students with 40 questions, three dozen of them open at once, their attempts
//! in the order in which they were handed in, record ids without any order; and one assignment of a district, which is
//! handed in last. Made by DuckDB itself, so that a hundred million take minutes.

use std::path::Path;

use duckdb::Connection;

use crate::running::Outcome;

pub const STUDENTS: i64 = 30;
pub const QUESTIONS: i64 = 40;
/// Assignments that are open at once.
const OPEN: i64 = 36;
/// Answers of one wave of them.
const WAVE: i64 = OPEN * STUDENTS * QUESTIONS;
/// Waves of one INSERT: about two million answers.
const AT_ONCE: i64 = 50;
/// The first assignment; the store of a server that is measured has lower numbers.
const FIRST: i64 = 1_000;
/// The district's.
pub const DISTRICT: i64 = 999;
pub const DISTRICT_STUDENTS: i64 = 100_000;

/// What is there.
pub struct Many {
    pub answers: i64,
    pub assignments: i64,
}

impl Many {
    /// The number of an assignment of 30 students.
    pub fn assignment(&self, place: i64) -> i64 {
        FIRST + place % self.assignments
    }
}

/// Fills the warehouse at `path`, which has its tables, with at least so many answers, and a district's.
pub fn fill(path: &Path, answers: i64) -> Outcome<Many> {
    let waves = (answers / WAVE).max(1);
    let db = Connection::open(path)?;
    db.execute_batch("SELECT setseed(0.5)")?;
    for from in (0..waves).step_by(AT_ONCE as usize) {
        let (to, assignment) = (waves.min(from + AT_ONCE), format!("{FIRST} + wave * {OPEN} + open"));
        let who = format!("range({from}, {to}) AS waves(wave), range({OPEN}) AS opened(open), range({STUDENTS})");
        db.execute_batch(&insert(&assignment, "wave", &who, from * WAVE))?;
    }
    let district = format!("range({DISTRICT_STUDENTS})");
    db.execute_batch(&insert(&DISTRICT.to_string(), "1", &district, waves * WAVE))?;
    db.execute_batch("CHECKPOINT")?;
    Ok(Many { answers: waves * WAVE + DISTRICT_STUDENTS * QUESTIONS, assignments: waves * OPEN })
}

/// The number of a question's choice; 0 is its key.
fn choice(question: &str, choice: &str) -> String {
    format!("({question}) * 10 + {choice}")
}

/// The keys of an assignment's quiz.
pub fn keys(assignment: i64) -> Vec<i64> {
    let quiz = assignment % 97 + 1;
    (0..QUESTIONS).map(|question| (quiz * 100 + question) * 10).collect()
}

/// One attempt of each student, all 40 answers at once, in random order within what is open at the same time. Each student
/// knows more or less; one answer of twenty is omitted.
fn insert(assignment: &str, wave: &str, who: &str, seq: i64) -> String {
    let question = "quiz * 100 + question";
    let (key, other) = (choice(question, "0"), choice(question, "CAST(1 + floor(random() * 3) AS BIGINT)"));
    format!(
        "INSERT INTO quiz_answers
         WITH attempts AS (
             SELECT {assignment} AS assignment, {wave} AS wave, random() AS turn, 0.2 + 0.7 * random() AS able,
                    CAST(uuid() AS VARCHAR) AS attempt, CAST(uuid() AS VARCHAR) AS student
             FROM {who} AS students(student)
         ), placed AS (
             SELECT *, assignment % 97 + 1 AS quiz, ROW_NUMBER() OVER (ORDER BY wave, turn) - 1 AS place FROM attempts
         )
         SELECT CAST(uuid() AS VARCHAR), {seq} + place * {QUESTIONS} + question + 1,
                make_timestamp(1767225600000000 + ({seq} // {QUESTIONS} + place) * 1000000), assignment,
                assignment % 331 + 1, quiz, attempt, 1, student, {question},
                CASE WHEN random() < 0.05 THEN NULL WHEN random() < able THEN {key} ELSE {other} END,
                900 + CAST(random() * 89000 AS BIGINT), NULL
         FROM placed, range({QUESTIONS}) AS questions(question)
         ORDER BY place, question"
    )
}
