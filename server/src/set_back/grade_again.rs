//! Lost rulings, applied once more to a store that was set back.
//!
//! A ruling leaves the store as new versions of its question and choices. Owns which of these count, and the change. Does not
//! own the ruling's own row: who ruled, and why, never leaves the store and is lost with it, so that nothing can be undone; a
//! new ruling can be made.

use std::collections::{BTreeMap, BTreeSet};

use app::api::Millis;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};

use crate::outbox::label;
use crate::quizzes::Graded;
use crate::store::tables::ruling;
use crate::warehouse::{Ruled, RuledVersion};

/// Grades each question as the newest versions of it and of its choices say. Returns the questions for which that changes
/// anything. The caller announces them.
///
/// A version counts only for the row that it was made of: one with another text is of another store. It has to be newer than
/// the last ruling on the question that the store knows, too: the versions of that one may be on their way, or parked.
pub(super) async fn grade_again<C: ConnectionTrait>(
    tx: &C,
    now: Millis,
    sent: &BTreeMap<Ruled, RuledVersion>,
) -> Result<BTreeSet<i64>, DbErr> {
    let last_ruled = last_ruled(tx).await?;
    let mut changed = BTreeSet::new();
    for graded in Graded::read_all(tx).await? {
        let question = &graded.question;
        let known = last_ruled.get(&question.id).copied();
        let holds = |ruled: Ruled, text: &str, holds_here: bool| {
            let version = sent.get(&ruled).filter(|version| version.label == label(text));
            let version = version.filter(|version| known.is_none_or(|known| known < version.accepted_at));
            version.map_or(holds_here, |version| version.holds)
        };
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

/// When each question was last ruled on, or a ruling on it undone, as far as the store knows.
async fn last_ruled<C: ConnectionTrait>(tx: &C) -> Result<BTreeMap<i64, Millis>, DbErr> {
    let mut last = BTreeMap::new();
    for row in ruling::Entity::find().all(tx).await? {
        let at = row.undone_at.unwrap_or(row.made_at).max(row.made_at);
        let known = last.entry(row.question_id).or_insert(at);
        *known = at.max(*known);
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use app::api::rulings::NewRuling;

    use super::*;
    use crate::for_tests::Room;
    use crate::quizzes::RuledBy;
    use crate::school::NewAssignment;

    /// How the store grades its one question after these versions of it and of its second choice: whether it is void, and
    /// whether the first and the second choice are right.
    async fn graded(room: &Room, sent: &[(Ruled, RuledVersion)]) -> (bool, bool, bool) {
        let tx = room.store.begin().await.expect("begun");
        let before = one(&*tx).await;
        let changed = grade_again(&*tx, 1, &sent.iter().cloned().collect()).await.expect("graded");
        let after = one(&*tx).await;
        assert_eq!(changed.is_empty(), before == after, "{changed:?}");
        after
    }

    async fn one<C: ConnectionTrait>(tx: &C) -> (bool, bool, bool) {
        let all = Graded::read_all(tx).await.expect("read");
        let [Graded { question, choices }] = &all[..] else { panic!("one question") };
        (question.is_void, choices[0].is_key, choices[1].is_key)
    }

    fn version(accepted_at: Millis, label: &str, holds: bool) -> RuledVersion {
        RuledVersion { accepted_seq: 1, accepted_at, label: label.to_owned(), holds }
    }

    #[tokio::test]
    async fn a_version_of_the_same_row_counts_if_it_is_newer_than_what_the_store_knows() {
        let room = Room::new().await;
        let quiz = room.quizzes.import_gift(room.teacher, "Quiz", "Why? {=x ~y}").await.expect("a quiz").quiz;
        let (void, right) = (Ruled::Void(1), Ruled::Right(2));
        let sent = |at, question, choice| [(void, version(at, question, true)), (right, version(at, choice, true))];
        assert_eq!(graded(&room, &[]).await, (false, true, false), "as it was");
        assert_eq!(graded(&room, &sent(1, "Why?", "y")).await, (true, true, true));
        assert_eq!(graded(&room, &sent(1, "How?", "z")).await, (false, true, false), "of another store");

        let class = room.school.add_class(room.teacher, "Class", &["A"]).await.expect("a class");
        let given = NewAssignment { class, quiz, join_code: "ABC-123", opened_at: 0 };
        let assignment = room.school.assign(&given).await.expect("an assignment");
        let by = RuledBy { account: room.teacher, assignment, average: None };
        room.quizzes.rule(NewRuling { question: 1, key: None, also: Vec::new() }, by).await.expect("void");
        let ruled_at = ruling::Entity::find().one(&room.store.read).await.expect("read").expect("its row").made_at;
        let open = |at| [(void, version(at, "Why?", false))];
        assert_eq!(graded(&room, &open(ruled_at - 1)).await, (true, true, false), "its own version is on its way");
        assert_eq!(graded(&room, &open(ruled_at + 1)).await, (false, true, false), "a later ruling was lost");
    }
}
