//! Which member of staff may see and do what.
//!
//! Owns the rules: a teacher sees the assignments of the own classes, and rules on the questions of the own quizzes; an admin
//! sees all of them, and the pipeline. Owns that asking is cheap: whose an assignment is may be known from a moment ago. Does
//! not own accounts, nor what is shown.

use std::sync::Arc;

use app::api::accounts::Role;
use sea_orm::{DbErr, EntityTrait};

use crate::accounts::User;
use crate::recent::Recent;
use crate::store::Store;
use crate::store::tables::{assignment, class, quiz};

/// Why somebody may not.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// No such assignment, or not for this account. Which of the two is not said.
    #[error("there is no assignment with this number among your classes")]
    Unknown,
    /// The quiz is another teacher's.
    #[error("only the teacher whose quiz it is, or an admin, may rule on its questions")]
    NotYours,
    /// Only an admin may.
    #[error("only an admin may see the pipeline")]
    AdminsOnly,
    /// The transactional store does not answer.
    #[error("the transactional store answered: {0}")]
    Store(#[from] DbErr),
}

/// Whose an assignment is.
#[derive(Clone, Copy)]
struct Teachers {
    of_class: i64,
    of_quiz: i64,
}

/// The room's handle. Cheap to clone; clones share.
#[derive(Clone)]
pub struct Access {
    store: Store,
    /// By assignment.
    teachers: Arc<Recent<i64, Teachers>>,
}

impl Access {
    /// Asks `store`.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, teachers: Arc::default() }
    }

    /// Whether an account may see an assignment, as was known a moment ago.
    ///
    /// # Errors
    /// [`AccessError::Unknown`] if it may not.
    pub async fn check_may_see(&self, user: &User, assignment: i64) -> Result<(), AccessError> {
        self.teachers(user, assignment).await.map(|_| ())
    }

    /// Whether an account that may see an assignment may rule on its quiz's questions, too.
    ///
    /// # Errors
    /// [`AccessError::Unknown`] if it may not see it.
    pub async fn may_rule(&self, user: &User, assignment: i64) -> Result<bool, AccessError> {
        let teachers = self.teachers(user, assignment).await?;
        Ok(user.me.role == Role::Admin || teachers.of_quiz == user.id)
    }

    /// The same as an error.
    ///
    /// # Errors
    /// [`AccessError::NotYours`] if the account may not rule, [`AccessError::Unknown`] if it may not see the assignment.
    pub async fn check_may_rule(&self, user: &User, assignment: i64) -> Result<(), AccessError> {
        if self.may_rule(user, assignment).await? { Ok(()) } else { Err(AccessError::NotYours) }
    }

    /// Whether an account may see every delivery stream's state.
    ///
    /// # Errors
    /// [`AccessError::AdminsOnly`] if it may not.
    pub fn check_may_see_pipeline(user: &User) -> Result<(), AccessError> {
        if user.me.role == Role::Admin { Ok(()) } else { Err(AccessError::AdminsOnly) }
    }

    /// The assignment and its class as they are now.
    ///
    /// # Errors
    /// [`AccessError::Unknown`] if the account may not see them.
    pub async fn visible(
        &self,
        user: &User,
        assignment: i64,
    ) -> Result<(assignment::Model, class::Model), AccessError> {
        let read = &self.store.read;
        let found = assignment::Entity::find_by_id(assignment).one(read).await?.ok_or(AccessError::Unknown)?;
        let class = class::Entity::find_by_id(found.class_id).one(read).await?;
        let may_see = |class: &class::Model| user.me.role == Role::Admin || class.teacher_id == user.id;
        class.filter(may_see).map(|class| (found, class)).ok_or(AccessError::Unknown)
    }

    async fn teachers(&self, user: &User, assignment: i64) -> Result<Teachers, AccessError> {
        let teachers = self.teachers.get(assignment, self.find_teachers(assignment)).await?;
        let may_see = |teachers: &Teachers| user.me.role == Role::Admin || teachers.of_class == user.id;
        teachers.filter(may_see).ok_or(AccessError::Unknown)
    }

    async fn find_teachers(&self, id: i64) -> Result<Option<Teachers>, DbErr> {
        let read = &self.store.read;
        let Some(found) = assignment::Entity::find_by_id(id).one(read).await? else { return Ok(None) };
        let class = class::Entity::find_by_id(found.class_id).one(read).await?;
        let quiz = quiz::Entity::find_by_id(found.quiz_id).one(read).await?;
        let teachers = class.zip(quiz).map(|(class, quiz)| (class.teacher_id, quiz.teacher_id));
        Ok(teachers.map(|(of_class, of_quiz)| Teachers { of_class, of_quiz }))
    }
}
