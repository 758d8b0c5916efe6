//! One assignment's results.
//!
//! Owns the grading of counts against the current keys. Does not own the counts, which are the warehouse's, nor how
//! current they are, nor the statistics (`analysis`).

use std::collections::BTreeMap;

use app::api::results::{ChoiceResult, ClassResults, QuestionResult, View};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::analysis::Analysis;
use super::{ReportError, Reports};
use crate::accounts::User;
use crate::quizzes::{Content, QuestionWithChoices, content_of, keys};
use crate::store::tables::{assignment, choice, class, quiz};
use crate::warehouse::{Counting, Totals};

/// An assignment with all that the transactional store knows of it.
pub(super) struct AssignmentContent {
    pub assignment: assignment::Model,
    pub class: class::Model,
    pub quiz: quiz::Model,
    pub content: Content,
}

impl Reports {
    pub(super) async fn class_results(&self, user: &User, view: View) -> Result<ClassResults, ReportError> {
        let given = self.given(user, view.assignment).await?;
        let keys = keys(&given.content);
        // What was accepted first, then what has landed, in one snapshot with the figures: the page never claims more
        // than it shows. The store's other answers come meanwhile, by connections of their own.
        let (accepted, participation, rulings, also_open) = tokio::try_join!(
            async { Ok(self.measure.accepted(view.assignment).await?) },
            async { Ok(self.participation(&given.assignment, view.as_of).await?) },
            self.rulings(user, &given),
            async { Ok(self.also_open(&given.assignment).await?) },
        )?;
        let accepted = accepted.until(view.as_of);
        let totals = self.warehouse.totals(&Counting { view, keys }, accepted.last_seq()).await?;
        let freshness = accepted.compare(&totals.landed);
        let AssignmentContent { assignment, class, quiz, content } = given;
        let analysis = Analysis::of(&content, &totals);
        Ok(ClassResults {
            assignment: assignment.id,
            quiz: quiz.id,
            attempts: view.attempts,
            as_of: view.as_of,
            class_name: class.name,
            quiz_title: quiz.title,
            join_code: assignment.join_code,
            opened_at: assignment.opened_at,
            closed_at: assignment.closed_at,
            also_open,
            participation,
            counted: totals.scores.iter().map(|(_, attempts)| attempts).sum(),
            scores: histogram(&content, &totals),
            typical_ms: totals.typical_ms,
            test: analysis.test(),
            questions: grade(content, &totals, &analysis),
            rulings,
            freshness,
        })
    }

    /// What is known of an assignment, if the account may see it.
    pub(super) async fn given(&self, user: &User, assignment: i64) -> Result<AssignmentContent, ReportError> {
        let (assignment, class) = self.access.visible(user, assignment).await?;
        let quiz = quiz::Entity::find_by_id(assignment.quiz_id).one(&self.store.read);
        let (quiz, content) = tokio::try_join!(quiz, content_of(&self.store.read, assignment.quiz_id))?;
        let quiz = quiz.ok_or(ReportError::Unknown("quiz"))?;
        Ok(AssignmentContent { assignment, class, quiz, content })
    }

    /// The names of other classes that are taking the same quiz, while this one is: whoever closes releases the key.
    async fn also_open(&self, assignment: &assignment::Model) -> Result<Vec<String>, DbErr> {
        if assignment.closed_at.is_some() {
            return Ok(Vec::new());
        }
        let others = assignment::Entity::find()
            .filter(assignment::Column::QuizId.eq(assignment.quiz_id))
            .filter(assignment::Column::Id.ne(assignment.id))
            .filter(assignment::Column::ClosedAt.is_null())
            .all(&self.store.read)
            .await?;
        if others.is_empty() {
            return Ok(Vec::new());
        }
        let classes = others.iter().map(|other| other.class_id);
        let classes = class::Entity::find()
            .filter(class::Column::Id.is_in(classes))
            .order_by_asc(class::Column::Name)
            .all(&self.store.read)
            .await?;
        Ok(classes.into_iter().map(|class| class.name).collect())
    }
}

