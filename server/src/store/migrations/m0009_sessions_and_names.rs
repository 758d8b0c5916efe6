//! Since when a session has been idle, and names that are compared in more forms than before.
//!
//! Of two names on one list that are the same now, the later one keeps what it was compared by: nobody is merged here.
//!
//! Owns the change of the tables, and of the rows that were there before.

use std::collections::HashSet;

use sea_orm::sea_query::Table;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use sea_orm_migration::SchemaManager;
use sea_orm_migration::schema::big_integer;

use crate::names;

migration!(|manager| {
    let seen_at = Table::alter().table("session").add_column(big_integer("seen_at").default(0)).take();
    manager.alter_table(seen_at).await?;
    // A session lasted for twelve hours.
    manager.get_connection().execute_unprepared("UPDATE session SET seen_at = expires_at - 43200000").await?;
    fold_names_again(manager).await
});

async fn fold_names_again(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let backend = manager.get_database_backend();
    let rows = "SELECT id, class_id, name, folded_name FROM student ORDER BY id";
    let rows = db.query_all_raw(Statement::from_string(backend, rows)).await?;
    let mut students = Vec::with_capacity(rows.len());
    for row in &rows {
        let number = |place: usize| row.try_get_by_index::<i64>(place);
        let text = |place: usize| row.try_get_by_index::<String>(place);
        students.push((number(0)?, number(1)?, text(2)?, text(3)?));
    }
    let mut taken: HashSet<(i64, String)> =
        students.iter().map(|(_, class, _, folded)| (*class, folded.clone())).collect();
    for (id, class, name, before) in students {
        let folded = names::fold(&name);
        if folded == before || !taken.insert((class, folded.clone())) {
            continue;
        }
        taken.remove(&(class, before));
        let update = "UPDATE student SET folded_name = $1 WHERE id = $2";
        db.execute_raw(Statement::from_sql_and_values(backend, update, [folded.into(), id.into()])).await?;
    }
    Ok(())
}
