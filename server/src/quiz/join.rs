//! A student joins by code and name.
//!
//! Owns how codes and names are read and compared, and the secret by which a device proves that an attempt is its own.
//! Does not own who may try how often: `web` knows where a request comes from.

use app::api::Millis;
use app::api::attempts::{Join, Joined};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use super::{Quiz, QuizError};
use crate::secret;
use crate::store::tables::{assignment, attempt, student};

const LONGEST_NAME: usize = 80;

impl Quiz {
    /// Begins an attempt for the student of that name; a name that the class list does not have is added to it.
    ///
    /// # Errors
    /// If the code is not known, the assignment is closed or the name is empty or too long.
    pub async fn join(&self, join: &Join) -> Result<Joined, QuizError> {
        let name = clean_name(&join.name)?;
        let assignment = self.assignment_by_code(&join.code).await?;
        if assignment.closed_at.is_some() {
            return Err(QuizError::ClosedToJoin);
        }
        let token = secret::generate()?;
        let tx = self.store.begin().await?;
        let now = self.clock.now();
        let student = student_of(&tx, assignment.class_id, &name, now).await?;
        let earlier = attempt::Entity::find()
            .filter(attempt::Column::AssignmentId.eq(assignment.id))
            .filter(attempt::Column::StudentId.eq(student))
            .count(&tx)
            .await?;
        let attempt = attempt::ActiveModel {
            id: Set(Uuid::now_v7().to_string()),
            assignment_id: Set(assignment.id),
            student_id: Set(student),
            number: Set(earlier as i64 + 1),
            token_hash: Set(secret::hash(&token)),
            started_at: Set(now),
            submitted_at: Set(None),
            told: Set(None),
        };
        let attempt = attempt.insert(&tx).await?;
        tx.commit().await?;
        self.live.publish(&[assignment.id]);
        Ok(Joined { attempt: attempt.id, token })
    }

    async fn assignment_by_code(&self, code: &str) -> Result<assignment::Model, QuizError> {
        let folded = fold_code(code);
        assignment::Entity::find()
            .filter(assignment::Column::JoinCode.eq(&folded))
            .one(&self.store.read)
            .await?
            .ok_or_else(|| QuizError::UnknownCode(code.trim().chars().take(20).collect()))
    }
}

/// `klm 482`, `KLM482` and `KLM-482` are one code.
fn fold_code(code: &str) -> String {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    match plain.split_at_checked(3) {
        Some((letters, digits)) if !digits.is_empty() => format!("{letters}-{digits}"),
        _ => plain,
    }
}

fn clean_name(name: &str) -> Result<String, QuizError> {
    let words: Vec<&str> = name.split_whitespace().collect();
    let name = words.join(" ");
    if name.is_empty() {
        return Err(QuizError::invalid("name", "write your name as it stands on the class list"));
    }
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(QuizError::invalid("name", format!("has to be text of at most {LONGEST_NAME} characters")));
    }
    Ok(name)
}

/// A name as it is compared: case and spacing do not matter.
#[must_use]
pub fn fold_name(name: &str) -> String {
    name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

async fn student_of<C: ConnectionTrait>(tx: &C, class: i64, name: &str, now: Millis) -> Result<i64, QuizError> {
    let folded = fold_name(name);
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
        for typed in ["KLM-482", "klm482", " klm 482 ", "k l m-4 8 2"] {
            assert_eq!(fold_code(typed), "KLM-482", "{typed}");
        }
        assert_eq!(fold_code(""), "");
        assert_eq!(fold_code("é"), "");
    }

    #[test]
    fn names_are_compared_without_case_and_spacing() {
        assert_eq!(fold_name("  Ada   LOVELACE "), fold_name("ada lovelace"));
        assert!(clean_name(" \u{a0}").is_err());
        assert!(clean_name(&"x".repeat(81)).is_err());
    }
}
