//! Keys of the gateway, and the outbox of more than one stream.
//!
//! Owns the change of the tables, and of the rows that were there before.

use sea_orm::DbErr;
use sea_orm::sea_query::{ForeignKey, Index, Table};
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, string_uniq, text};
use sea_orm_migration::{MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let keys = Table::create()
            .table("gateway_key")
            .col(string("id").primary_key())
            .col(string("name"))
            .col(string_uniq("secret_hash"))
            .col(string_uniq("access_key_id"))
            .col(text("streams"))
            .col(big_integer_null("rate"))
            .col(big_integer_null("burst"))
            .col(big_integer_null("daily"))
            .col(big_integer("created_at"))
            .col(big_integer_null("revoked_at"))
            .take();
        let usage = Table::create()
            .table("gateway_usage")
            .col(string("key_id"))
            .col(big_integer("day"))
            .col(big_integer("requests"))
            .primary_key(Index::create().col("key_id").col("day"))
            .foreign_key(ForeignKey::create().from("gateway_usage", "key_id").to("gateway_key", "id"))
            .take();
        for table in [keys, usage] {
            manager.create_table(table).await?;
        }
        // Each stream's relay looks for the head of its own records.
        let head =
            Index::create().name("outbox_stream_accepted_seq").table("outbox").col("stream").col("accepted_seq").take();
        manager.create_index(head).await
    }
}
