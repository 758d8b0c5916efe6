//! The row that a check of the store writes.
//!
//! Owns the change of the tables.

use sea_orm::sea_query::Table;
use sea_orm_migration::schema::big_integer;

migration!(|manager| {
    let table =
        Table::create().table("store_check").col(big_integer("id").primary_key()).col(big_integer("number")).take();
    manager.create_table(table).await
});
