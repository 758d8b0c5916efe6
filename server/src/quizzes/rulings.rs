//! Rulings: a question is void, or other choices of it are right, after students have answered.
//!
//! Owns the change, its undoing, and the log of both: one transaction writes the question's or choices' rows, the ruling's
//! row and their dimension rows, so that every reader and the warehouse grade alike. Nothing of an answer changes. Does not
//! own who may rule, nor what a ruling does to a class's figures.

use std::collections::{BTreeMap, BTreeSet};

use app::api::rulings::NewRuling;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::{QuizError, Quizzes};
use crate::outbox::CatalogRecord;
use crate::school::assignments_of;
use crate::store::Writing;
use crate::store::tables::{assignment, choice, question, ruling};

/// Who rules, on which assignment, and what its class average does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RuledBy {
    /// Number of the account.
    pub account: i64,
    /// The assignment.
    pub assignment: i64,
    /// The class average before and after, 0 to 1.
    pub average: Option<(f64, f64)>,
}

/// A question as it is graded.
pub(crate) struct Graded {
    pub question: question::Model,
    /// In the order shown.
    pub choices: Vec<choice::Model>,
}

impl Graded {
    async fn read<C: ConnectionTrait>(tx: &C, question: i64) -> Result<Option<Self>, DbErr> {
        let Some(question) = question::Entity::find_by_id(question).one(tx).await? else { return Ok(None) };
        let choices = choice::Entity::find()
            .filter(choice::Column::QuestionId.eq(question.id))
            .order_by_asc(choice::Column::Number)
            .all(tx)
            .await?;
        Ok(Some(Self { question, choices }))
    }

    /// Every question of the store.
    pub async fn read_all<C: ConnectionTrait>(tx: &C) -> Result<Vec<Self>, DbErr> {
        let mut choices: BTreeMap<i64, Vec<choice::Model>> = BTreeMap::new();
        for choice in choice::Entity::find().order_by_asc(choice::Column::Number).all(tx).await? {
            choices.entry(choice.question_id).or_default().push(choice);
        }
        let questions = question::Entity::find().all(tx).await?.into_iter();
        let graded =
            |question: question::Model| Self { choices: choices.remove(&question.id).unwrap_or_default(), question };
        Ok(questions.map(graded).collect())
    }

    /// The choices that are right, in the order shown.
    pub fn right(&self) -> Vec<i64> {
        self.choices.iter().filter(|choice| choice.is_key).map(|choice| choice.id).collect()
    }

    /// Writes how it is graded from now on, and returns the dimension rows that say so.
    pub async fn write<C: ConnectionTrait>(
        mut self,
        tx: &C,
        now: i64,
        right: &[i64],
        is_void: bool,
    ) -> Result<Vec<CatalogRecord>, DbErr> {
        question::Entity::update_many()
            .col_expr(question::Column::IsVoid, Expr::value(is_void))
            .filter(question::Column::Id.eq(self.question.id))
            .exec(tx)
            .await?;
        self.question.is_void = is_void;
        let mut changed = vec![CatalogRecord::question(&self.question, now)];
        for choice in &mut self.choices {
            let is_key = right.contains(&choice.id);
            if choice.is_key == is_key {
                continue;
            }
            choice::Entity::update_many()
                .col_expr(choice::Column::IsKey, Expr::value(is_key))
                .filter(choice::Column::Id.eq(choice.id))
                .exec(tx)
                .await?;
            choice.is_key = is_key;
            changed.push(CatalogRecord::choice(choice, now));
        }
        Ok(changed)
    }
}

impl Quizzes {
    /// Rules on a question, and tells every open page of the quiz.
    ///
    /// # Errors
    /// If the assignment's quiz has no such question, the question no such choice, or it is graded so already.
    pub async fn rule(&self, wanted: NewRuling, by: RuledBy) -> Result<(), QuizError> {
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        let quiz = assignment::Entity::find_by_id(by.assignment).one(&*tx).await?;
        let quiz = quiz.ok_or(QuizError::Unknown("assignment"))?.quiz_id;
        let graded = Graded::read(&*tx, wanted.question).await?.filter(|graded| graded.question.quiz_id == quiz);
        let graded =
            graded.ok_or_else(|| QuizError::Invalid { field: "question", problem: "is not one of this quiz" })?;
        check(&wanted, &graded)?;
        let (before, was_void) = (graded.right(), graded.question.is_void);
        let (key_before, also_before) = split(&before);
        let row = ruling::ActiveModel {
            id: NotSet,
            question_id: Set(wanted.question),
            assignment_id: Set(by.assignment),
            key_id: Set(wanted.key),
            key_before: Set(key_before),
            also: Set(listed(&wanted.also)),
            also_before: Set(listed(also_before)),
            was_void: Set(was_void),
            account_id: Set(by.account),
            made_at: Set(now),
            average_before: Set(by.average.map(|(before, _)| before)),
            average_after: Set(by.average.map(|(_, after)| after)),
            undone_by: Set(None),
            undone_at: Set(None),
        };
        row.insert(&*tx).await?;
        // What was right stays so in a void question, for when that is undone.
        let right = if wanted.key.is_none() { before } else { wanted.right() };
        let changed = graded.write(&*tx, now, &right, wanted.key.is_none()).await?;
        self.outbox.announce(&*tx, now, &changed).await?;
        self.finish(tx, quiz).await
    }

