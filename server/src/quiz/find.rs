//! Finds what is there already: by what people call it, so that whoever makes a school in several steps goes on with it where
//! an earlier start was interrupted; and the assignments that have one quiz in common.
//!
//! Owns these lookups. Changes nothing.

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::{Quiz, QuizError};
use crate::names;
use crate::store::tables::{assignment, attempt, class, quiz, student};

impl Quiz {
    /// The number of a teacher's class.
    ///
    /// # Errors
    /// If the transactional store says no.
    pub async fn find_class(&self, teacher: i64, name: &str) -> Result<Option<i64>, QuizError> {
        let named =
            class::Entity::find().filter(class::Column::TeacherId.eq(teacher)).filter(class::Column::Name.eq(name));
        Ok(named.one(&self.store.read).await?.map(|class| class.id))
    }

    /// The number of a teacher's quiz.
    ///
    /// # Errors
    /// If the transactional store says no.
    pub async fn find_quiz(&self, teacher: i64, title: &str) -> Result<Option<i64>, QuizError> {
        let titled =
            quiz::Entity::find().filter(quiz::Column::TeacherId.eq(teacher)).filter(quiz::Column::Title.eq(title));
        Ok(titled.one(&self.store.read).await?.map(|quiz| quiz.id))
    }

    /// The number of the assignment with exactly this join code.
    ///
    /// # Errors
    /// If the transactional store says no.
    pub async fn find_assignment(&self, join_code: &str) -> Result<Option<i64>, QuizError> {
        let coded = assignment::Entity::find().filter(assignment::Column::JoinCode.eq(join_code));
        Ok(coded.one(&self.store.read).await?.map(|assignment| assignment.id))
    }

    /// Whether the student of this name in a class has handed in an assignment.
    ///
    /// # Errors
    /// If the transactional store says no.
    pub async fn has_handed_in(&self, assignment: i64, class: i64, name: &str) -> Result<bool, QuizError> {
        let listed = student::Entity::find()
            .filter(student::Column::ClassId.eq(class))
            .filter(student::Column::FoldedName.eq(names::fold(name)))
            .one(&self.store.read)
            .await?;
        let Some(student) = listed else { return Ok(false) };
        let handed_in = attempt::Entity::find()
            .filter(attempt::Column::AssignmentId.eq(assignment))
            .filter(attempt::Column::StudentId.eq(student.id))
            .filter(attempt::Column::SubmittedAt.is_not_null());
        Ok(handed_in.one(&self.store.read).await?.is_some())
    }
}

/// The assignments of a quiz, to any class.
pub(super) async fn assignments_of<C: ConnectionTrait>(tx: &C, quiz: i64) -> Result<Vec<i64>, DbErr> {
    let of_quiz = assignment::Entity::find().filter(assignment::Column::QuizId.eq(quiz));
    of_quiz.select_only().column(assignment::Column::Id).into_tuple().all(tx).await
}
