//! The tables' history, oldest first. A migration that has been released is never edited.
//!
//! Owns their order.

/// A migration with the name of its file, all of it or nothing: a start that breaks off in the middle begins anew.
macro_rules! migration {
    (|$manager:ident| $steps:block) => {
        #[derive(sea_orm_migration::prelude::DeriveMigrationName)]
        pub(super) struct Migration;

        #[sea_orm_migration::async_trait::async_trait]
        impl sea_orm_migration::MigrationTrait for Migration {
            fn use_transaction(&self) -> Option<bool> {
                Some(true)
            }

            async fn up(&self, $manager: &sea_orm_migration::SchemaManager) -> Result<(), sea_orm::DbErr> $steps
        }
    };
}

mod m0001_initial;
mod m0002_keys;
mod m0003_made_streams;
mod m0004_rulings;
mod m0005_listed_at;
mod m0006_title_and_feedback;
mod m0007_store_check;
mod m0008_rights;
mod m0009_sessions_and_names;
mod m0010_several_keys;

use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};

pub(super) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_initial::Migration),
            Box::new(m0002_keys::Migration),
            Box::new(m0003_made_streams::Migration),
            Box::new(m0004_rulings::Migration),
            Box::new(m0005_listed_at::Migration),
            Box::new(m0006_title_and_feedback::Migration),
            Box::new(m0007_store_check::Migration),
            Box::new(m0008_rights::Migration),
            Box::new(m0009_sessions_and_names::Migration),
            Box::new(m0010_several_keys::Migration),
        ]
    }
}