/// Attempts with 0, 1, 2, … right answers.
fn histogram(content: &Content, totals: &Totals) -> Vec<i64> {
    let most = content.iter().filter(|(question, _)| !question.is_void).count() as i64;
    let attempts = |score| totals.scores.iter().find(|(reached, _)| *reached == score).map_or(0, |(_, n)| *n);
    (0..=most).map(attempts).collect()
}

/// Grades the counts against the current keys.
fn grade(content: Content, totals: &Totals, analysis: &Analysis) -> Vec<QuestionResult> {
    let mut counts: BTreeMap<(i64, Option<i64>), (i64, i64)> = BTreeMap::new();
    for count in &totals.choices {
        let (answers, scores) = counts.entry((count.question, count.choice)).or_default();
        *answers += count.answers;
        *scores += count.answers * count.score;
    }
    let times: BTreeMap<i64, i64> = totals.times.iter().copied().collect();
    let count = |question, choice| counts.get(&(question, choice)).copied().unwrap_or_default();
    let result = |(question, choices): QuestionWithChoices| {
        let (omitted, _) = count(question.id, None);
        let figures = analysis.item(&question, &choices);
        let choice = |c: choice::Model| {
            let (answers, scores) = count(question.id, Some(c.id));
            let own = if c.is_key && !question.is_void { answers } else { 0 };
            let rest_mean = (answers > 0).then(|| (scores - own) as f64 / answers as f64);
            ChoiceResult { answers, rest_mean, id: c.id, text: c.text, is_key: c.is_key }
        };
        let choices: Vec<ChoiceResult> = choices.into_iter().map(choice).collect();
        QuestionResult {
            id: question.id,
            number: question.number,
            is_void: question.is_void,
            n: choices.iter().map(|c| c.answers).sum::<i64>() + omitted,
            correct: choices.iter().filter(|c| c.is_key).map(|c| c.answers).sum(),
            omitted,
            median_ms: times.get(&question.id).copied(),
            figures,
            text: question.text,
            choices,
        }
    };
    content.into_iter().map(result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tables::question;
    use crate::warehouse::ChoiceCount;

    fn asked(id: i64, choices: &[i64], key: i64) -> QuestionWithChoices {
        let question = question::Model {
            id,
            quiz_id: 1,
            number: id,
            text: format!("question {id}"),
            explanation: None,
            is_void: false,
            title: None,
        };
        let choice = |(number, id): (i64, &i64)| choice::Model {
            id: *id,
            question_id: question.id,
            number,
            text: format!("choice {id}"),
            is_key: *id == key,
            feedback: None,
        };
        let choices = (1..).zip(choices).map(choice).collect();
        (question, choices)
    }

    fn count(question: i64, choice: Option<i64>, answers: i64) -> ChoiceCount {
        ChoiceCount { question, choice, score: 1, answers }
    }

    fn graded(content: Content, totals: &Totals) -> Vec<QuestionResult> {
        let analysis = Analysis::of(&content, totals);
        grade(content, totals, &analysis)
    }

    #[test]
    fn counts_are_graded_against_the_key_and_who_omitted_is_counted_as_wrong() {
        let totals = Totals {
            choices: vec![count(1, Some(11), 5), count(1, Some(12), 3), count(1, None, 2), count(2, None, 4)],
            times: vec![(1, 900)],
            ..Totals::default()
        };
        let graded = graded(vec![asked(1, &[11, 12, 13], 12), asked(2, &[21, 22], 21)], &totals);
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
            let graded = graded(vec![asked(1, &[11, 12], key)], &totals);
            assert_eq!((graded[0].n, graded[0].correct, graded[0].median_ms), (5, correct, None));
        }
        let unanswered = graded(vec![asked(1, &[11, 12], 11)], &Totals::default());
        assert_eq!((unanswered[0].n, unanswered[0].facility()), (0, None));
    }
}
