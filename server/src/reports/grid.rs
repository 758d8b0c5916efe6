//! The class, student by student.
//!
//! Owns the join of the warehouse's attempts with the class list. Students are called by pseudonym and number; their names
//! are another question. Does not own which attempt counts.

use std::collections::{BTreeMap, BTreeSet};

use app::api::class::{
    Arrivals, ClassGrid, GridQuestion, GridRow, Progress, StudentAnswer, StudentAttempt, StudentQuestion,
    StudentResults,
};
use app::api::results::View;

use super::{ReportError, Reports};
use crate::accounts::User;
use crate::quizzes::{Content, QuestionWithChoices, keys};
use crate::store::tables::{choice, student};
use crate::warehouse::{Cell, Counting, StudentAnswerRow};

/// Answers of one grid: more than a thousand students with sixty questions.
const MOST_CELLS: u32 = 75_000;
/// Rows of one grid that belong to students without an attempt that counts.
const MOST_IDLE: usize = 1_000;
/// An answer that has not landed.
const NOT_LANDED: i64 = -1;

impl Reports {
    pub(super) async fn class_grid(&self, user: &User, view: View) -> Result<ClassGrid, ReportError> {
        let given = self.given(user, view.assignment).await?;
        let progress = self.progress(view.assignment, view.as_of).await?;
        let students = self.class_list(&given.assignment, view.as_of).await?;
        let counting = Counting { view, keys: keys(&given.content) };
        let mut cells = self.warehouse.cells(&counting, MOST_CELLS).await?;
        let is_cut = cells.len() == MOST_CELLS as usize;
        if let Some(last) = cells.last().filter(|_| is_cut).map(|last| last.attempt.clone()) {
            cells.retain(|cell| cell.attempt != last);
        }
        let list = ClassList::of(&students, &progress);
        let mut rows = rows_of(&cells, &given.content, &list);
        let there: BTreeSet<String> = rows.iter().map(|row| row.student.clone()).collect();
        let without: Vec<&student::Model> =
            students.iter().filter(|student| !there.contains(&student.student_key)).collect();
        let total = (rows.len() + without.len()) as i64;
        if !is_cut {
            rows.extend(without.into_iter().take(MOST_IDLE).map(|student| list.idle(student, given.content.len())));
        }
        rows.sort_by_key(|row| (row.number.is_none(), row.number, row.attempt));
        Ok(ClassGrid { questions: given.content.iter().map(column).collect(), rows, total })
    }

    pub(super) async fn student_results(
        &self,
        user: &User,
        assignment: i64,
        student: String,
    ) -> Result<StudentResults, ReportError> {
        let given = self.given(user, assignment).await?;
        let progress = self.progress(assignment, None).await?;
        let students = self.class_list(&given.assignment, None).await?;
        let list = ClassList::of(&students, &progress);
        let number = list.number(&student).ok_or(ReportError::Unknown("student"))?;
        let progress = list.progress(&student);
        let answers = self.warehouse.answers_of_student(assignment, student.clone()).await?;
        Ok(StudentResults {
            student,
            number,
            class_name: given.class.name,
            quiz_title: given.quiz.title,
            progress,
            is_over: given.assignment.closed_at.is_some(),
            attempts: attempts_of(&answers, &given.content),
            questions: given.content.into_iter().map(student_question).collect(),
        })
    }

    pub(super) async fn arrivals(&self, user: &User, assignment: i64) -> Result<Vec<Arrivals>, ReportError> {
        self.access.visible(user, assignment).await?;
        let minutes = self.warehouse.arrivals(assignment).await?.into_iter();
        Ok(minutes.map(|(minute, answers)| Arrivals { minute, answers }).collect())
    }
}

/// A class list by pseudonym: place in the list and progress.
pub(super) struct ClassList<'a>(BTreeMap<&'a str, (i64, Progress)>);

