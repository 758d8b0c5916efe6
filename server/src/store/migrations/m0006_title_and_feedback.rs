//! What a quiz's file says beside questions and choices: a question's title, and feedback for a choice. Those that were
//! imported before have neither.

use sea_orm::DbErr;
use sea_orm::sea_query::Table;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::schema::text_null;
use sea_orm_migration::{MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All of it or nothing: a start that breaks off in the middle begins anew.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let title = Table::alter().table("question").add_column(text_null("title")).take();
        manager.alter_table(title).await?;
        let feedback = Table::alter().table("choice").add_column(text_null("feedback")).take();
        manager.alter_table(feedback).await
    }
}
