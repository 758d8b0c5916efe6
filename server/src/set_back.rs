//! A transactional store that knows less than has left it: a copy was put back, or what was written last was lost.
//!
//! Owns the comparison at each start, before anything is numbered or anybody is answered. Whatever has left the store lies in
//! the warehouse, waits in the logs of the two streams that this server feeds, or was parked on its way; the store's own
//! numbers tell whether it was set back. If so, what had left is gathered, and `make_good` writes it. Where that cannot be
//! found out, the numbers go on by a wide margin, and a mark beside the store has the next start look again. Not looked at:
//! what waits on a way elsewhere.

mod grade_again;
mod make_good;
mod sent;

use std::collections::{BTreeMap, HashSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use self::make_good::{Left, MadeGood, make_good};
use self::sent::Sent;
use crate::amazon::MOST_RECORDS;
use crate::delivery::lines_of;
use crate::lake::LakeError;
use crate::outbox::Outbox;
use crate::private;
use crate::records::source::Parked;
use crate::records::{QUIZ_ANSWERS, QUIZ_CATALOG};
use crate::registry::{DeliveryStream, Plant, Registry};
use crate::store::Store;
use crate::store::tables::{assignment, attempt};
use crate::stream::{ShardLog, StreamError};
use crate::warehouse::WarehouseError;

/// Records that are read at once from the end of a log: as many as the relay sends in one request.
const BACK_AT_ONCE: u64 = MOST_RECORDS as u64;
/// Submissions that are asked of the warehouse at once.
const ATTEMPTS_AT_ONCE: usize = 100;
/// By so much the numbers go on where it is not known which have left.
const MARGIN: i64 = 1_000_000;

/// Why nothing was made good.
#[derive(Debug, thiserror::Error)]
pub enum SetBackError {
    /// The mark of a comparison that is owed cannot be read, written or removed.
    #[error("{mark}: {source}; make the data folder writable")]
    Mark {
        /// Where it lies.
        mark: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The transactional store does not answer, or does not take what was lost.
    #[error("the transactional store answered: {0}")]
    Store(#[from] DbErr),
}

/// Why it is not known what had left the store.
#[derive(Debug, thiserror::Error)]
enum CompareError {
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    #[error(transparent)]
    Stream(#[from] StreamError),
    #[error("the transactional store answered: {0}")]
    Store(#[from] DbErr),
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error("the object {object} of a parked batch is damaged: {source}")]
    Damaged { object: String, source: std::io::Error },
}

/// How much of what is on its way is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// The newest of the store's own, which have the highest numbers.
    Newest,
    /// Everything.
    All,
}

/// Where what has left the store lies.
#[derive(Clone, Copy)]
struct Places<'a> {
    plant: &'a Plant,
    /// Those that this server itself feeds.
    streams: &'a [Arc<DeliveryStream>],
}

/// Compares, and makes good what was lost. `mark` is a file beside the store, which is there while a comparison is owed. What
/// cannot be found out is said, and keeps nobody from being answered.
///
/// # Errors
/// If the transactional store says no, or the mark cannot be written or removed.
pub async fn compare_and_make_good(
    store: &Store,
    outbox: &Outbox,
    plant: &Plant,
    registry: &Registry,
    mark: &Path,
) -> Result<(), SetBackError> {
    let unusable = |source| SetBackError::Mark { mark: mark.to_owned(), source };
    let is_owed = mark.try_exists().map_err(unusable)?;
    let streams: Vec<_> = [QUIZ_ANSWERS, QUIZ_CATALOG].iter().filter_map(|name| registry.get(name)).collect();
    match left_by(store, Places { plant, streams: &streams }, is_owed).await {
        Ok(None) => {}
        Ok(Some(left)) => tell(make_good(store, outbox, &plant.clock, &left).await?),
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
async fn left_by(store: &Store, places: Places<'_>, is_owed: bool) -> Result<Option<Left>, CompareError> {
    let newest = places.sent(Look::Newest).await?;
    let behind = store.tables_behind(&newest.numbers()).await?;
    if behind.is_empty() && !is_owed {
        return Ok(None);
    }
    if behind.is_empty() {
        tracing::warn!("an earlier start could not compare the transactional store; it is compared now");
    } else {
        tracing::error!(tables = behind.join(", "), "the transactional store knows less than has left it");
    }
    Ok(Some(gather(store, places).await?))
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

impl Places<'_> {
    /// What the logs, the objects of parked batches and the warehouse have of the store's own.
    async fn sent(self, look: Look) -> Result<Sent, CompareError> {
        let mut all = Sent::default();
        for stream in self.streams {
            // The log comes before the warehouse is asked what it has: what the log lets go meanwhile is there then.
            let landed = self.plant.warehouse.stream_ends(stream.name().to_owned()).await?.by_shard;
            all.join(self.in_parked(stream, look).await?);
            all.join(in_log(stream, landed, look).await?);
        }
        all.see_highest(&self.plant.warehouse.highest().await?);
        Ok(all)
    }

    /// What is seen in parked batches. Whatever has landed behind one does not tell its numbers: a heartbeat leaves none.
    async fn in_parked(self, stream: &DeliveryStream, look: Look) -> Result<Sent, CompareError> {
        let mut by_shard: BTreeMap<String, Vec<Parked>> = BTreeMap::new();
        for (shard, batch) in stream.parked().await? {
            by_shard.entry(shard).or_default().push(batch);
        }
        let mut all = Sent::default();
        for batches in by_shard.into_values() {
            // As in a log: back until there is an own record, and once more.
            let mut is_last = false;
            for batch in batches.into_iter().rev() {
                let (found, sent) = self.in_batch(batch).await?;
                all.join(sent);
                if look == Look::Newest && is_last {
                    break;
                }
                is_last = found;
            }
        }
        Ok(all)
    }

    /// What is seen in a parked batch, and whether that is anything.
    async fn in_batch(self, batch: Parked) -> Result<(bool, Sent), CompareError> {
        let bytes = self.plant.lake.get(&batch.object).await?;
        let read = move || {
            let (mut found, mut sent) = (false, Sent::default());
            for line in lines_of(&bytes) {
                found |= sent.see_line(&line?);
            }
            Ok((found, sent))
        };
        let seen = tokio::task::spawn_blocking(read).await.unwrap_or(Err(ErrorKind::Interrupted.into()));
        seen.map_err(|source| CompareError::Damaged { object: batch.object, source })
    }
}

/// What is seen in a log behind what has landed.
async fn in_log(stream: &DeliveryStream, landed: BTreeMap<String, u64>, look: Look) -> Result<Sent, StreamError> {
    let shards = stream.log().shards();
    let look_at_shards = move || {
        let mut sent = Sent::default();
        for shard in shards {
            let landed = landed.get(&shard.range().id()).copied().unwrap_or(0);
            match look {
                Look::Newest => look_back(&shard, landed, &mut sent)?,
                Look::All => look_at_all(&shard, landed, &mut sent)?,
            }
        }
        Ok(sent)
    };
    tokio::task::spawn_blocking(look_at_shards).await.unwrap_or(Err(StreamError::Stopped))
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
async fn gather(store: &Store, places: Places<'_>) -> Result<Left, CompareError> {
    let warehouse = &places.plant.warehouse;
    let mut sent = places.sent(Look::All).await?;
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
        numbers: sent.numbers(),
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