    /// Takes a ruling back: the question is graded as before it.
    ///
    /// # Errors
    /// If the assignment's quiz has no such ruling, or a later one on the same question stands.
    pub async fn undo_ruling(&self, ruling: i64, assignment: i64, account: i64) -> Result<(), QuizError> {
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        let quiz = assignment::Entity::find_by_id(assignment).one(&*tx).await?;
        let quiz = quiz.ok_or(QuizError::Unknown("assignment"))?.quiz_id;
        let row = ruling::Entity::find_by_id(ruling).one(&*tx).await?.ok_or(QuizError::Unknown("ruling"))?;
        let graded = Graded::read(&*tx, row.question_id).await?.filter(|graded| graded.question.quiz_id == quiz);
        let graded = graded.ok_or(QuizError::Unknown("ruling"))?;
        if row.undone_at.is_some() {
            return Err(QuizError::Ruled("this ruling has been undone already"));
        }
        let newest = ruling::Entity::find()
            .filter(ruling::Column::QuestionId.eq(row.question_id))
            .filter(ruling::Column::UndoneAt.is_null())
            .order_by_desc(ruling::Column::Id)
            .one(&*tx)
            .await?;
        if newest.is_some_and(|newest| newest.id != row.id) {
            return Err(QuizError::Ruled("there is a later ruling on this question; undo that one first"));
        }
        ruling::Entity::update_many()
            .col_expr(ruling::Column::UndoneBy, Expr::value(account))
            .col_expr(ruling::Column::UndoneAt, Expr::value(now))
            .filter(ruling::Column::Id.eq(row.id))
            .exec(&*tx)
            .await?;
        let right = right_of(row.key_before, &row.also_before);
        let changed = graded.write(&*tx, now, &right, row.was_void).await?;
        self.outbox.announce(&*tx, now, &changed).await?;
        self.finish(tx, quiz).await
    }

    /// Makes it so, and has the pages of every assignment of the quiz ask again.
    async fn finish(&self, tx: Writing, quiz: i64) -> Result<(), QuizError> {
        let assignments = assignments_of(&*tx, quiz).await?;
        tx.commit().await?;
        self.outbox.wake();
        self.live.publish(&assignments);
        Ok(())
    }
}

/// Whether a ruling changes anything, and can be made.
fn check(wanted: &NewRuling, graded: &Graded) -> Result<(), QuizError> {
    if let Some((field, problem)) = misfit(wanted, &graded.choices) {
        return Err(QuizError::Invalid { field, problem });
    }
    let (mut right, mut now) = (wanted.right(), graded.right());
    right.sort_unstable();
    now.sort_unstable();
    match (right.len(), graded.question.is_void) {
        (0, true) => Err(QuizError::Ruled("this question is void already")),
        (1, false) if right == now => Err(QuizError::Ruled("this choice is the key already")),
        (2.., false) if right == now => Err(QuizError::Ruled("these choices are right already")),
        _ => Ok(()),
    }
}

/// The field of a ruling that does not fit the choices of its question, and why.
#[must_use]
pub fn misfit(wanted: &NewRuling, choices: &[choice::Model]) -> Option<(&'static str, &'static str)> {
    let is_choice = |id: &i64| choices.iter().any(|choice| choice.id == *id);
    let right: BTreeSet<i64> = wanted.right().into_iter().collect();
    if !wanted.key.iter().all(is_choice) {
        return Some(("key", "is not one of the question's choices"));
    }
    if wanted.key.is_none() && !wanted.also.is_empty() {
        return Some(("also", "has to be absent where there is no key"));
    }
    if !wanted.also.iter().all(is_choice) {
        return Some(("also", "is not one of the question's choices"));
    }
    (right.len() < wanted.right().len()).then_some(("also", "names a choice twice"))
}

/// The key, and the others.
fn split(right: &[i64]) -> (Option<i64>, &[i64]) {
    match right {
        [key, also @ ..] => (Some(*key), also),
        [] => (None, &[]),
    }
}

/// Numbers as a ruling's row holds them, with commas between them.
fn listed(numbers: &[i64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    numbers.join(",")
}

/// The numbers that a ruling's row holds as text.
#[must_use]
pub fn numbers_of(listed: &str) -> Vec<i64> {
    listed.split(',').filter_map(|number| number.parse().ok()).collect()
}

fn right_of(key: Option<i64>, also: &str) -> Vec<i64> {
    key.into_iter().chain(numbers_of(also)).collect()
}
