//! Classes and one assignment's results.
//!
//! Owns who may see which class, how far its students are, and the grading of counts against the current keys. Does not
//! own the counts, which are the warehouse's, nor how current they are.

use std::collections::BTreeMap;

use app::api::accounts::Role;
use app::api::results::{AssignmentSummary, ChoiceResult, ClassResults, ClassSummary, Participation, QuestionResult};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Results, ResultsError, group};
use crate::accounts::User;
use crate::store::tables::{assignment, attempt, choice, class, question, quiz, student};
use crate::warehouse::Totals;

/// A question with its choices in the order shown.
type Content = Vec<(question::Model, Vec<choice::Model>)>;

impl Results {
    pub(super) async fn classes_of(&self, user: &User) -> Result<Vec<ClassSummary>, ResultsError> {
        let mut classes = class::Entity::find().order_by_asc(class::Column::Name);
        if user.me.role != Role::Admin {
            classes = classes.filter(class::Column::TeacherId.eq(user.id));
        }
        let mut summaries = Vec::new();
        for class in classes.all(&self.store.read).await? {
            let students = self.students_of(class.id).await?;
            let assignments = self.assignments_of(class.id, students).await?;
            summaries.push(ClassSummary { id: class.id, name: class.name, students, assignments });
        }
        Ok(summaries)
    }

    async fn students_of(&self, class: i64) -> Result<i64, DbErr> {
        let students = student::Entity::find().filter(student::Column::ClassId.eq(class));
        Ok(students.count(&self.store.read).await? as i64)
    }

    async fn assignments_of(&self, class: i64, students: i64) -> Result<Vec<AssignmentSummary>, DbErr> {
        let rows = assignment::Entity::find()
            .filter(assignment::Column::ClassId.eq(class))
            .order_by_desc(assignment::Column::OpenedAt)
            .all(&self.store.read)
            .await?;
        let mut summaries = Vec::with_capacity(rows.len());
        for row in rows {
            let quiz = quiz::Entity::find_by_id(row.quiz_id).one(&self.store.read).await?;
            let questions = question::Entity::find().filter(question::Column::QuizId.eq(row.quiz_id));
            summaries.push(AssignmentSummary {
                id: row.id,
                quiz_title: quiz.map(|q| q.title).unwrap_or_default(),
                questions: questions.count(&self.store.read).await? as i64,
                join_code: row.join_code,
                opened_at: row.opened_at,
                closed_at: row.closed_at,
                participation: self.participation(row.id, students).await?,
            });
        }
        Ok(summaries)
    }

    /// Each student counts once: as submitted if any attempt was.
    async fn participation(&self, assignment: i64, students: i64) -> Result<Participation, DbErr> {
        let attempts = attempt::Entity::find()
            .select_only()
            .column(attempt::Column::StudentId)
            .column_as(attempt::Column::SubmittedAt.max(), "submitted")
            .filter(attempt::Column::AssignmentId.eq(assignment))
            .group_by(attempt::Column::StudentId)
            .into_tuple::<(i64, Option<i64>)>()
            .all(&self.store.read)
            .await?;
        let submitted = attempts.iter().filter(|(_, at)| at.is_some()).count() as i64;
        Ok(Participation { students, working: attempts.len() as i64 - submitted, submitted })
    }

    /// The assignment and its class, if the account may see them.
    pub(crate) async fn visible(
        &self,
        user: &User,
        assignment: i64,
    ) -> Result<(assignment::Model, class::Model), ResultsError> {
        let (assignment, class) = assignment::Entity::find_by_id(assignment)
            .one(&self.store.read)
            .await?
            .map(|row| async { class::Entity::find_by_id(row.class_id).one(&self.store.read).await.map(|c| (row, c)) })
            .ok_or(ResultsError::Unknown("assignment"))?
            .await?;
        let may_see = |class: &class::Model| user.me.role == Role::Admin || class.teacher_id == user.id;
        class.filter(may_see).map(|class| (assignment, class)).ok_or(ResultsError::Unknown("assignment"))
    }

    pub(super) async fn class_results(&self, user: &User, id: i64) -> Result<ClassResults, ResultsError> {
        let (assignment, class) = self.visible(user, id).await?;
        let quiz = quiz::Entity::find_by_id(assignment.quiz_id)
            .one(&self.store.read)
            .await?
            .ok_or(ResultsError::Unknown("quiz"))?;
        let content = self.content(quiz.id).await?;
        let keys: Vec<i64> =
            content.iter().flat_map(|(_, choices)| choices).filter(|c| c.is_key).map(|c| c.id).collect();
        let students = self.students_of(class.id).await?;
        let participation = self.participation(id, students).await?;
        // What was accepted first, then what has landed, in one snapshot with the figures: the page never claims more
        // than it shows.
        let accepted = self.measure.accepted(id).await?;
        let totals = self.warehouse.totals(id, &keys, accepted.last_seq()).await?;
        let freshness = accepted.compare(&totals.landed);
        Ok(ClassResults {
            assignment: id,
            class_name: class.name,
            quiz_title: quiz.title,
            join_code: assignment.join_code,
            opened_at: assignment.opened_at,
            closed_at: assignment.closed_at,
            participation,
            students_counted: totals.students,
            median_score: totals.median_score,
            typical_ms: totals.typical_ms,
            questions: grade(content, &totals),
            freshness,
        })
    }

