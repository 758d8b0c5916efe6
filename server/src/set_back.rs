//! A transactional store that knows less than has left it: a copy was put back, or what was written last was lost.
//!
//! Owns the comparison at each start, before anything is numbered or anybody is answered. Whatever has left the store lies in
//! the warehouse, or waits in the logs of the two streams that this server feeds; the store's own numbers tell whether it
//! was set back. If so, what had left is gathered, and the room `quiz` writes it. Where that cannot be found out, the numbers
//! go on by a wide margin, and a mark beside the store has the next start look again. Not looked at: batches that are parked,
//! and what waits on a way elsewhere.

use std::collections::{BTreeMap, HashSet};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::amazon::MOST_RECORDS;
use crate::private;
use crate::quiz::{Left, MadeGood, QUIZ_ANSWERS, QUIZ_CATALOG, Quiz};
use crate::registry::{DeliveryStream, Registry};
use crate::serve::StartError;
use crate::store::Store;
use crate::store::tables::{assignment, attempt};
use crate::stream::{Kept, ShardLog, StreamError};
use crate::warehouse::{
    Closed, Highest, KINDS, Ruled, RuledVersion, SentAnswer, SentAttempt, Warehouse, WarehouseError, millis_of,
};

/// Records that are read at once from the end of a log: as many as the relay sends in one request.
const BACK_AT_ONCE: u64 = MOST_RECORDS as u64;
/// Submissions that are asked of the warehouse at once.
const ATTEMPTS_AT_ONCE: usize = 100;
/// By so much the numbers go on where it is not known which have left.
const MARGIN: i64 = 1_000_000;

