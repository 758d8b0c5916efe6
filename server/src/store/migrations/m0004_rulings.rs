//! Rulings on questions.
//!
//! Owns the change of the tables.

use sea_orm::DbErr;
use sea_orm::sea_query::{ForeignKey, ForeignKeyCreateStatement, Index, Table};
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::schema::{big_integer, big_integer_null, big_pk_auto, boolean, double_null};
use sea_orm_migration::{MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let is_void = Table::alter().table("question").add_column(boolean("is_void").default(false)).take();
        manager.alter_table(is_void).await?;
        let ruling = Table::create()
            .table("ruling")
            .col(big_pk_auto("id"))
            .col(big_integer("question_id"))
            .col(big_integer("assignment_id"))
            .col(big_integer_null("key_id"))
            .col(big_integer_null("key_before"))
            .col(boolean("was_void"))
            .col(big_integer("account_id"))
            .col(big_integer("made_at"))
            .col(double_null("average_before"))
            .col(double_null("average_after"))
            .col(big_integer_null("undone_by"))
            .col(big_integer_null("undone_at"))
            .foreign_key(&mut refers("question_id", "question"))
            .foreign_key(&mut refers("assignment_id", "assignment"))
            .foreign_key(&mut refers("account_id", "account"))
            .take();
        manager.create_table(ruling).await?;
        let of_question = Index::create().name("ruling_question_id").table("ruling").col("question_id").take();
        manager.create_index(of_question).await
    }
}

fn refers(column: &'static str, target: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from("ruling", column).to(target, "id").take()
}
