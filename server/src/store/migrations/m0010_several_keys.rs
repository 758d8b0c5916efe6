//! A ruling may say that more than one choice is right.
//!
//! Owns the change of the tables, and of the rows that were there before.

use sea_orm::sea_query::Table;
use sea_orm_migration::schema::text;

migration!(|manager| {
    for column in ["also", "also_before"] {
        let column = Table::alter().table("ruling").add_column(text(column).default("")).take();
        manager.alter_table(column).await?;
    }
    Ok(())
});
