//! What a stream's load history says, held against its log and what is parked.
//!
//! Owns ranges without a gap or an overlap, and the answers that are still on their way. Does not own the objects.

use std::collections::{BTreeMap, BTreeSet};

use super::books::{Answer, OnTheWay, Summing};
use super::{Report, VerifyError};
use crate::delivery::{lines_of, object_key};
use crate::records::QUIZ_ANSWERS;
use crate::records::source::Parked;
use crate::registry::Plant;
use crate::registry::terms::StreamConfig;
use crate::stream::{Entry, Log, RecordedCut, ShardLog, StreamError};
use crate::warehouse::Batch;

/// The answers that were found, place by place.
#[derive(Default)]
pub(super) struct Seen {
    /// In the outbox, in the log, in objects of parked batches.
    pub waiting: [Summing; 3],
    /// All of these.
    pub on_the_way: OnTheWay,
    pub lake: Summing,
}

impl Seen {
    pub const OUTBOX: usize = 0;
    const LOG: usize = 1;
    const PARKED: usize = 2;

    pub fn waits(&mut self, answer: Answer, place: usize) {
        self.waiting[place].add(&answer);
        self.on_the_way.add(answer);
    }
}

/// The load history of a stream has no gap and no overlap, but for what is parked; what lies behind it is in the log.
/// Returns the objects that are parked or in hand.
pub(super) async fn look_at_history(
    plant: &Plant,
    stream: &StreamConfig,
    batches: &[Batch],
    seen: &mut Seen,
    report: &mut Report,
) -> Result<Vec<String>, VerifyError> {
    let landed = plant.warehouse.stream_ends(stream.name.clone()).await?.by_shard;
    let opened = plant.logs.log(&stream.log_name(), stream.spec, &landed, plant.clock.clone())?;
    let mut objects = Vec::new();
    for shard in opened.shards() {
        let parked = shard.parked_batches()?;
        let reached = look_at_ranges(&stream.name, &shard.range().id(), batches, &parked, report);
        if stream.name == QUIZ_ANSWERS {
            sum_up_log(&opened, shard.range().number, reached, seen)?;
            look_at_parked(plant, &parked, seen, report).await?;
        }
        objects.extend(parked.into_iter().map(|parked| parked.object));
        objects.extend(object_in_hand(stream, &shard)?);
    }
    let here: BTreeSet<String> = opened.shards().iter().map(|shard| shard.range().id()).collect();
    let entries: BTreeMap<String, Entry> = opened.entries()?.into_iter().collect();
    let loaded = batches.iter().map(|batch| &batch.shard).filter(|shard| !here.contains(*shard));
    for id in entries.keys().chain(loaded).collect::<BTreeSet<_>>() {
        let parked = opened.ledger(id).parked()?;
        look_at_ranges(&stream.name, id, batches, &parked, report);
        if stream.name == QUIZ_ANSWERS {
            look_at_parked(plant, &parked, seen, report).await?;
        }
        objects.extend(parked.into_iter().map(|parked| parked.object));
        let cut = entries.get(id).and_then(|entry| entry.cut.as_ref());
        if let (Some(RecordedCut { cut, first_arrived, .. }), Some(to)) = (cut, &stream.destination) {
            objects.push(object_key(&stream.name, id, &to.layout, *cut, *first_arrived));
        }
    }
    Ok(objects)
}

/// What was loaded or parked of a shard has no gap and no overlap. Returns one past the last of it.
fn look_at_ranges(stream: &str, shard: &str, batches: &[Batch], parked: &[Parked], report: &mut Report) -> u64 {
    let loaded = batches.iter().filter(|batch| batch.shard == shard).map(|batch| (batch.start, batch.end));
    let mut ranges: Vec<(u64, u64)> = loaded.chain(parked.iter().map(|p| (p.cut.start, p.cut.end))).collect();
    ranges.sort_unstable();
    for pair in ranges.windows(2) {
        let ((_, end), (start, _)) = (pair[0], pair[1]);
        if start != end {
            let what = if start > end { "nothing is loaded of" } else { "twice is loaded of" };
            report.differs(&format!("{stream} {shard}: {what} {}..{}", end.min(start), end.max(start)));
        }
    }
    ranges.last().map_or(0, |(_, end)| *end)
}

/// The object of the batch that delivery was working on: it is loaded, or will be at the next start.
fn object_in_hand(stream: &StreamConfig, shard: &ShardLog) -> Result<Option<String>, StreamError> {
    let (Some(cut), Some(destination)) = (shard.recorded_cut()?, &stream.destination) else { return Ok(None) };
    let Some(arrived) = shard.arrival_of(cut.start)? else { return Ok(None) };
    Ok(Some(object_key(&stream.name, &shard.range().id(), &destination.layout, cut, arrived)))
}

fn sum_up_log(log: &Log, shard: u32, reached: u64, seen: &mut Seen) -> Result<(), StreamError> {
    let Some(shard) = log.shard(shard) else { return Ok(()) };
    shard.read_through(reached..u64::MAX, |records| {
        // A record that does not fit is for the error output, and no answer.
        let answers = records.iter().filter_map(|record| serde_json::from_slice(&record.data).ok());
        answers.for_each(|answer| seen.waits(answer, Seen::LOG));
    })
}

/// The answers of batches that the stream went on without lie in their objects.
async fn look_at_parked(
    plant: &Plant,
    parked: &[Parked],
    seen: &mut Seen,
    report: &mut Report,
) -> Result<(), VerifyError> {
    for batch in parked {
        let bytes = match plant.lake.get(&batch.object).await {
            Ok(bytes) => bytes,
            Err(error) => {
                report.differs(&format!("the object {} of a parked batch cannot be read: {error}", batch.object));
                continue;
            }
        };
        for line in lines_of(&bytes) {
            match line.map(|line| serde_json::from_slice(&line)) {
                Ok(Ok(answer)) => seen.waits(answer, Seen::PARKED),
                Ok(Err(_)) => report.differs(&format!("the object {} has a line that is no answer", batch.object)),
                Err(error) => {
                    report.differs(&format!("the object {} of a parked batch is damaged: {error}", batch.object));
                    break;
                }
            }
        }
    }
    Ok(())
}
