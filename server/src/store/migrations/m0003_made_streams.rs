//! Streams that were made over the AWS wire.
//!
//! Owns the change of the tables.

use sea_orm::DbErr;
use sea_orm::sea_query::Table;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::schema::{big_integer, string, text};
use sea_orm_migration::{MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let made = Table::create()
            .table("made_stream")
            .col(string("name").primary_key())
            .col(text("made"))
            .col(big_integer("created_at"))
            .take();
        manager.create_table(made).await
    }
}
