//! Reading and managing are rights of their own. A key for some streams that was made before may do neither. One that opened
//! every stream by naming none opens all but the two that the server itself fills.
//!
//! Owns the change of the tables, and of the rows that were there before.

use sea_orm::sea_query::{Expr, Query, Table};
use sea_orm_migration::prelude::ExprTrait;
use sea_orm_migration::schema::text;

migration!(|manager| {
    for right in ["reads", "manages"] {
        let column = Table::alter().table("gateway_key").add_column(text(right).default("")).take();
        manager.alter_table(column).await?;
    }
    let every = Query::update()
        .table("gateway_key")
        .value("streams", "*")
        .value("reads", "*")
        .value("manages", "*")
        .and_where(Expr::col("streams").eq(""))
        .take();
    manager.execute(every).await
});
