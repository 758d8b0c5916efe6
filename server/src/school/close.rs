//! The close of an assignment, after which there is no submission to it.
//!
//! Owns that the first close counts, and who hears of it. Does not own what a student may see then.

use app::api::Millis;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::find::assignments_of;
use super::{School, SchoolError};
use crate::outbox::CatalogRecord;
use crate::store::tables::assignment;

impl School {
    /// Ends an assignment: it takes no more answers. Again is the same.
    ///
    /// # Errors
    /// If there is no such assignment.
    pub async fn close(&self, assignment: i64) -> Result<(), SchoolError> {
        assignment::Entity::find_by_id(assignment)
            .one(&self.store.read)
            .await?
            .ok_or(SchoolError::Unknown("assignment"))?;
        let tx = self.store.begin().await?;
        // Whoever is saving a submission to it has locked the row: the close comes after that one, and so does its instant.
        assignment::Entity::find_by_id(assignment).lock_exclusive().one(&*tx).await?;
        let now = self.clock.now();
        let is_closed = close_at(&*tx, assignment, now).await?;
        let row = assignment::Entity::find_by_id(assignment).one(&*tx).await?;
        let Some(row) = row.filter(|_| is_closed) else { return Ok(()) };
        self.outbox.announce(&*tx, now, &[CatalogRecord::assignment(&row, now)]).await?;
        let assignments = assignments_of(&*tx, row.quiz_id).await?;
        tx.commit().await?;
        self.outbox.wake();
        // The pages of the other classes say who has the quiz open.
        self.live.publish(&assignments);
        Ok(())
    }
}

/// Ends an assignment within the caller's transaction. Returns whether it was open: the first close is the one that counts,
/// whoever else is closing.
pub(crate) async fn close_at<C: ConnectionTrait>(tx: &C, assignment: i64, at: Millis) -> Result<bool, DbErr> {
    let closed = assignment::Entity::update_many()
        .col_expr(assignment::Column::ClosedAt, Expr::value(at))
        .filter(assignment::Column::Id.eq(assignment))
        .filter(assignment::Column::ClosedAt.is_null())
        .exec(tx)
        .await?;
    Ok(closed.rows_affected > 0)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::for_tests::Room;
    use crate::records::QUIZ_CATALOG;
    use crate::school::NewAssignment;

    #[tokio::test]
    async fn of_two_closes_at_the_same_time_one_counts_and_every_class_with_the_quiz_hears_of_it() {
        let room = Room::new().await;
        let school = &room.school;
        let quiz = room.quizzes.import_gift(room.teacher, "Quiz", "1 + 1? {=2 ~3}").await.expect("a quiz").quiz;
        let class = school.add_class(room.teacher, "Class", &["A"]).await.expect("a class");
        let assign = async |join_code: &str| {
            school.assign(&NewAssignment { class, quiz, join_code, opened_at: 0 }).await.expect("an assignment")
        };
        let assignment = assign("ABC-123").await;

        let mut page = room.live.listen(assignment);
        let other_class = assign("ABC-124").await;
        assert!(page.changed().await, "another class has the quiz now");
        let mut other_page = room.live.listen(other_class);
        let waiting = async || room.outbox.waiting(QUIZ_CATALOG).await.expect("a count").records;
        let closed_at = async || {
            let row = assignment::Entity::find_by_id(assignment).one(&room.store.read).await;
            row.expect("read").expect("its row").closed_at
        };
        let before = waiting().await;
        let (one, other) = tokio::join!(school.close(assignment), school.close(assignment));
        assert!(one.is_ok() && other.is_ok());
        let first_close = closed_at().await;
        room.hand.fetch_add(1_000, Ordering::Relaxed);
        assert!(first_close.is_some() && school.close(assignment).await.is_ok());
        assert_eq!(closed_at().await, first_close, "again is the same");
        assert_eq!(waiting().await, before + 1, "it is announced once");
        drop(room);
        assert!(page.changed().await && other_page.changed().await);
        assert!(!page.changed().await, "the second has changed nothing");
    }
}
