//! Since when a student has been on a class list. Those who were there already have been there always.
//!
//! Owns the change of the tables, and of the rows that were there before.

use sea_orm::DbErr;
use sea_orm::sea_query::Table;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::schema::big_integer;
use sea_orm_migration::{MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let listed_at = Table::alter().table("student").add_column(big_integer("listed_at").default(0)).take();
        manager.alter_table(listed_at).await
    }
}
