//! A student joins by code and name.
//!
//! Owns how codes are read and compared, and the secret by which a device proves that an attempt is its own.
//! Does not own who may try how often: `web` knows where a request comes from.

use app::api::Millis;
use app::api::attempts::{Join, Joined};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use super::{AttemptError, Attempts};
use crate::store::tables::{assignment, attempt, student};
use crate::store::{decide_again_if, is_conflict};
use crate::{names, secret};

impl Attempts {
    /// Begins an attempt for the student of that name; a name that the class list does not have is added to it.
    ///
    /// # Errors
    /// If the code is not known, the assignment is closed or the name is empty or too long.
    pub async fn join(&self, join: &Join) -> Result<Joined, AttemptError> {
        let name = names::clean(&join.name).map_err(|error| AttemptError::invalid("name", error.to_string()))?;
        let assignment = self.assignment_by_code(&join.code).await?;
        if assignment.closed_at.is_some() {
            return Err(AttemptError::ClosedToJoin);
        }
        // A second one who joins under the same name at the same moment takes the number or the line on the class list.
        let is_overtaken = |error: &AttemptError| matches!(error, AttemptError::Store(error) if is_conflict(error));
        decide_again_if(is_overtaken, || self.begin(&assignment, &name)).await
    }

    /// Begins an attempt, unless the assignment has been closed.
    async fn begin(&self, assignment: &assignment::Model, name: &str) -> Result<Joined, AttemptError> {
        let token = secret::generate()?;
        let tx = self.store.begin().await?;
        // Locked until the commit, so that a close comes before or after.
        let current = assignment::Entity::find_by_id(assignment.id).lock_shared().one(&*tx).await?;
        if current.is_none_or(|current| current.closed_at.is_some()) {
            return Err(AttemptError::ClosedToJoin);
        }
        let now = self.clock.now();
        let student = student_of(&*tx, assignment.class_id, name, now).await?;
        let earlier = attempt::Entity::find()
            .filter(attempt::Column::AssignmentId.eq(assignment.id))
            .filter(attempt::Column::StudentId.eq(student))
            .select_only()
            .column_as(attempt::Column::Number.max(), "number")
            .into_tuple::<Option<i64>>()
            .one(&*tx)
            .await?;
        let attempt = attempt::ActiveModel {
            id: Set(Uuid::now_v7().to_string()),
            assignment_id: Set(assignment.id),
            student_id: Set(student),
            // Unique for assignment and student.
            number: Set(earlier.flatten().unwrap_or(0) + 1),
            token_hash: Set(secret::hash(&token)),
            started_at: Set(now),
            submitted_at: Set(None),
            told: Set(None),
        };
        let attempt = attempt.insert(&*tx).await?;
        tx.commit().await?;
        self.live.publish(&[assignment.id]);
        Ok(Joined { attempt: attempt.id, token })
    }

    async fn assignment_by_code(&self, code: &str) -> Result<assignment::Model, AttemptError> {
        let folded = fold_code(code);
        assignment::Entity::find()
            .filter(assignment::Column::JoinCode.eq(&folded))
            .one(&self.store.read)
            .await?
            .ok_or_else(|| AttemptError::UnknownCode(code.trim().chars().take(20).collect()))
    }
}

/// `klm 482`, `KLM482` and `KLM-482` are one code, in wide letters too, and so is one with a letter where a digit that
/// looks like it belongs, or the other way round.
fn fold_code(code: &str) -> String {
    let plain: String = code.nfkc().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    match plain.split_at_checked(3) {
        Some((letters, digits)) if !digits.is_empty() => {
            let letters: String = letters.chars().map(|c| swap(c, "01", "OI")).collect();
            let digits: String = digits.chars().map(|c| swap(c, "OQIL", "0011")).collect();
            format!("{letters}-{digits}")
        }
        _ => plain,
    }
}

/// The character that stands in `right` where `c` stands in `wrong`.
fn swap(c: char, wrong: &str, right: &str) -> char {
    wrong.find(c).and_then(|place| right[place..].chars().next()).unwrap_or(c)
}

async fn student_of<C: ConnectionTrait>(tx: &C, class: i64, name: &str, now: Millis) -> Result<i64, AttemptError> {
    let folded = names::fold(name);
    let known = student::Entity::find()
        .filter(student::Column::ClassId.eq(class))
        .filter(student::Column::FoldedName.eq(&folded))
        .one(tx)
        .await?;
    if let Some(student) = known {
        return Ok(student.id);
    }
    let student = student::ActiveModel {
        id: NotSet,
        class_id: Set(class),
        name: Set(name.to_owned()),
        folded_name: Set(folded),
        student_key: Set(Uuid::new_v4().to_string()),
        listed_at: Set(now),
    };
    Ok(student.insert(tx).await?.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        for typed in ["KLM-482", "klm482", " klm 482 ", "k l m-4 8 2", "ＫＬＭ－４８２", "klm–482"] {
            assert_eq!(fold_code(typed), "KLM-482", "{typed}");
        }
        for typed in ["TIO-001", "ti0-oo1", "t1o ool", "TIO-QO1"] {
            assert_eq!(fold_code(typed), "TIO-001", "{typed}");
        }
        assert_eq!(fold_code(""), "");
        assert_eq!(fold_code("é"), "");
    }
}