    async fn content(&self, quiz: i64) -> Result<Content, DbErr> {
        let questions = question::Entity::find()
            .filter(question::Column::QuizId.eq(quiz))
            .order_by_asc(question::Column::Number)
            .all(&self.store.read)
            .await?;
        let choices = choice::Entity::find()
            .filter(choice::Column::QuestionId.is_in(questions.iter().map(|q| q.id)))
            .order_by_asc(choice::Column::Number)
            .all(&self.store.read)
            .await?;
        let mut choices = group(choices, |choice| choice.question_id);
        Ok(questions
            .into_iter()
            .map(|question| {
                let choices = choices.remove(&question.id).unwrap_or_default();
                (question, choices)
            })
            .collect())
    }
}

/// Grades the counts against the current keys.
fn grade(content: Content, totals: &Totals) -> Vec<QuestionResult> {
    let counts: BTreeMap<(i64, Option<i64>), i64> =
        totals.choices.iter().map(|c| ((c.question, c.choice), c.answers)).collect();
    let times: BTreeMap<i64, i64> = totals.times.iter().copied().collect();
    let count = |question, choice| counts.get(&(question, choice)).copied().unwrap_or(0);
    content
        .into_iter()
        .map(|(question, choices)| {
            let omitted = count(question.id, None);
            let choices: Vec<ChoiceResult> = choices
                .into_iter()
                .map(|c| ChoiceResult {
                    answers: count(question.id, Some(c.id)),
                    id: c.id,
                    text: c.text,
                    is_key: c.is_key,
                })
                .collect();
            QuestionResult {
                id: question.id,
                number: question.number,
                text: question.text,
                n: choices.iter().map(|c| c.answers).sum::<i64>() + omitted,
                correct: choices.iter().filter(|c| c.is_key).map(|c| c.answers).sum(),
                omitted,
                median_ms: times.get(&question.id).copied(),
                choices,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warehouse::ChoiceCount;

    fn asked(id: i64, choices: &[i64], key: i64) -> (question::Model, Vec<choice::Model>) {
        let question =
            question::Model { id, quiz_id: 1, number: id, text: format!("question {id}"), explanation: None };
        let choice = |(number, id): (i64, &i64)| choice::Model {
            id: *id,
            question_id: question.id,
            number,
            text: format!("choice {id}"),
            is_key: *id == key,
        };
        let choices = (1..).zip(choices).map(choice).collect();
        (question, choices)
    }

    fn count(question: i64, choice: Option<i64>, answers: i64) -> ChoiceCount {
        ChoiceCount { question, choice, answers }
    }

    #[test]
    fn counts_are_graded_against_the_key_and_who_omitted_is_counted_as_wrong() {
        let totals = Totals {
            choices: vec![count(1, Some(11), 5), count(1, Some(12), 3), count(1, None, 2), count(2, None, 4)],
            times: vec![(1, 900)],
            ..Totals::default()
        };
        let graded = grade(vec![asked(1, &[11, 12, 13], 12), asked(2, &[21, 22], 21)], &totals);
        let [first, second] = &graded[..] else { panic!("two questions: {graded:?}") };
        assert_eq!((first.n, first.correct, first.omitted, first.median_ms), (10, 3, 2, Some(900)));
        let given: Vec<(i64, i64, bool)> = first.choices.iter().map(|c| (c.id, c.answers, c.is_key)).collect();
        assert_eq!(given, [(11, 5, false), (12, 3, true), (13, 0, false)]);
        assert_eq!((second.n, second.correct, second.omitted, second.facility()), (4, 0, 4, Some(0.0)));
    }

    #[test]
    fn another_key_is_another_grade_and_what_the_quiz_does_not_have_counts_nowhere() {
        let totals = Totals {
            choices: vec![count(1, Some(11), 5), count(1, Some(99), 7), count(8, Some(11), 9)],
            ..Totals::default()
        };
        for (key, correct) in [(11, 5), (12, 0)] {
            let graded = grade(vec![asked(1, &[11, 12], key)], &totals);
            assert_eq!((graded[0].n, graded[0].correct, graded[0].median_ms), (5, correct, None));
        }
        let unanswered = grade(vec![asked(1, &[11, 12], 11)], &Totals::default());
        assert_eq!((unanswered[0].n, unanswered[0].facility()), (0, None));
    }
}
