//! What a quiz's file says beside questions and choices: a question's title, and feedback for a choice. Those that were
//! imported before have neither.
//!
//! Owns the change of the tables.

use sea_orm::sea_query::Table;
use sea_orm_migration::schema::text_null;

migration!(|manager| {
    let title = Table::alter().table("question").add_column(text_null("title")).take();
    manager.alter_table(title).await?;
    let feedback = Table::alter().table("choice").add_column(text_null("feedback")).take();
    manager.alter_table(feedback).await
});
