//! Lost rulings, applied once more to a store that was set back.
//!
//! A ruling leaves the store as new versions of its question and choices. Owns the change of those. Does not own the
//! ruling's own row: who ruled, and why, never leaves the store and is lost with it, so that nothing can be undone; a new
//! ruling can be made.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::QUIZ_CATALOG;
use super::catalog::label;
use crate::store::tables::{choice, outbox, question};
use crate::warehouse::{Ruled, SentRuling};

/// Grades questions and choices as their newest versions say. Returns the questions for which that changes anything.
///
/// A version counts only for the row that it was made of: one with another text is of another store. A row whose own newer
/// version still waits in the outbox stays as it is.
pub(super) async fn grade_again<C: ConnectionTrait>(
    tx: &C,
    sent: &BTreeMap<Ruled, SentRuling>,
) -> Result<BTreeSet<i64>, DbErr> {
    let waiting = waiting(tx).await?;
    let newest = |ruled: Ruled, text: &str| {
        let version = sent.get(&ruled).filter(|version| version.label == label(text))?;
        let is_newest = waiting.get(&ruled).is_none_or(|waiting| *waiting < version.accepted_seq);
        is_newest.then_some(version.holds)
    };
    let mut changed = BTreeSet::new();
    for row in question::Entity::find().all(tx).await? {
        let Some(is_void) = newest(Ruled::Void(row.id), &row.text).filter(|is_void| *is_void != row.is_void) else {
            continue;
        };
        question::Entity::update_many()
            .col_expr(question::Column::IsVoid, Expr::value(is_void))
            .filter(question::Column::Id.eq(row.id))
            .exec(tx)
            .await?;
        changed.insert(row.id);
    }
    for row in choice::Entity::find().all(tx).await? {
        let Some(is_key) = newest(Ruled::Right(row.id), &row.text).filter(|is_key| *is_key != row.is_key) else {
            continue;
        };
        choice::Entity::update_many()
            .col_expr(choice::Column::IsKey, Expr::value(is_key))
            .filter(choice::Column::Id.eq(row.id))
            .exec(tx)
            .await?;
        changed.insert(row.question_id);
    }
    Ok(changed)
}

/// The newest versions that still wait in the outbox, by running number.
async fn waiting<C: ConnectionTrait>(tx: &C) -> Result<BTreeMap<Ruled, i64>, DbErr> {
    /// A row of the catalog, as far as it is looked at.
    #[derive(serde::Deserialize)]
    struct Version {
        kind: String,
        id: i64,
    }
    let rows = outbox::Entity::find().filter(outbox::Column::Stream.eq(QUIZ_CATALOG)).all(tx).await?;
    let mut waiting = BTreeMap::new();
    for row in rows {
        let version: Option<Version> = serde_json::from_str(&row.payload).ok();
        if let Some(ruled) = version.and_then(|version| Ruled::of(&version.kind, version.id)) {
            let newest = waiting.entry(ruled).or_insert(row.accepted_seq);
            *newest = row.accepted_seq.max(*newest);
        }
    }
    Ok(waiting)
}
