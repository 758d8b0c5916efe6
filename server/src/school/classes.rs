//! Classes and assignments: who is taught, and what they are given.
//!
//! Owns how classes and assignments are made. Does not own how they are listed for a teacher: the room `reports` does.

use app::api::Millis;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, EntityTrait};
use uuid::Uuid;

use super::find::assignments_of;
use super::{AFTER_CLOSE, School, SchoolError};
use crate::names;
use crate::outbox::CatalogRecord;
use crate::store::tables::{assignment, class, student};

/// A quiz given to a class.
#[derive(Clone, Debug)]
pub struct NewAssignment<'a> {
    /// To whom.
    pub class: i64,
    /// What.
    pub quiz: i64,
    /// `KLM-482`: three letters, a dash, three digits.
    pub join_code: &'a str,
    /// Since when it can be joined.
    pub opened_at: Millis,
}

impl School {
    /// Adds a class with its list of names, and returns its number. All of it, or nothing.
    ///
    /// # Errors
    /// If the transactional store says no.
    pub async fn add_class(&self, teacher: i64, name: &str, students: &[&str]) -> Result<i64, SchoolError> {
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        let class = class::ActiveModel { id: NotSet, name: Set(name.to_owned()), teacher_id: Set(teacher) };
        let row = class.insert(&*tx).await?;
        let class = row.id;
        let rows = students.iter().map(|name| student::ActiveModel {
            id: NotSet,
            class_id: Set(class),
            name: Set((*name).to_owned()),
            folded_name: Set(names::fold(name)),
            student_key: Set(Uuid::new_v4().to_string()),
            listed_at: Set(now),
        });
        if !students.is_empty() {
            student::Entity::insert_many(rows).exec_without_returning(&*tx).await?;
        }
        self.outbox.announce(&*tx, now, &[CatalogRecord::class(&row, now)]).await?;
        tx.commit().await?;
        self.outbox.wake();
        Ok(class)
    }

    /// Gives a quiz to a class, and returns the assignment's number. Keys are released when it is closed.
    ///
    /// # Errors
    /// If the join code is taken, or class or quiz do not exist.
    pub async fn assign(&self, new: &NewAssignment<'_>) -> Result<i64, SchoolError> {
        let assignment = assignment::ActiveModel {
            id: NotSet,
            class_id: Set(new.class),
            quiz_id: Set(new.quiz),
            join_code: Set(new.join_code.to_owned()),
            opened_at: Set(new.opened_at),
            closed_at: Set(None),
            release: Set(AFTER_CLOSE.to_owned()),
        };
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        let row = assignment.insert(&*tx).await?;
        self.outbox.announce(&*tx, now, &[CatalogRecord::assignment(&row, now)]).await?;
        let assignments = assignments_of(&*tx, row.quiz_id).await?;
        tx.commit().await?;
        self.outbox.wake();
        // The pages of the other classes say who has the quiz open.
        self.live.publish(&assignments);
        Ok(row.id)
    }
}
