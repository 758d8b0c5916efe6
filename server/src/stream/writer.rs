//! The one thread that writes a stream's log.
//!
//! Owns group commit: whatever waits when it looks is written in one synced commit, so that a busy stream pays one
//! disk flush for many appends and a quiet one waits for nobody.

use fjall::PersistMode;
use tokio::sync::{mpsc, oneshot, watch};

use super::{END, Record, Store, StreamError, chunk};
use crate::clock::Clock;

/// Appends in one commit, at the most.
const GROUP: usize = 128;
/// Bytes in one commit after which no further append joins it.
const GROUP_BYTES: usize = 16 << 20;

pub(super) struct Append {
    pub records: Vec<Record>,
    pub done: oneshot::Sender<Result<u64, StreamError>>,
}

pub(super) fn spawn(store: Store, mut queue: mpsc::Receiver<Append>, end: watch::Sender<u64>, clock: Clock) {
    std::thread::spawn(move || {
        while let Some(first) = queue.blocking_recv() {
            let group = gather(first, &mut queue);
            write(&store, group, &end, &clock);
        }
    });
}

fn gather(first: Append, queue: &mut mpsc::Receiver<Append>) -> Vec<Append> {
    let size = |append: &Append| append.records.iter().map(|r| r.data.len()).sum::<usize>();
    let mut bytes = size(&first);
    let mut group = vec![first];
    while group.len() < GROUP && bytes < GROUP_BYTES {
        let Ok(next) = queue.try_recv() else { break };
        bytes += size(&next);
        group.push(next);
    }
    group
}

/// Writes a group and answers each of its appends. Readers hear of the new end before the producers do, which cannot
/// hurt: the records are on disk by then.
fn write(store: &Store, group: Vec<Append>, end: &watch::Sender<u64>, clock: &Clock) {
    let start = *end.borrow();
    let mut offset = start;
    let mut batch = store.db.batch().durability(Some(PersistMode::SyncAll));
    let arrived = clock.now();
    let mut answers = Vec::with_capacity(group.len());
    for append in group {
        answers.push((append.done, offset));
        batch.insert(&store.chunks, offset.to_be_bytes(), chunk::encode(arrived, &append.records));
        offset += append.records.len() as u64;
    }
    batch.insert(&store.marks, END, offset.to_be_bytes());
    match batch.commit() {
        Ok(()) => {
            end.send_replace(offset);
            for (done, first) in answers {
                let _ = done.send(Ok(first));
            }
        }
        Err(error) => {
            tracing::error!(%error, start, "a group of appends was not written");
            for (done, _) in answers {
                let _ = done.send(Err(StreamError::NotWritten(error.to_string())));
            }
        }
    }
}
