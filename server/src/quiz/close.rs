//! The close of an assignment, after which there is no submission to it.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::catalog::CatalogRecord;
use super::{Quiz, QuizError};
use crate::store::tables::assignment;

impl Quiz {
    /// Ends an assignment: it takes no more answers. Again is the same.
    ///
    /// # Errors
    /// If there is no such assignment.
    pub async fn close(&self, assignment: i64) -> Result<(), QuizError> {
        assignment::Entity::find_by_id(assignment)
            .one(&self.store.read)
            .await?
            .ok_or(QuizError::Unknown("assignment"))?;
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        // The first close is the one that counts, whoever else is closing.
        let closed = assignment::Entity::update_many()
            .col_expr(assignment::Column::ClosedAt, Expr::value(now))
            .filter(assignment::Column::Id.eq(assignment))
            .filter(assignment::Column::ClosedAt.is_null())
            .exec(&*tx)
            .await?;
        if let Some(row) =
            assignment::Entity::find_by_id(assignment).one(&*tx).await?.filter(|_| closed.rows_affected > 0)
        {
            self.announce(&*tx, now, &[CatalogRecord::assignment(&row, now)]).await?;
        }
        tx.commit().await?;
        self.outbox.wake();
        if closed.rows_affected > 0 {
            self.live.publish(&[assignment]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Accounts;
    use crate::clock::Clock;
    use crate::live::Live;
    use crate::quiz::NewAssignment;
    use crate::store::Store;
    use app::api::accounts::{Me, Role};

    #[tokio::test]
    async fn of_two_closes_at_the_same_time_one_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("freshmark.db")).await.expect("a store");
        let (clock, _) = Clock::manual(1_700_000_000_000);
        let me = Me { name: "T".into(), email: "t@x".into(), role: Role::Teacher };
        let teacher = Accounts::new(store.clone(), clock.clone()).add(&me, "pw").await.expect("a teacher");
        let live = Live::default();
        let quiz = Quiz::new(store, live.clone(), clock);
        let class = quiz.add_class(teacher, "Class", &["A"]).await.expect("a class");
        let given = quiz.import_gift(teacher, "Quiz", "1 + 1? {=2 ~3}").await.expect("a quiz").quiz;
        let new = NewAssignment { class, quiz: given, join_code: "ABC-123", opened_at: 0 };
        let assignment = quiz.assign(&new).await.expect("an assignment");

        let mut page = live.listen(assignment);
        let (one, other) = tokio::join!(quiz.close(assignment), quiz.close(assignment));
        assert!(one.is_ok() && other.is_ok());
        drop((quiz, live));
        assert!(page.changed().await);
        assert!(!page.changed().await, "the second has changed nothing");
    }
}
