//! Lost rulings, applied once more to a store that was set back.
//!
//! A ruling leaves the store as new versions of its question and choices. Owns the change of those. Does not own the
//! ruling's own row: who ruled, and why, never leaves the store and is lost with it, so that nothing can be undone; a new
//! ruling can be made.

use std::collections::{BTreeMap, BTreeSet};

use app::api::Millis;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::QUIZ_CATALOG;
use super::catalog::label;
use super::rulings::Graded;
use crate::store::tables::outbox;
use crate::warehouse::{Ruled, RuledVersion};

/// Grades each question as the newest versions of it and of its choices say. Returns the questions for which that changes
/// anything. The caller announces them.
///
/// A version counts only for the row that it was made of: one with another text is of another store. A row whose own newer
/// version still waits in the outbox stays as it is.
pub(super) async fn grade_again<C: ConnectionTrait>(
    tx: &C,
    now: Millis,
    sent: &BTreeMap<Ruled, RuledVersion>,
) -> Result<BTreeSet<i64>, DbErr> {
    let waiting = waiting(tx).await?;
    let holds = |ruled: Ruled, text: &str, holds_here: bool| {
        let version = sent.get(&ruled).filter(|version| version.label == label(text));
        let is_newer = |version: &&RuledVersion| waiting.get(&ruled).is_none_or(|own| *own < version.accepted_seq);
        version.filter(is_newer).map_or(holds_here, |version| version.holds)
    };
    let mut changed = BTreeSet::new();
    for graded in Graded::read_all(tx).await? {
        let question = &graded.question;
        let is_void = holds(Ruled::Void(question.id), &question.text, question.is_void);
        let right = graded.choices.iter().filter(|row| holds(Ruled::Right(row.id), &row.text, row.is_key));
        let right: Vec<i64> = right.map(|row| row.id).collect();
        if is_void != question.is_void || right != graded.right() {
            changed.insert(question.id);
            graded.write(tx, now, &right, is_void).await?;
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quiz::for_tests::Room;

    /// What the store says of its one question after these versions of it and of its second choice: whether it is void, and
    /// whether the first and the second choice are right.
    async fn graded(room: &Room, sent: &[(Ruled, RuledVersion)]) -> (bool, bool, bool) {
        let tx = room.store.begin().await.expect("begun");
        let changed = grade_again(&*tx, 1, &sent.iter().cloned().collect()).await.expect("graded");
        let [one] = &Graded::read_all(&*tx).await.expect("read")[..] else { panic!("one question") };
        let now = (one.question.is_void, one.choices[0].is_key, one.choices[1].is_key);
        assert_eq!(changed.is_empty(), now == (false, true, false), "{changed:?} {now:?}");
        now
    }

    fn version(accepted_seq: i64, label: &str, holds: bool) -> RuledVersion {
        RuledVersion { accepted_seq, label: label.to_owned(), holds }
    }

    #[tokio::test]
    async fn the_newest_version_of_the_same_row_decides_and_none_that_is_older_than_what_waits() {
        let room = Room::new().await;
        room.quiz.import_gift(room.teacher, "Quiz", "Why? {=x ~y}").await.expect("a quiz");
        let waiting = outbox::Entity::find().all(&room.store.read).await.expect("rows");
        let last = waiting.iter().map(|row| row.accepted_seq).max().expect("its own versions");
        let (void, right) = (Ruled::Void(1), Ruled::Right(2));
        let newer = |text, holds| version(last + 1, text, holds);
        assert_eq!(graded(&room, &[]).await, (false, true, false), "as it was");
        assert_eq!(graded(&room, &[(void, newer("Why?", true))]).await, (true, true, false));
        assert_eq!(graded(&room, &[(right, newer("y", true))]).await, (false, true, true));
        let of_others = [(void, newer("How?", true)), (right, newer("z", true))];
        assert_eq!(graded(&room, &of_others).await, (false, true, false), "rows of another store");
        let older = [(void, version(1, "Why?", true)), (right, version(1, "y", true))];
        assert_eq!(graded(&room, &older).await, (false, true, false), "its own versions wait in the outbox");
    }
}
