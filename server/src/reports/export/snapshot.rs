//! What is taken away: one assignment's results with every answer that counts.
//!
//! Owns that figures and answers are of the same rows, and that students stand in the order of the class list. Does not
//! own a file's shape.

use std::collections::{BTreeMap, BTreeSet};

use app::api::Millis;
use app::api::class::Progress;
use app::api::results::{ClassResults, QuestionResult, View};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::super::grid::ClassList;
use super::super::{ReportError, Reports};
use super::Export;
use crate::accounts::User;
use crate::store::tables::{answer, student};
use crate::warehouse::{CountedAnswer, CountedAttempt, Counting};

/// Figures and answers are two questions to the warehouse. What lands between them makes them differ, and both are asked
/// again; no more than so often.
const TRIES: usize = 5;

/// One assignment's results with every answer that counts.
pub(super) struct Snapshot {
    pub results: ClassResults,
    /// All that was accepted until then.
    pub as_of: Millis,
    /// Whether names are shown.
    pub with_names: bool,
    /// In the order of the class list, a student's first attempt first.
    pub attempts: Vec<Attempt>,
    /// Students of the class without an attempt that counts.
    pub without: Vec<Student>,
}

/// A student, as far as a file may know.
#[derive(Clone, Debug)]
pub(super) struct Student {
    /// The pseudonym.
    pub key: String,
    /// Place in the class list; none if nobody there has this pseudonym.
    pub number: Option<i64>,
    /// As the class list has it, if it was asked for.
    pub name: Option<String>,
    pub progress: Progress,
}

/// An attempt that counts.
pub(super) struct Attempt {
    pub student: Student,
    /// 1 for the student's first.
    pub number: i64,
    pub submitted_at: Option<Millis>,
    pub score: i64,
    pub total_ms: i64,
    /// In quiz order.
    pub answers: Vec<Answer>,
}

/// An answer that counts.
#[derive(Clone, Copy)]
pub(super) struct Answer {
    /// Place of the question in the quiz.
    pub question: usize,
    /// Place of the choice in the question; none: omitted.
    pub choice: Option<usize>,
    pub elapsed_ms: i64,
}

impl Reports {
    /// Everything that an export needs.
    pub(super) async fn snapshot(
        &self,
        user: &User,
        view: View,
        export: Export,
        with_names: bool,
    ) -> Result<Snapshot, ReportError> {
        // Not later than now: nobody knows what will be accepted. What was accepted while the clock was ahead counts, as it does
        // on the page.
        let now = self.measure.now().max(self.last_accepted(view.assignment).await?);
        let as_of = view.as_of.map_or(now, |as_of| as_of.min(now));
        let view = View { as_of: Some(as_of), ..view };
        for _ in 0..TRIES {
            let results = self.class_results(user, view).await?;
            check_size(export, results.questions.iter().map(|question| question.n).sum())?;
            let mut snapshot = Snapshot { results, as_of, with_names, attempts: Vec::new(), without: Vec::new() };
            if export == Export::Summary {
                return Ok(snapshot);
            }
            self.read_answers(user, view, &mut snapshot).await?;
            if snapshot.agrees() {
                check_size(export, (snapshot.attempts.len() + snapshot.without.len()) as i64)?;
                return Ok(snapshot);
            }
        }
        Err(ReportError::Landing)
    }

    /// When the newest answer of an assignment was accepted; 0 if there is none.
    async fn last_accepted(&self, assignment: i64) -> Result<Millis, ReportError> {
        let newest = answer::Entity::find()
            .select_only()
            .column_as(answer::Column::AcceptedAt.max(), "newest")
            .filter(answer::Column::AssignmentId.eq(assignment))
            .into_tuple::<Option<Millis>>()
            .one(&self.store.read)
            .await?;
        Ok(newest.flatten().unwrap_or(0))
    }

    async fn read_answers(&self, user: &User, view: View, snapshot: &mut Snapshot) -> Result<(), ReportError> {
        let (assignment, _) = self.access.visible(user, view.assignment).await?;
        let students = self.class_list(&assignment, view.as_of).await?;
        let progress = self.progress(view.assignment, view.as_of).await?;
        let counting = Counting { view, keys: keys(&snapshot.results.questions) };
        let attempts = self.warehouse.counted_attempts(&counting).await?;
        let list = ClassList::of(&students, &progress);
        let names: BTreeMap<&str, &str> =
            students.iter().map(|row| (row.student_key.as_str(), row.name.as_str())).collect();
        let student = |key: &str| Student {
            key: key.to_owned(),
            number: list.number(key),
            name: names.get(key).filter(|_| snapshot.with_names).map(|name| (*name).to_owned()),
            progress: list.progress(key),
        };
        let places = places(&snapshot.results.questions);
        let mut taken_attempts: Vec<Attempt> = attempts
            .into_iter()
            .map(|attempt| {
                let student = student(&attempt.student);
                counted(&attempt, student, &places)
            })
            .collect();
        taken_attempts.sort_by(|a, b| a.place().cmp(&b.place()));
        let there: BTreeSet<&str> = taken_attempts.iter().map(|attempt| attempt.student.key.as_str()).collect();
        let is_without = |row: &&student::Model| !there.contains(row.student_key.as_str());
        let without = students.iter().filter(is_without).map(|row| student(&row.student_key)).collect();
        (snapshot.attempts, snapshot.without) = (taken_attempts, without);
        Ok(())
    }
}

