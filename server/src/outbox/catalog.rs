//! Dimension rows: what the warehouse needs to explain answers.
//!
//! Owns their wire form. A row is written in the transaction that makes or changes what it speaks of, so that the warehouse
//! hears of it exactly then. Carries no student, and no explanation.

use app::api::Millis;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};
use serde::Serialize;
use uuid::Uuid;

use super::Outbox;
use crate::records::QUIZ_CATALOG;
use crate::records::time::sql_timestamp;
use crate::store::tables::{assignment, choice, class, question, quiz};

/// Redshift's longest text; what is longer is cut there, and whole in the transactional store.
const LONGEST_LABEL: usize = 65_535;
/// Rows of one statement.
const AT_ONCE: usize = 500;

/// One version of one dimension row. What a kind does not have is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CatalogRecord {
    /// A new one for each version.
    pub record_id: String,
    /// As the warehouse reads an instant; the newest version counts.
    pub accepted_at: String,
    /// `quiz`, `question`, `choice`, `class`, `assignment` or `heartbeat`.
    pub kind: &'static str,
    /// Number of what the row speaks of.
    pub id: i64,
    /// Of a question or an assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiz_id: Option<i64>,
    /// Of a choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question_id: Option<i64>,
    /// Of an assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_id: Option<i64>,
    /// Place of a question or a choice, from 1 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Text, title or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether a choice is right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_key: Option<bool>,
    /// Of an assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<String>,
    /// Of an assignment that was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<String>,
    /// Whether a question counts for nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_void: Option<bool>,
}

impl CatalogRecord {
    fn new(kind: &'static str, id: i64, accepted_at: Millis) -> Self {
        let record_id = Uuid::now_v7().to_string();
        Self { record_id, accepted_at: sql_timestamp(accepted_at), kind, id, ..Self::default() }
    }

    /// A row of nothing, to see whether it arrives.
    #[must_use]
    pub fn heartbeat(id: Uuid, accepted_at: Millis) -> Self {
        Self { record_id: id.to_string(), ..Self::new("heartbeat", 0, accepted_at) }
    }

    /// A version of a quiz.
    #[must_use]
    pub fn quiz(row: &quiz::Model, at: Millis) -> Self {
        Self { label: Some(label(&row.title)), ..Self::new("quiz", row.id, at) }
    }

    /// A version of a question.
    #[must_use]
    pub fn question(row: &question::Model, at: Millis) -> Self {
        let (quiz_id, number, is_void) = (Some(row.quiz_id), Some(row.number), Some(row.is_void));
        Self { quiz_id, number, is_void, label: Some(label(&row.text)), ..Self::new("question", row.id, at) }
    }

    /// A version of a choice.
    #[must_use]
    pub fn choice(row: &choice::Model, at: Millis) -> Self {
        let (question_id, number, is_key) = (Some(row.question_id), Some(row.number), Some(row.is_key));
        Self { question_id, number, is_key, label: Some(label(&row.text)), ..Self::new("choice", row.id, at) }
    }

    /// A version of a class.
    #[must_use]
    pub fn class(row: &class::Model, at: Millis) -> Self {
        Self { label: Some(label(&row.name)), ..Self::new("class", row.id, at) }
    }

    /// A version of an assignment.
    #[must_use]
    pub fn assignment(row: &assignment::Model, at: Millis) -> Self {
        Self {
            quiz_id: Some(row.quiz_id),
            class_id: Some(row.class_id),
            opened_at: Some(sql_timestamp(row.opened_at)),
            closed_at: row.closed_at.map(sql_timestamp),
            ..Self::new("assignment", row.id, at)
        }
    }
}

/// How a row has a text: at most so many bytes, whole characters.
pub(crate) fn label(text: &str) -> String {
    let mut end = text.len().min(LONGEST_LABEL);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

impl Outbox {
    /// Writes dimension rows within the caller's transaction. The caller wakes the relay once that has committed.
    ///
    /// # Errors
    /// If the transactional store does not take them.
    pub async fn announce<C: ConnectionTrait>(
        &self,
        tx: &C,
        at: Millis,
        records: &[CatalogRecord],
    ) -> Result<(), DbErr> {
        for some in records.chunks(AT_ONCE) {
            self.write(tx, QUIZ_CATALOG, at, some).await?;
        }
        Ok(())
    }

    /// Announces everything that there is. For a warehouse that has never heard of any of it: another time is harmless,
    /// because the newest version counts and says the same.
    ///
    /// # Errors
    /// If the transactional store does not answer.
    pub async fn announce_everything(&self, now: Millis) -> Result<(), DbErr> {
        let tx = self.store.begin().await?;
        self.announce_all(&*tx, now).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    /// The same within the caller's transaction.
    ///
    /// # Errors
    /// If the transactional store does not answer.
    pub async fn announce_all<C: ConnectionTrait>(&self, tx: &C, now: Millis) -> Result<(), DbErr> {
        let mut records = Vec::new();
        records.extend(quiz::Entity::find().all(tx).await?.iter().map(|row| CatalogRecord::quiz(row, now)));
        records.extend(question::Entity::find().all(tx).await?.iter().map(|row| CatalogRecord::question(row, now)));
        records.extend(choice::Entity::find().all(tx).await?.iter().map(|row| CatalogRecord::choice(row, now)));
        records.extend(class::Entity::find().all(tx).await?.iter().map(|row| CatalogRecord::class(row, now)));
        records.extend(assignment::Entity::find().all(tx).await?.iter().map(|row| CatalogRecord::assignment(row, now)));
        self.announce(tx, now, &records).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_cut_between_characters() {
        let long = "é".repeat(40_000);
        let cut = label(&long);
        assert_eq!(cut.len(), LONGEST_LABEL - 1);
        assert!(long.starts_with(&cut));
        assert_eq!(label("short"), "short");
    }

    #[test]
    fn a_row_says_only_what_its_kind_has() {
        let row = class::Model { id: 3, name: "Year 8".into(), teacher_id: 1 };
        let json = serde_json::to_value(CatalogRecord::class(&row, 0)).expect("json");
        let fields: Vec<&str> = json.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(fields, ["accepted_at", "id", "kind", "label", "record_id"]);
    }
}
