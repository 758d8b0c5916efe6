//! A transactional store that knows less than has left it: a copy was put back, or what was written last was lost.
//!
//! Owns the comparison at each start, before anything is numbered or anybody is answered. Whatever has left the store lies in
//! the warehouse, or waits in the logs of the two streams that this server feeds; the store's own numbers tell whether it
//! was set back. If so, [`make_good`] gathers what had left, and the room `quiz` writes it. Not looked at: batches that are
//! parked, and what waits on a way elsewhere.

use std::collections::{BTreeMap, HashSet};

use app::api::Millis;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::quiz::{Left, QUIZ_ANSWERS, QUIZ_CATALOG, Quiz};
use crate::registry::{DeliveryStream, Registry};
use crate::store::Store;
use crate::store::tables::attempt;
use crate::stream::{Kept, ShardLog, StreamError};
use crate::warehouse::{Highest, SentAnswer, SentAttempt, Warehouse, WarehouseError, millis_of};

/// Records that are read from a log at once; backwards, where no limit in bytes can be kept, so many.
const AT_ONCE: usize = 10_000;
const AT_ONCE_BACKWARDS: u64 = 200;
const AT_ONCE_BYTES: usize = 16 << 20;
/// Submissions that are asked of the warehouse at once.
const ATTEMPTS_AT_ONCE: usize = 100;
/// No store comes so far; a number beyond is nobody's own.
const BEYOND: i64 = 1 << 53;
/// Tables whose rows the catalog numbers.
const KINDS: [&str; 5] = ["quiz", "question", "choice", "class", "assignment"];

