//! The one thread that writes a stream's log.
//!
//! Owns group commit: whatever waits when it looks is written in one synced commit, so that a busy stream pays one
//! disk flush for many appends and a quiet one waits for nobody. Owns the offsets that come next. A turn that panics is a
//! bug: nothing of it is acknowledged, the storage counts as failed until it has been opened anew, and the thread goes on.

use std::sync::Arc;

use app::api::Millis;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::chunk::Draft;
use super::keys::{self, End};
use super::{Inner, StreamError};
use crate::clock::Clock;
use crate::{crash, tasks};

/// Appends in one commit, at the most.
const GROUP: usize = 128;
/// Bytes in one commit after which no further append joins it.
const GROUP_BYTES: usize = 16 << 20;

/// The records of one request, by shard.
pub(super) struct Append {
    /// Index of the shard, number of records, and the records.
    pub parts: Vec<(usize, u32, Draft)>,
    /// Hears the first offset of each part, in the same order.
    pub done: oneshot::Sender<Result<Vec<u64>, StreamError>>,
    /// Room in memory, given back when it is written.
    pub room: OwnedSemaphorePermit,
}

impl Append {
    fn bytes(&self) -> usize {
        self.parts.iter().map(|(_, _, draft)| draft.len()).sum()
    }
}

pub(super) fn spawn(log: Arc<Inner>, mut queue: mpsc::Receiver<Append>, clock: Clock) -> std::io::Result<()> {
    let thread = std::thread::Builder::new().name(format!("log {}", log.name));
    thread.spawn(move || {
        let mut generation = log.engine.generation();
        while let Some(first) = queue.blocking_recv() {
            let group = gather(first, &mut queue);
            let turn = std::panic::AssertUnwindSafe(|| turn(&log, group, &mut generation, &clock));
            if std::panic::catch_unwind(turn).is_err() {
                tasks::panicked(&format!("log {}", log.name));
                tracing::error!(stream = %log.name, "the storage of the log is opened anew");
                log.engine.distrust();
            }
        }
    })?;
    Ok(())
}

fn turn(log: &Inner, group: Vec<Append>, generation: &mut u64, clock: &Clock) {
    match prepare(log, generation) {
        Ok(()) => write(log, group, clock.now()),
        Err(error) => {
            // The tries in between are refused without one.
            if !matches!(error, StreamError::Recovering) {
                tracing::error!(stream = %log.name, %error, "the stream's storage could not be opened anew");
            }
            refuse(group.into_iter().map(|append| append.done), &error);
        }
    }
}

fn gather(first: Append, queue: &mut mpsc::Receiver<Append>) -> Vec<Append> {
    let mut bytes = first.bytes();
    let mut group = vec![first];
    while group.len() < GROUP && bytes < GROUP_BYTES {
        let Ok(next) = queue.try_recv() else { break };
        bytes += next.bytes();
        group.push(next);
    }
    group
}

/// After a failed write the engine is opened anew, and what is on disk decides which offset comes next.
fn prepare(log: &Inner, generation: &mut u64) -> Result<(), StreamError> {
    log.engine.recover()?;
    let now = log.engine.generation();
    if now != *generation {
        log.read_ends_again()?;
        *generation = now;
    }
    Ok(())
}

/// Writes a group and answers each of its appends. Readers hear of the new end before the producers do, which cannot
/// hurt: the records are on disk by then.
fn write(log: &Inner, group: Vec<Append>, arrived: Millis) {
    let mut ends: Vec<End> = log.shards.iter().map(|shard| shard.end_mark()).collect();
    // Told apart from what is written: whatever becomes of that, each hears of it.
    let (all_parts, waiting): (Vec<_>, Vec<_>) =
        group.into_iter().map(|Append { parts, done, room }| (parts, (done, room))).unzip();
    let mut all_firsts = Vec::with_capacity(waiting.len());
    let written = log.engine.write(&log.space, true, |batch, space| {
        for parts in all_parts {
            let mut firsts = Vec::with_capacity(parts.len());
            for (shard, count, draft) in parts {
                let end = &mut ends[shard];
                firsts.push(end.offset);
                batch.insert(space, keys::chunk(log.shards[shard].range.number, end.offset), {
                    end.offset += u64::from(count);
                    end.appended_bytes += draft.len() as u64;
                    draft.finish(arrived)
                });
            }
            all_firsts.push(firsts);
        }
        for (shard, end) in log.shards.iter().zip(&ends) {
            if *end != shard.end_mark() {
                batch.insert(space, keys::end(shard.range.number), end.encode());
            }
        }
        crash::point("stream: before commit");
        Ok(())
    });
    crash::point("stream: after commit");
    if let Err(error) = written {
        for (shard, end) in log.shards.iter().zip(&ends).filter(|(shard, end)| shard.end_mark() != **end) {
            let (id, start) = (shard.range.id(), shard.end_mark().offset);
            tracing::error!(stream = %log.name, shard = id, start, end = end.offset, %error, "records were not written");
        }
        return refuse(waiting.into_iter().map(|(done, _)| done), &error);
    }
    for (shard, end) in log.shards.iter().zip(ends) {
        shard.advance(end);
    }
    for ((done, _), firsts) in waiting.into_iter().zip(all_firsts) {
        let _ = done.send(Ok(firsts));
    }
}

fn refuse(waiting: impl Iterator<Item = oneshot::Sender<Result<Vec<u64>, StreamError>>>, error: &StreamError) {
    for done in waiting {
        let _ = done.send(Err(match error {
            // These pass: whoever puts is to send it again.
            StreamError::Busy => StreamError::Busy,
            StreamError::Recovering => StreamError::Recovering,
            StreamError::Removed => StreamError::Removed,
            error => StreamError::NotWritten(error.to_string()),
        }));
    }
}
