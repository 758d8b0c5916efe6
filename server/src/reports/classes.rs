//! One assignment's class: its list, and how far its students are.
//!
//! Owns both as they stood at an instant. Does not own what students answered, nor the page of all classes (`overview`).

use std::collections::BTreeMap;

use app::api::Millis;
use app::api::accounts::Role;
use app::api::class::{Comparable, Progress, StudentName};
use app::api::results::Participation;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::{ReportError, Reports};
use crate::accounts::User;
use crate::store::tables::{assignment, attempt, class, student};

impl Reports {
    async fn students_of(&self, class: i64, until: Millis) -> Result<i64, DbErr> {
        Ok(listed(class, until).count(&self.store.read).await? as i64)
    }

    /// Each student counts once: as submitted if any attempt was.
    pub(super) async fn participation(
        &self,
        assignment: &assignment::Model,
        as_of: Option<Millis>,
    ) -> Result<Participation, DbErr> {
        let students = self.students_of(assignment.class_id, until(assignment, as_of)).await?;
        let progress = self.progress(assignment.id, as_of).await?;
        let submitted = progress.values().filter(|progress| **progress == Progress::Submitted).count() as i64;
        Ok(Participation { students, working: progress.len() as i64 - submitted, submitted })
    }

    /// How far each student is who has begun, by number.
    pub(super) async fn progress(
        &self,
        assignment: i64,
        as_of: Option<Millis>,
    ) -> Result<BTreeMap<i64, Progress>, DbErr> {
        let until = as_of.unwrap_or(Millis::MAX);
        let attempts = attempt::Entity::find()
            .select_only()
            .column(attempt::Column::StudentId)
            .column_as(attempt::Column::SubmittedAt.min(), "submitted")
            .filter(attempt::Column::AssignmentId.eq(assignment))
            .filter(attempt::Column::StartedAt.lte(until))
            .group_by(attempt::Column::StudentId)
            .into_tuple::<(i64, Option<i64>)>()
            .all(&self.store.read)
            .await?;
        let progress = |submitted: Option<i64>| match submitted {
            Some(at) if at <= until => Progress::Submitted,
            _ => Progress::Working,
        };
        Ok(attempts.into_iter().map(|(student, submitted)| (student, progress(submitted))).collect())
    }

    /// The students of an assignment's class as it stood, in the order in which they were put on its list. Whoever came
    /// later is behind all others, so that each has the same number at any time.
    pub(super) async fn class_list(
        &self,
        assignment: &assignment::Model,
        as_of: Option<Millis>,
    ) -> Result<Vec<student::Model>, DbErr> {
        let listed = listed(assignment.class_id, until(assignment, as_of));
        listed.order_by_asc(student::Column::Id).all(&self.store.read).await
    }

    pub(super) async fn student_names(&self, user: &User, assignment: i64) -> Result<Vec<StudentName>, ReportError> {
        let (assignment, _) = self.access.visible(user, assignment).await?;
        let students = self.class_list(&assignment, None).await?.into_iter();
        Ok(students.map(|row| StudentName { student: row.student_key, name: row.name }).collect())
    }

    pub(super) async fn comparable(&self, user: &User, assignment: i64) -> Result<Vec<Comparable>, ReportError> {
        let (shown, _) = self.access.visible(user, assignment).await?;
        let mut classes = class::Entity::find();
        if user.me.role != Role::Admin {
            classes = classes.filter(class::Column::TeacherId.eq(user.id));
        }
        let classes = classes.all(&self.store.read).await?.into_iter();
        let names: BTreeMap<i64, String> = classes.map(|class| (class.id, class.name)).collect();
        let rows = assignment::Entity::find()
            .filter(assignment::Column::QuizId.eq(shown.quiz_id))
            .filter(assignment::Column::Id.ne(assignment))
            .order_by_desc(assignment::Column::OpenedAt)
            .all(&self.store.read)
            .await?;
        let comparable = |row: assignment::Model| {
            let class_name = names.get(&row.class_id)?.clone();
            Some(Comparable { assignment: row.id, class_name, opened_at: row.opened_at })
        };
        Ok(rows.into_iter().filter_map(comparable).collect())
    }
}

/// The last instant at which somebody could be put on the list and still belong to what is shown: when the assignment was
/// closed, or the past that is looked at.
fn until(assignment: &assignment::Model, as_of: Option<Millis>) -> Millis {
    as_of.unwrap_or(Millis::MAX).min(assignment.closed_at.unwrap_or(Millis::MAX))
}

fn listed(class: i64, until: Millis) -> Select<student::Entity> {
    student::Entity::find().filter(student::Column::ClassId.eq(class)).filter(student::Column::ListedAt.lte(until))
}