/// Why it is not known what had left the store.
#[derive(Debug, thiserror::Error)]
enum Unknown {
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    #[error(transparent)]
    Stream(#[from] StreamError),
    #[error("the transactional store answered: {0}")]
    Store(#[from] DbErr),
}

/// Compares, and makes good what was lost. What cannot be found out is said, and keeps nobody from being answered.
///
/// # Errors
/// If the transactional store says no.
pub async fn make_good(quiz: &Quiz, store: &Store, warehouse: &Warehouse, registry: &Registry) -> Result<(), DbErr> {
    let streams = [QUIZ_ANSWERS, QUIZ_CATALOG].iter().filter_map(|name| registry.get(name));
    let logs: Vec<_> = streams.map(|stream| (stream.name().to_owned(), stream)).collect();
    let numbers = match newest(warehouse, &logs).await {
        Ok(highest) => numbers_of(&highest),
        Err(error) => {
            tracing::error!(%error, "it is not known whether the transactional store was set back");
            return Ok(());
        }
    };
    let behind = store.would_number_again(&numbers).await?;
    if behind.is_empty() {
        return Ok(());
    }
    tracing::error!(tables = behind.join(", "), "the transactional store knows less than has left it");
    let left = gather(store, warehouse, &logs).await.unwrap_or_else(|error| {
        tracing::error!(%error, "what the transactional store has lost cannot be brought back");
        Left { numbers, ..Left::default() }
    });
    let made = quiz.make_good(&left).await?;
    for assignment in made.closed {
        tracing::error!(assignment, "the assignment had been closed, and is closed again");
    }
    if made.brought_back > 0 {
        tracing::error!(submissions = made.brought_back, "lost submissions are in the transactional store again");
    }
    for (reason, submissions) in made.left_out {
        tracing::error!(submissions, %reason, "submissions are in the warehouse alone");
    }
    Ok(())
}

type Logs = Vec<(String, std::sync::Arc<DeliveryStream>)>;

/// The highest numbers that have left the store. Of a log the newest own record is looked at: the relay sends them in order.
async fn newest(warehouse: &Warehouse, logs: &Logs) -> Result<Highest, Unknown> {
    let mut sent = Sent::default();
    for (name, stream) in logs {
        // The log first: what it lets go meanwhile is in the warehouse.
        let landed = warehouse.stream_ends(name.clone()).await?.by_shard;
        let shards = stream.log().shards();
        let look = move || -> Result<Sent, StreamError> {
            let mut sent = Sent::default();
            for shard in shards {
                let landed = landed.get(&shard.range().id()).copied().unwrap_or(0);
                look_backwards(&shard, landed, &mut sent)?;
            }
            Ok(sent)
        };
        sent.join(tokio::task::spawn_blocking(look).await.unwrap_or(Err(StreamError::Stopped))?);
    }
    sent.highest_with(&warehouse.highest().await?);
    Ok(sent.highest)
}

/// Reads back from the end of a log until there is an own record, or until what has landed.
fn look_backwards(shard: &ShardLog, landed: u64, sent: &mut Sent) -> Result<(), StreamError> {
    let mut end = shard.end_offset();
    while end > landed {
        let from = end.saturating_sub(AT_ONCE_BACKWARDS).max(landed);
        let records = shard.records(from, (end - from) as usize, usize::MAX)?;
        if sent.see_all(&records) {
            return Ok(());
        }
        end = from;
    }
    Ok(())
}

/// Everything that has left the store and that the store may lack.
async fn gather(store: &Store, warehouse: &Warehouse, logs: &Logs) -> Result<Left, Unknown> {
    let mut sent = Sent::default();
    for (name, stream) in logs {
        let landed = warehouse.stream_ends(name.clone()).await?.by_shard;
        let shards = stream.log().shards();
        let read = move || -> Result<Sent, StreamError> {
            let mut sent = Sent::default();
            for shard in shards {
                let mut from = landed.get(&shard.range().id()).copied().unwrap_or(0);
                loop {
                    let records = shard.records(from, AT_ONCE, AT_ONCE_BYTES)?;
                    let Some(last) = records.last() else { break };
                    from = last.offset + 1;
                    sent.see_all(&records);
                }
            }
            Ok(sent)
        };
        sent.join(tokio::task::spawn_blocking(read).await.unwrap_or(Err(StreamError::Stopped))?);
    }
    sent.highest_with(&warehouse.highest().await?);
    let mut closed = warehouse.closed_assignments().await?;
    closed.append(&mut sent.closed);
    for assignment in warehouse.own_assignments().await?.into_keys() {
        let known = submitted(store, assignment).await?;
        let landed = warehouse.landed(assignment, i64::MAX).await?;
        let lost: Vec<String> =
            landed.attempts().filter(|attempt| !known.contains(*attempt)).map(str::to_owned).collect();
        for ids in lost.chunks(ATTEMPTS_AT_ONCE) {
            let landed = warehouse.own_attempts(assignment, ids.to_vec()).await?;
            landed.into_iter().for_each(|attempt| sent.see_attempt(attempt));
        }
    }
    Ok(Left { numbers: numbers_of(&sent.highest), attempts: sent.attempts.into_values().collect(), closed })
}

async fn submitted(store: &Store, assignment: i64) -> Result<HashSet<String>, DbErr> {
    let submitted = attempt::Entity::find()
        .select_only()
        .column(attempt::Column::Id)
        .filter(attempt::Column::AssignmentId.eq(assignment))
        .filter(attempt::Column::SubmittedAt.is_not_null());
    Ok(submitted.into_tuple::<String>().all(&store.read).await?.into_iter().collect())
}

fn numbers_of(highest: &Highest) -> Vec<(&'static str, i64)> {
    let of_kind = |kind: &'static str| (kind, highest.ids.get(kind).copied().unwrap_or(0));
    let all = [("outbox", highest.accepted_seq)].into_iter().chain(KINDS.map(of_kind));
    all.filter(|(_, number)| *number < BEYOND).collect()
}

/// A record of a log, as far as it is looked at.
#[derive(Deserialize)]
struct Record {
    accepted_seq: i64,
    accepted_at: String,
    #[serde(default)]
    producer: Option<IgnoredAny>,
    kind: Option<String>,
    id: Option<i64>,
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
struct Sent {
    highest: Highest,
    attempts: BTreeMap<String, SentAttempt>,
    closed: BTreeMap<i64, Millis>,
}

impl Sent {
    /// Takes in the store's own among some records. Returns whether there are any.
    fn see_all(&mut self, records: &[Kept]) -> bool {
        let parsed = records.iter().filter_map(|record| serde_json::from_slice::<Record>(&record.data).ok());
        let mut is_any = false;
        for record in parsed.filter(|record| record.producer.is_none()) {
            is_any = true;
            self.highest.see_record(record.accepted_seq);
            self.see(record);
        }
        is_any
    }

    fn see(&mut self, record: Record) {
        if let (Some(kind), Some(id)) = (&record.kind, record.id) {
            self.highest.see_row(kind, Some(id));
            if let Some(at) = record.closed_at.as_deref().and_then(millis_of).filter(|_| kind == "assignment") {
                self.closed.insert(id, at);
            }
            return;
        }
        for (kind, id) in [
            ("assignment", record.assignment_id),
            ("class", record.class_id),
            ("quiz", record.quiz_id),
            ("question", record.question_id),
            ("choice", record.choice_id),
        ] {
            self.highest.see_row(kind, id);
        }
        if let Some(attempt) = record.attempt() {
            self.see_attempt(attempt);
        }
    }

    /// Takes in a submission, or more of it: each question once, with the number that it had first.
    fn see_attempt(&mut self, attempt: SentAttempt) {
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

    fn join(&mut self, other: Self) {
        self.highest_with(&other.highest);
        other.attempts.into_values().for_each(|attempt| self.see_attempt(attempt));
        self.closed.extend(other.closed);
    }

    fn highest_with(&mut self, other: &Highest) {
        self.highest.see_record(other.accepted_seq);
        other.ids.iter().for_each(|(kind, id)| self.highest.see_row(kind, Some(*id)));
    }
}

impl Record {
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
mod tests {
    use super::*;

    fn kept(data: &serde_json::Value) -> Kept {
        Kept { offset: 0, arrived: 0, key: String::new(), data: data.to_string().into() }
    }

    fn answer(question: i64, accepted_seq: i64) -> serde_json::Value {
        serde_json::json!({
            "record_id": "r", "accepted_seq": accepted_seq, "accepted_at": "2026-01-31 10:41:07.123", "assignment_id": 9,
            "class_id": 1, "quiz_id": 2, "attempt_id": "a", "attempt_no": 1, "student_key": "s", "question_id": question,
            "choice_id": null, "elapsed_ms": 5,
        })
    }

    #[test]
    fn what_waits_in_a_log_is_put_together_and_strangers_are_left_out() {
        let mut sent = Sent::default();
        let mut strange = answer(70, 500);
        strange["producer"] = "key".into();
        assert!(!sent.see_all(&[kept(&strange), kept(&serde_json::json!({ "x": 1 }))]));
        let close = serde_json::json!({
            "record_id": "c", "accepted_seq": 30, "accepted_at": "2026-01-31 10:41:07.123", "kind": "assignment", "id": 12,
            "closed_at": "2026-01-31 10:41:07.123",
        });
        assert!(sent.see_all(&[kept(&answer(4, 21)), kept(&answer(5, 22)), kept(&answer(4, 40)), kept(&close)]));
        assert_eq!(sent.highest.accepted_seq, 40);
        assert_eq!((sent.highest.ids["assignment"], sent.highest.ids["question"]), (12, 5));
        assert_eq!(sent.closed, BTreeMap::from([(12, 1_769_856_067_123)]));
        let numbers: Vec<(i64, i64)> =
            sent.attempts["a"].answers.iter().map(|answer| (answer.question, answer.accepted_seq)).collect();
        assert_eq!(numbers, [(4, 21), (5, 22)], "the number that it had first");
    }

    #[test]
    fn a_number_that_no_store_reaches_is_not_believed() {
        let highest = Highest { accepted_seq: i64::MAX, ids: BTreeMap::from([("quiz".to_owned(), 7)]) };
        let numbers = numbers_of(&highest);
        assert!(numbers.contains(&("quiz", 7)) && numbers.iter().all(|(table, _)| *table != "outbox"), "{numbers:?}");
    }
}
