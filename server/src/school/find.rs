//! Finds what is there already: by what people call it, so that whoever makes a school in several steps goes on with it where
//! an earlier start was interrupted; and the assignments that have one quiz in common.
//!
//! Owns these lookups. Changes nothing.

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::{School, SchoolError};
use crate::store::tables::{assignment, class};

impl School {
    /// The number of a teacher's class.
    ///
    /// # Errors
    /// If the transactional store says no.
    pub async fn find_class(&self, teacher: i64, name: &str) -> Result<Option<i64>, SchoolError> {
        let named =
            class::Entity::find().filter(class::Column::TeacherId.eq(teacher)).filter(class::Column::Name.eq(name));
        Ok(named.one(&self.store.read).await?.map(|class| class.id))
    }

    /// The number of the assignment with exactly this join code.
    ///
    /// # Errors
    /// If the transactional store says no.
    pub async fn find_assignment(&self, join_code: &str) -> Result<Option<i64>, SchoolError> {
        let coded = assignment::Entity::find().filter(assignment::Column::JoinCode.eq(join_code));
        Ok(coded.one(&self.store.read).await?.map(|assignment| assignment.id))
    }
}

/// The assignments of a quiz, to any class.
pub(crate) async fn assignments_of<C: ConnectionTrait>(tx: &C, quiz: i64) -> Result<Vec<i64>, DbErr> {
    let of_quiz = assignment::Entity::find().filter(assignment::Column::QuizId.eq(quiz));
    of_quiz.select_only().column(assignment::Column::Id).into_tuple().all(tx).await
}
