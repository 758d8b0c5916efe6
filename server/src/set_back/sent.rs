//! What has left the store, gathered record by record.
//!
//! Owns what a record tells, and which of two that tell of the same thing counts. Does not own where records are found.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::records::time::millis_of;
use crate::stream::Kept;
use crate::warehouse::{Closed, Highest, KINDS, Ruled, RuledVersion, SentAnswer, SentAttempt};

/// A record, as far as it is looked at.
#[derive(Deserialize)]
struct Record {
    accepted_seq: i64,
    accepted_at: String,
    #[serde(default)]
    producer: Option<IgnoredAny>,
    kind: Option<String>,
    id: Option<i64>,
    label: Option<String>,
    is_void: Option<bool>,
    is_key: Option<bool>,
    closed_at: Option<String>,
    assignment_id: Option<i64>,
    class_id: Option<i64>,
    quiz_id: Option<i64>,
    question_id: Option<i64>,
    choice_id: Option<i64>,
    attempt_id: Option<String>,
    attempt_no: Option<i64>,
    student_key: Option<String>,
    #[serde(default)]
    elapsed_ms: i64,
}

/// What has left the store, as far as it was seen.
#[derive(Default)]
pub(super) struct Sent {
    highest: Highest,
    /// Submissions by the ids of their attempts.
    pub attempts: BTreeMap<String, SentAttempt>,
    /// Assignments that were closed; one may be there more than once.
    pub closed: Vec<Closed>,
    /// Of what a ruling changes, the newest version.
    pub versions: BTreeMap<Ruled, RuledVersion>,
}

impl Sent {
    /// The tables of the store, each with the highest number that has left it; 0 if none has.
    pub fn numbers(&self) -> Vec<(&'static str, i64)> {
        let of_kind = |kind: &'static str| (kind, self.highest.ids.get(kind).copied().unwrap_or(0));
        [("outbox", self.highest.accepted_seq)].into_iter().chain(KINDS.map(of_kind)).collect()
    }

    /// Takes in the store's own among some records. Returns whether there are any.
    pub fn see_all(&mut self, records: &[Kept]) -> bool {
        let mut is_any = false;
        for record in records {
            is_any |= self.see_line(&record.data);
        }
        is_any
    }

    /// Takes in a record if it is the store's own. Returns whether it is.
    pub fn see_line(&mut self, line: &[u8]) -> bool {
        let Ok(record) = serde_json::from_slice::<Record>(line) else { return false };
        if record.producer.is_some() {
            return false;
        }
        self.highest.see_record(record.accepted_seq);
        self.see(record);
        true
    }

    fn see(&mut self, record: Record) {
        if let (Some(kind), Some(id)) = (&record.kind, record.id) {
            self.highest.see_row(kind, Some(id));
            self.closed.extend(record.close());
            if let Some((ruled, version)) = record.version() {
                self.see_version(ruled, version);
            }
            return;
        }
        let ids = [record.assignment_id, record.class_id, record.quiz_id, record.question_id, record.choice_id];
        KINDS.iter().zip(ids).for_each(|(kind, id)| self.highest.see_row(kind, id));
        if let Some(attempt) = record.attempt() {
            self.see_attempt(attempt);
        }
    }

    /// Takes in a submission, or more of it: each question once, with the number that it had first.
    pub fn see_attempt(&mut self, attempt: SentAttempt) {
        let Some(known) = self.attempts.get_mut(&attempt.id) else {
            self.attempts.insert(attempt.id.clone(), attempt);
            return;
        };
        for answer in attempt.answers {
            match known.answers.iter_mut().find(|known| known.question == answer.question) {
                Some(known) if known.accepted_seq > answer.accepted_seq => *known = answer,
                Some(_) => {}
                None => known.answers.push(answer),
            }
        }
    }

    /// Takes in a version of what a ruling changes; the newest counts.
    pub fn see_version(&mut self, ruled: Ruled, version: RuledVersion) {
        let known = self.versions.entry(ruled).or_insert_with(|| version.clone());
        if known.accepted_seq < version.accepted_seq {
            *known = version;
        }
    }

    /// Takes in what was seen elsewhere.
    pub fn join(&mut self, other: Self) {
        self.see_highest(&other.highest);
        other.versions.into_iter().for_each(|(ruled, version)| self.see_version(ruled, version));
        other.attempts.into_values().for_each(|attempt| self.see_attempt(attempt));
        self.closed.extend(other.closed);
    }

    /// Takes in the highest numbers that were seen elsewhere.
    pub fn see_highest(&mut self, other: &Highest) {
        self.highest.see_record(other.accepted_seq);
        other.ids.iter().for_each(|(kind, id)| self.highest.see_row(kind, Some(*id)));
    }
}

impl Record {
    /// The close that a version of an assignment tells of.
    fn close(&self) -> Option<Closed> {
        let assignment = self.id.filter(|_| self.kind.as_deref() == Some("assignment"))?;
        let at = self.closed_at.as_deref().and_then(millis_of)?;
        Some(Closed { assignment, class: self.class_id?, quiz: self.quiz_id?, at })
    }

    /// The version of a question or a choice that it is.
    fn version(&self) -> Option<(Ruled, RuledVersion)> {
        let ruled = Ruled::of(self.kind.as_deref()?, self.id?)?;
        let holds = if matches!(ruled, Ruled::Void(_)) { self.is_void } else { self.is_key };
        let label = self.label.clone().unwrap_or_default();
        let accepted_at = millis_of(&self.accepted_at)?;
        Some((ruled, RuledVersion { accepted_seq: self.accepted_seq, accepted_at, label, holds: holds? }))
    }

    /// The submission that an answer belongs to, with this answer alone; none of a heartbeat.
    fn attempt(self) -> Option<SentAttempt> {
        let answer = SentAnswer {
            accepted_seq: self.accepted_seq,
            question: self.question_id?,
            choice: self.choice_id,
            elapsed_ms: self.elapsed_ms,
        };
        Some(SentAttempt {
            id: self.attempt_id.filter(|id| !id.is_empty())?,
            assignment: self.assignment_id?,
            class: self.class_id?,
            quiz: self.quiz_id?,
            number: self.attempt_no?,
            student_key: self.student_key?,
            accepted_at: millis_of(&self.accepted_at)?,
            answers: vec![answer],
        })
    }
}

#[cfg(test)]
mod tests;
