//! Rulings: a question is void, or another of its choices is the key, after students have answered.
//!
//! Owns the change, its undoing, and the log of both: one transaction writes the question's or choices' rows, the ruling's
//! row and their dimension rows, so that every reader and the warehouse grade alike. Nothing of an answer changes. Does not
//! own who may rule, nor what a ruling does to a class's figures.

use app::api::rulings::NewRuling;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::catalog::CatalogRecord;
use super::find::assignments_of;
use super::{Quiz, QuizError};
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
struct Graded {
    question: question::Model,
    choices: Vec<choice::Model>,
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

    fn key(&self) -> Option<i64> {
        self.choices.iter().find(|choice| choice.is_key).map(|choice| choice.id)
    }

    /// Writes how it is graded from now on, and returns the dimension rows that say so.
    async fn write<C: ConnectionTrait>(
        mut self,
        tx: &C,
        now: i64,
        key: Option<i64>,
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
            let is_key = Some(choice.id) == key;
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

impl Quiz {
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
        let graded = graded.ok_or_else(|| QuizError::invalid("question", "is not one of this quiz"))?;
        let (key_before, was_void) = (graded.key(), graded.question.is_void);
        check(wanted, &graded)?;
        let row = ruling::ActiveModel {
            id: NotSet,
            question_id: Set(wanted.question),
            assignment_id: Set(by.assignment),
            key_id: Set(wanted.key),
            key_before: Set(key_before),
            was_void: Set(was_void),
            account_id: Set(by.account),
            made_at: Set(now),
            average_before: Set(by.average.map(|(before, _)| before)),
            average_after: Set(by.average.map(|(_, after)| after)),
            undone_by: Set(None),
            undone_at: Set(None),
        };
        row.insert(&*tx).await?;
        let changed = graded.write(&*tx, now, wanted.key.or(key_before), wanted.key.is_none()).await?;
        self.announce(&*tx, now, &changed).await?;
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
        let changed = graded.write(&*tx, now, row.key_before, row.was_void).await?;
        self.announce(&*tx, now, &changed).await?;
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
fn check(wanted: NewRuling, graded: &Graded) -> Result<(), QuizError> {
    let Some(key) = wanted.key else {
        return if graded.question.is_void { Err(QuizError::Ruled("this question is void already")) } else { Ok(()) };
    };
    if !graded.choices.iter().any(|choice| choice.id == key) {
        return Err(QuizError::invalid("key", "is not one of the question's choices"));
    }
    if graded.key() == Some(key) && !graded.question.is_void {
        return Err(QuizError::Ruled("this choice is the key already"));
    }
    Ok(())
}