/// Why it is not known what had left the store.
#[derive(Debug, thiserror::Error)]
enum CompareError {
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    #[error(transparent)]
    Stream(#[from] StreamError),
    #[error("the transactional store answered: {0}")]
    Store(#[from] DbErr),
}

/// Compares, and makes good what was lost. `mark` is a file beside the store, which is there while a comparison is owed. What
/// cannot be found out is said, and keeps nobody from being answered.
///
/// # Errors
/// If the transactional store says no, or the mark cannot be written or removed.
pub async fn compare_and_make_good(
    quiz: &Quiz,
    store: &Store,
    warehouse: &Warehouse,
    registry: &Registry,
    mark: &Path,
) -> Result<(), StartError> {
    let folder = mark.parent().unwrap_or(Path::new("."));
    let unusable = |source| StartError::Data { folder: folder.to_owned(), source };
    let is_owed = mark.try_exists().map_err(unusable)?;
    // Those that this server itself feeds.
    let streams: Vec<_> = [QUIZ_ANSWERS, QUIZ_CATALOG].iter().filter_map(|name| registry.get(name)).collect();
    match left_by(store, warehouse, &streams, is_owed).await {
        Ok(None) => {}
        Ok(Some(left)) => tell(quiz.make_good(&left).await?),
        Err(error) => {
            tracing::error!(%error, "what has left the transactional store is not known; the next start looks again");
            private::mark(mark).map_err(unusable)?;
            return Ok(store.skip_numbers(MARGIN).await?);
        }
    }
    match std::fs::remove_file(mark) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(unusable(error)),
        _ => Ok(()),
    }
}

/// What had left a store that was set back; nothing if it was not.
async fn left_by(
    store: &Store,
    warehouse: &Warehouse,
    streams: &[Arc<DeliveryStream>],
    is_owed: bool,
) -> Result<Option<Left>, CompareError> {
    let newest = sent(warehouse, streams, look_back).await?;
    let behind = store.tables_behind(&numbers_of(&newest.highest)).await?;
    if behind.is_empty() && !is_owed {
        return Ok(None);
    }
    if behind.is_empty() {
        tracing::warn!("an earlier start could not compare the transactional store; it is compared now");
    } else {
        tracing::error!(tables = behind.join(", "), "the transactional store knows less than has left it");
    }
    Ok(Some(gather(store, warehouse, streams).await?))
}

fn tell(made: MadeGood) {
    for assignment in made.closed {
        tracing::error!(assignment, "the assignment had been closed, and is closed again");
    }
    for question in made.graded {
        tracing::error!(question, "the question is graded by its lost ruling again; who ruled, and why, stays lost");
    }
    if made.brought_back > 0 {
        tracing::error!(submissions = made.brought_back, "lost submissions are in the transactional store again");
    }
    for (reason, submissions) in made.left_out {
        tracing::error!(submissions, %reason, "submissions are in the warehouse alone");
    }
}

/// What the logs and the warehouse have of the store's own, as far as `look` looks into the logs.
async fn sent(
    warehouse: &Warehouse,
    streams: &[Arc<DeliveryStream>],
    look: fn(&ShardLog, u64, &mut Sent) -> Result<(), StreamError>,
) -> Result<Sent, CompareError> {
    let mut sent = in_logs(warehouse, streams, look).await?;
    sent.see_highest(&warehouse.highest().await?);
    Ok(sent)
}

/// What is seen in the logs behind what has landed. The logs come before the warehouse is asked: what they let go meanwhile
/// is there then.
async fn in_logs(
    warehouse: &Warehouse,
    streams: &[Arc<DeliveryStream>],
    look: fn(&ShardLog, u64, &mut Sent) -> Result<(), StreamError>,
) -> Result<Sent, CompareError> {
    let mut all = Sent::default();
    for stream in streams {
        let landed = warehouse.stream_ends(stream.name().to_owned()).await?.by_shard;
        let shards = stream.log().shards();
        let look_at_shards = move || {
            let mut sent = Sent::default();
            for shard in shards {
                let landed = landed.get(&shard.range().id()).copied().unwrap_or(0);
                look(&shard, landed, &mut sent)?;
            }
            Ok(sent)
        };
        all.join(tokio::task::spawn_blocking(look_at_shards).await.unwrap_or(Err(StreamError::Stopped))?);
    }
    Ok(all)
}

/// Reads back from the end of a log until there is an own record, and once more: what the stream did not take of a request is
/// sent again behind the next one.
fn look_back(shard: &ShardLog, landed: u64, sent: &mut Sent) -> Result<(), StreamError> {
    let mut end = shard.end_offset();
    let mut is_last = false;
    while end > landed {
        let from = end.saturating_sub(BACK_AT_ONCE).max(landed);
        let mut found = false;
        shard.read_through(from..end, |records| found |= sent.see_all(records))?;
        if is_last {
            break;
        }
        (end, is_last) = (from, found);
    }
    Ok(())
}

fn look_at_all(shard: &ShardLog, landed: u64, sent: &mut Sent) -> Result<(), StreamError> {
    shard.read_through(landed..u64::MAX, |records| {
        sent.see_all(records);
    })
}

/// Everything that has left the store and that the store may lack.
async fn gather(store: &Store, warehouse: &Warehouse, streams: &[Arc<DeliveryStream>]) -> Result<Left, CompareError> {
    let mut sent = sent(warehouse, streams, look_at_all).await?;
    sent.closed.extend(warehouse.closed_assignments().await?);
    warehouse.ruled_versions().await?.into_iter().for_each(|(ruled, version)| sent.see_version(ruled, version));
    let assignments: HashSet<i64> = assignment::Entity::find()
        .select_only()
        .column(assignment::Column::Id)
        .into_tuple()
        .all(&store.read)
        .await?
        .into_iter()
        .collect();
    let mut of_unknown = 0;
    for (assignment, attempts) in warehouse.own_assignments().await? {
        // Nothing of it can be brought back: a store that was lost whole is not to keep a school waiting for that.
        if !assignments.contains(&assignment) {
            of_unknown += attempts;
            continue;
        }
        let known = submitted(store, assignment).await?;
        let landed = warehouse.landed(assignment, i64::MAX).await?;
        let lost: Vec<String> =
            landed.attempts().filter(|attempt| !known.contains(*attempt)).map(str::to_owned).collect();
        for ids in lost.chunks(ATTEMPTS_AT_ONCE) {
            let landed = warehouse.own_attempts(assignment, ids.to_vec()).await?;
            landed.into_iter().for_each(|attempt| sent.see_attempt(attempt));
        }
    }
    Ok(Left {
        numbers: numbers_of(&sent.highest),
        attempts: sent.attempts.into_values().collect(),
        closed: sent.closed,
        versions: sent.versions,
        of_unknown,
    })
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
    [("outbox", highest.accepted_seq)].into_iter().chain(KINDS.map(of_kind)).collect()
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
struct Sent {
    highest: Highest,
    attempts: BTreeMap<String, SentAttempt>,
    closed: Vec<Closed>,
    versions: BTreeMap<Ruled, RuledVersion>,
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

    /// Takes in a version of what a ruling changes; the newest counts.
    fn see_version(&mut self, ruled: Ruled, version: RuledVersion) {
        let known = self.versions.entry(ruled).or_insert_with(|| version.clone());
        if known.accepted_seq < version.accepted_seq {
            *known = version;
        }
    }

    fn join(&mut self, other: Self) {
        self.see_highest(&other.highest);
        other.versions.into_iter().for_each(|(ruled, version)| self.see_version(ruled, version));
        other.attempts.into_values().for_each(|attempt| self.see_attempt(attempt));
        self.closed.extend(other.closed);
    }

    fn see_highest(&mut self, other: &Highest) {
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
