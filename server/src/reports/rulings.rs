//! What rulings do to a class's figures.
//!
//! Owns the figures before and after a ruling, and the log. Does not own the ruling itself, which the room `quizzes` makes, nor
//! who may make one.

use std::collections::{BTreeMap, BTreeSet};

use app::api::rulings::{NewRuling, Ruling, RulingEffect, Standing};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};

use super::assignment::AssignmentContent;
use super::{ReportError, Reports};
use crate::accounts::User;
use crate::quizzes::{Content, keys, misfit, numbers_of};
use crate::store::tables::{account, ruling};

/// So many first submissions gave this choice to this question; no choice means that they omitted it.
struct GivenChoice {
    question: i64,
    choice: Option<i64>,
    answers: i64,
}

impl Reports {
    /// Every ruling on the questions of a quiz, newest first.
    pub(super) async fn rulings(&self, user: &User, given: &AssignmentContent) -> Result<Vec<Ruling>, ReportError> {
        let questions = given.content.iter().map(|(question, _)| question.id);
        let rows = ruling::Entity::find()
            .filter(ruling::Column::QuestionId.is_in(questions))
            .order_by_desc(ruling::Column::Id)
            .all(&self.store.read)
            .await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let accounts: BTreeSet<i64> =
            rows.iter().flat_map(|row| [Some(row.account_id), row.undone_by]).flatten().collect();
        let names: BTreeMap<i64, String> = account::Entity::find()
            .select_only()
            .columns([account::Column::Id, account::Column::Name])
            .filter(account::Column::Id.is_in(accounts))
            .into_tuple::<(i64, String)>()
            .all(&self.store.read)
            .await?
            .into_iter()
            .collect();
        let name = |account: i64| names.get(&account).cloned().unwrap_or_default();
        let may_rule = self.access.may_rule(user, given.assignment.id).await?;
        let mut later = BTreeSet::new();
        let ruling = |row: ruling::Model| Ruling {
            id: row.id,
            question: row.question_id,
            key: row.key_id,
            also: numbers_of(&row.also),
            key_before: row.key_before,
            also_before: numbers_of(&row.also_before),
            by: name(row.account_id),
            made_at: row.made_at,
            // Another class's average is not for this one's page.
            average: row.average_before.zip(row.average_after).filter(|_| row.assignment_id == given.assignment.id),
            can_undo: may_rule && row.undone_at.is_none() && later.insert(row.question_id),
            undone: row.undone_by.zip(row.undone_at).map(|(by, at)| (name(by), at)),
        };
        Ok(rows.into_iter().map(ruling).collect())
    }

    /// What a ruling would change, for whoever may make it.
    ///
    /// # Errors
    /// If the account may not rule, or there is no such question or choice.
    pub async fn ruling_effect(
        &self,
        user: &User,
        assignment: i64,
        wanted: NewRuling,
    ) -> Result<RulingEffect, ReportError> {
        self.access.check_may_rule(user, assignment).await?;
        let mut given = self.given(user, assignment).await?;
        let choices_given = self.given_choices(assignment).await?;
        let before = Self::class_standing(&given.content, &choices_given, wanted.question);
        let question = given.content.iter_mut().find(|(question, _)| question.id == wanted.question);
        let unknown = ReportError::Invalid { field: "question", problem: "is not one of this quiz" };
        let (question, choices) = question.ok_or(unknown)?;
        question.is_void = wanted.key.is_none();
        if let Some((field, problem)) = misfit(&wanted, choices) {
            return Err(ReportError::Invalid { field, problem });
        }
        let right = wanted.right();
        if wanted.key.is_some() {
            choices.iter_mut().for_each(|choice| choice.is_key = right.contains(&choice.id));
        }
        let after = Self::class_standing(&given.content, &choices_given, wanted.question);
        Ok(RulingEffect { before, after })
    }

    /// Where the class stands, over each student's first submission.
    fn class_standing(content: &Content, given: &[GivenChoice], question: i64) -> Standing {
        let keys = keys(content);
        let share = |right: i64, n: i64| (n > 0).then(|| right as f64 / n as f64);
        let void: BTreeSet<i64> = content.iter().filter(|(q, _)| q.is_void).map(|(q, _)| q.id).collect();
        let count = |counts: &dyn Fn(i64) -> bool| {
            let rows = given.iter().filter(|row| counts(row.question) && !void.contains(&row.question));
            rows.fold((0, 0), |(right, n), row| {
                let is_right = row.choice.is_some_and(|choice| keys.contains(&choice));
                (right + if is_right { row.answers } else { 0 }, n + row.answers)
            })
        };
        let (right, n) = count(&|_| true);
        let (right_here, n_here) = count(&|id| id == question);
        Standing { average: share(right, n), facility: share(right_here, n_here) }
    }

    /// What each student's first submission gave, by question and choice. The transactional store is asked, and not the
    /// warehouse: what is kept of a ruling for good rests on every answer that was accepted, landed or not.
    async fn given_choices(&self, assignment: i64) -> Result<Vec<GivenChoice>, ReportError> {
        let sql = "SELECT answer.question_id, answer.choice_id, COUNT(*) FROM answer \
                   JOIN attempt ON attempt.id = answer.attempt_id \
                   WHERE answer.assignment_id = $1 AND attempt.number = ( \
                       SELECT MIN(first.number) FROM attempt AS first \
                       WHERE first.assignment_id = attempt.assignment_id AND first.student_id = attempt.student_id \
                       AND first.submitted_at IS NOT NULL) \
                   GROUP BY answer.question_id, answer.choice_id";
        let backend = self.store.read.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql, [assignment.into()]);
        let rows = self.store.read.query_all_raw(statement).await?;
        let given = rows.iter().map(|row| {
            let (question, choice) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            Ok(GivenChoice { question, choice, answers: row.try_get_by_index(2)? })
        });
        Ok(given.collect::<Result<_, DbErr>>()?)
    }
}