impl<'a> ClassList<'a> {
    pub(super) fn of(students: &'a [student::Model], progress: &BTreeMap<i64, Progress>) -> Self {
        let progress = |student: &student::Model| progress.get(&student.id).copied().unwrap_or(Progress::NotStarted);
        let students = (1..).zip(students);
        Self(students.map(|(place, student)| (student.student_key.as_str(), (place, progress(student)))).collect())
    }

    pub(super) fn number(&self, student: &str) -> Option<i64> {
        self.0.get(student).map(|(place, _)| *place)
    }

    pub(super) fn progress(&self, student: &str) -> Progress {
        // Whoever is on no list has an answer in the warehouse, or would not be asked for.
        self.0.get(student).map_or(Progress::Submitted, |(_, progress)| *progress)
    }

    fn idle(&self, student: &student::Model, questions: usize) -> GridRow {
        GridRow {
            number: self.number(&student.student_key),
            progress: self.progress(&student.student_key),
            student: student.student_key.clone(),
            attempt: None,
            score: 0,
            elapsed_ms: 0,
            choices: vec![NOT_LANDED; questions],
        }
    }
}

/// One row for each attempt; the cells of an attempt stand together.
fn rows_of(cells: &[Cell], content: &Content, list: &ClassList<'_>) -> Vec<GridRow> {
    let places: BTreeMap<i64, usize> = content.iter().enumerate().map(|(place, (q, _))| (q.id, place)).collect();
    let row = |cells: &[Cell]| {
        let first = cells.first()?;
        let mut choices = vec![NOT_LANDED; content.len()];
        for cell in cells {
            if let Some(choice) = places.get(&cell.question).and_then(|place| choices.get_mut(*place)) {
                *choice = cell.choice.unwrap_or(0);
            }
        }
        Some(GridRow {
            student: first.student.clone(),
            number: list.number(&first.student),
            progress: list.progress(&first.student),
            attempt: Some(first.attempt_no),
            score: first.score,
            elapsed_ms: first.total_ms,
            choices,
        })
    };
    cells.chunk_by(|a, b| a.attempt == b.attempt).filter_map(row).collect()
}

fn column((question, choices): &QuestionWithChoices) -> GridQuestion {
    let (key, also) = key_and_also(choices);
    GridQuestion {
        id: question.id,
        number: question.number,
        key,
        also,
        choices: choices.iter().map(|choice| choice.id).collect(),
        is_void: question.is_void,
    }
}

/// The key, and what is right besides.
fn key_and_also(choices: &[choice::Model]) -> (Option<i64>, Vec<i64>) {
    let mut right = choices.iter().filter(|choice| choice.is_key).map(|choice| choice.id);
    (right.next(), right.collect())
}

fn attempts_of(answers: &[StudentAnswerRow], content: &Content) -> Vec<StudentAttempt> {
    let right = keys(content);
    let attempt = |answers: &[StudentAnswerRow]| {
        let first = answers.first()?;
        let given = |question: i64| answers.iter().find(|answer| answer.question == question);
        let score = answers.iter().filter(|answer| answer.choice.is_some_and(|choice| right.contains(&choice))).count();
        let answers = content.iter().map(|(question, _)| given(question.id)).map(|answer| StudentAnswer {
            choice: answer.and_then(|answer| answer.choice),
            elapsed_ms: answer.map_or(0, |answer| answer.elapsed_ms),
        });
        let (number, submitted_at) = (first.attempt_no, first.accepted_at);
        Some(StudentAttempt { number, submitted_at, score: score as i64, answers: answers.collect() })
    };
    answers.chunk_by(|a, b| a.attempt_no == b.attempt_no).filter_map(attempt).collect()
}

fn student_question((question, choices): QuestionWithChoices) -> StudentQuestion {
    let (key, also) = key_and_also(&choices);
    StudentQuestion {
        number: question.number,
        key,
        also,
        choices: choices.into_iter().map(|choice| (choice.id, choice.text)).collect(),
        text: question.text,
        is_void: question.is_void,
    }
}