impl Snapshot {
    /// Every answer that had been accepted before this instant is here.
    pub fn complete_through(&self) -> Millis {
        self.results.freshness.complete_through.min(self.as_of)
    }

    /// Whether the answers are those that the figures are of: for each question as many of each choice, and for each score
    /// as many attempts.
    fn agrees(&self) -> bool {
        let mut given: BTreeMap<(usize, Option<usize>), i64> = BTreeMap::new();
        let mut scores = vec![0; self.results.scores.len()];
        for attempt in &self.attempts {
            for answer in &attempt.answers {
                *given.entry((answer.question, answer.choice)).or_default() += 1;
            }
            if let Some(attempts) = usize::try_from(attempt.score).ok().and_then(|score| scores.get_mut(score)) {
                *attempts += 1;
            }
        }
        let count = |question, choice| given.get(&(question, choice)).copied().unwrap_or(0);
        let same = |(place, question): (usize, &QuestionResult)| {
            let choices = (0..).zip(&question.choices);
            count(place, None) == question.omitted
                && choices.into_iter().all(|(choice, of)| count(place, Some(choice)) == of.answers)
        };
        scores == self.results.scores && (0..).zip(&self.results.questions).all(same)
    }

    /// Questions that are not void: the most that a score can be.
    pub fn graded(&self) -> i64 {
        self.results.questions.iter().filter(|question| !question.is_void).count() as i64
    }

    /// The question of an answer.
    pub fn question(&self, answer: Answer) -> Option<&QuestionResult> {
        self.results.questions.get(answer.question)
    }
}

impl Attempt {
    /// Whoever is on no list comes last.
    fn place(&self) -> (bool, Option<i64>, &str, i64) {
        (self.student.number.is_none(), self.student.number, &self.student.key, self.number)
    }
}

impl Student {
    /// What the student is called where no names are shown.
    pub fn label(&self) -> String {
        self.number.map_or_else(|| "Not on the class list".to_owned(), |number| format!("Student {number}"))
    }
}

/// The choices that are right, of the questions that are not void.
fn keys(questions: &[QuestionResult]) -> Vec<i64> {
    let graded = questions.iter().filter(|question| !question.is_void);
    graded.flat_map(|question| &question.choices).filter(|choice| choice.is_key).map(|choice| choice.id).collect()
}

/// By question: its place, and the places of its choices.
type Places = BTreeMap<i64, (usize, BTreeMap<i64, usize>)>;

fn places(questions: &[QuestionResult]) -> Places {
    let choices = |question: &QuestionResult| (0..).zip(&question.choices).map(|(place, c)| (c.id, place)).collect();
    (0..).zip(questions).map(|(place, question)| (question.id, (place, choices(question)))).collect()
}

/// An attempt with its answers in quiz order. What the quiz does not have counts nowhere, and is not here either.
fn counted(attempt: &CountedAttempt, student: Student, places: &Places) -> Attempt {
    let submitted_at = attempt.answers.iter().map(|answer| answer.accepted_at).min();
    let answer = |answer: &CountedAnswer| {
        let (question, choices) = places.get(&answer.question)?;
        let choice = match answer.choice {
            Some(choice) => Some(*choices.get(&choice)?),
            None => None,
        };
        Some(Answer { question: *question, choice, elapsed_ms: answer.elapsed_ms })
    };
    let mut answers: Vec<Answer> = attempt.answers.iter().filter_map(answer).collect();
    answers.sort_unstable_by_key(|answer| answer.question);
    answers.shrink_to_fit();
    let CountedAttempt { attempt_no: number, score, total_ms, .. } = *attempt;
    Attempt { student, number, submitted_at, score, total_ms, answers }
}

fn check_size(export: Export, rows: i64) -> Result<(), ReportError> {
    let most = export.most_answers();
    if rows <= most {
        return Ok(());
    }
    Err(ReportError::TooLarge { file: export.name(), rows, most, instead: export.instead() })
}

#[cfg(test)]
mod tests {
    use app::api::ApiError;

    use super::*;

    #[test]
    fn more_than_a_sheet_holds_is_refused_with_what_holds_it() {
        let district = 100_000 * 40;
        assert!(check_size(Export::Answers, district).is_ok() && check_size(Export::Summary, district).is_ok());
        assert!(check_size(Export::Workbook, 1_048_575).is_ok());
        let refused = check_size(Export::Workbook, district).map_err(ApiError::from).expect_err("too large");
        assert_eq!(refused.status(), 413);
        let says =
            "results.xlsx holds at most 1048575 rows, and these would be 4000000; take answers.csv and summary.csv";
        assert_eq!(refused.to_string(), says);
    }
}
