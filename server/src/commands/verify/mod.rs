//! `freshmark verify`: holds the transactional store, the stream, the lake and the warehouse against each other.
//!
//! Owns what is compared and how a difference is said. Changes nothing. The server must not run, so that nothing moves
//! meanwhile.

mod books;

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

use clap::Args;
use flate2::read::GzDecoder;

use self::books::{Answer, ByAssignment, OnTheWay, Summing, accepted, in_outbox, together};
use super::At;
use crate::aws::{self, AwsError};
use crate::clock::Clock;
use crate::config::ConfigError;
use crate::config::streams::StreamConfig;
use crate::delivery::{MANIFESTS, Manifest, Parked, is_of_heartbeats, object_key};
use crate::lake::{Lake, LakeError};
use crate::quiz::QUIZ_ANSWERS;
use crate::registry::Plant;
use crate::serve::{StartError, Stores, open_stores};
use crate::stream::{Entry, Log, RecordedCut, ShardLog, StreamError};
use crate::warehouse::{Batch, WarehouseError, is_folded};

/// Records that are read from a log at once.
const AT_ONCE: usize = 10_000;
const AT_ONCE_BYTES: usize = 16 << 20;

/// What `freshmark verify` takes on its command line.
#[derive(Args, Clone, Debug)]
pub struct Flags {
    #[command(flatten)]
    at: At,
}

/// Why the stores were not, or not well, compared.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The configuration is not right.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The stores cannot be opened.
    #[error("{0}")]
    Start(#[from] StartError),
    /// The transactional store said no.
    #[error("the transactional store answered: {0}")]
    Store(#[from] sea_orm::DbErr),
    /// The warehouse said no.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// The lake cannot be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// What the wire has made cannot be read.
    #[error(transparent)]
    Wire(#[from] AwsError),
    /// The log cannot be read.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The stores are not the same.
    #[error("{0} differences; the lines above name them")]
    Differences(usize),
}

/// Differences, as they are found.
#[derive(Default)]
struct Report(usize);

impl Report {
    fn differs(&mut self, what: &str) {
        self.0 += 1;
        println!("DIFFERS  {what}");
    }
}

/// Compares, and names every difference.
///
/// # Errors
/// If a store cannot be read, or there are differences.
pub async fn run(flags: Flags) -> Result<(), VerifyError> {
    let config = flags.at.config()?;
    let Stores { store, plant, .. } = open_stores(&config, Clock::system()).await?;
    let streams = [config.streams, aws::made_streams(&store).await?].concat();
    let (mut report, mut seen, mut known) = (Report::default(), Seen::default(), BTreeSet::new());
    in_outbox(&store).await?.into_iter().for_each(|answer| seen.waits(answer, Seen::OUTBOX));
    for stream in streams.iter().filter(|stream| stream.destination.is_some()) {
        let batches = plant.warehouse.history(stream.name.clone()).await?;
        let others = look_at_history(&plant, stream, &batches, &mut seen, &mut report).await?;
        known.extend(others);
        let (folded, batches): (Vec<Batch>, Vec<Batch>) = batches.into_iter().partition(|b| is_folded(&b.object));
        let batches = [batches, unfolded(&plant, stream, &folded, &mut report).await?].concat();
        println!("{:<24} {} batches loaded", stream.name, batches.len());
        for batch in batches {
            look_at_object(&plant, stream, &batch, &mut seen.lake, &mut report).await?;
            known.insert(batch.object);
        }
    }
    look_for_unknown_objects(&plant, &streams, &known, &mut report).await?;
    let [outbox, log, parked] = seen.waiting.map(|summing| summing.by_assignment);
    let places = Places {
        accepted: accepted(&store).await?,
        outbox,
        log,
        parked,
        lake: seen.lake.by_assignment,
        warehouse: plant.warehouse.books().await?,
        outside: seen.on_the_way.outside(&plant.warehouse).await?,
    };
    let answers = streams.iter().find(|stream| stream.name == QUIZ_ANSWERS);
    places.compare(answers.is_some_and(|stream| stream.put_to.is_some() || stream.source.is_some()), &mut report);
    match report.0 {
        0 => {
            println!("the stores agree");
            Ok(())
        }
        differences => Err(VerifyError::Differences(differences)),
    }
}

/// The answers that were found, place by place.
#[derive(Default)]
struct Seen {
    /// In the outbox, in the log, in objects of parked batches.
    waiting: [Summing; 3],
    /// All of these.
    on_the_way: OnTheWay,
    lake: Summing,
}

impl Seen {
    const OUTBOX: usize = 0;
    const LOG: usize = 1;
    const PARKED: usize = 2;

    fn waits(&mut self, answer: Answer, place: usize) {
        self.waiting[place].add(&answer);
        self.on_the_way.add(answer);
    }
}

/// The load history of a stream has no gap and no overlap, but for what is parked; what lies behind it is in the log.
/// Returns the objects that are parked or in hand.
async fn look_at_history(
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
    let mut from = reached;
    loop {
        let records = shard.records(from, AT_ONCE, AT_ONCE_BYTES)?;
        let Some(last) = records.last() else { return Ok(()) };
        from = last.offset + 1;
        for record in &records {
            // A record that does not fit is for the error output, and no answer.
            if let Ok(answer) = serde_json::from_slice(&record.data) {
                seen.waits(answer, Seen::LOG);
            }
        }
    }
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
        for line in std::io::BufReader::new(GzDecoder::new(&bytes[..])).split(b'\n') {
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

/// The batches that rows of the load history stand for which were folded: their manifests say what they were.
async fn unfolded(
    plant: &Plant,
    stream: &StreamConfig,
    folded: &[Batch],
    report: &mut Report,
) -> Result<Vec<Batch>, VerifyError> {
    if folded.is_empty() {
        return Ok(Vec::new());
    }
    let mut batches = Vec::new();
    for listed in plant.lake.list(&format!("{MANIFESTS}/{}", stream.name)).await? {
        let manifest: Option<Manifest> = serde_json::from_slice(&plant.lake.get(&listed.key).await?).ok();
        match manifest.and_then(|manifest| batch_of(&plant.lake, &manifest)) {
            Some(batch) if folded.iter().any(|row| is_within(&batch, row)) => batches.push(batch),
            Some(_) => {}
            None => report.differs(&format!("{} is no manifest of one batch", listed.key)),
        }
    }
    for row in folded {
        let rows: u64 = batches.iter().filter(|batch| is_within(batch, row)).map(|batch| batch.records).sum();
        if rows != row.records {
            report.differs(&format!(
                "{} {}: the lake's manifests have {rows} rows in {}..{}, {} were loaded",
                stream.name, row.shard, row.start, row.end, row.records
            ));
        }
    }
    Ok(batches)
}

fn is_within(batch: &Batch, row: &Batch) -> bool {
    batch.shard == row.shard && row.start <= batch.start && batch.end <= row.end
}

fn batch_of(lake: &Lake, manifest: &Manifest) -> Option<Batch> {
    let (Some(meta), [entry]) = (&manifest.meta, &manifest.entries[..]) else { return None };
    Some(Batch {
        shard: meta.shard.clone(),
        start: meta.start,
        end: meta.end,
        records: entry.meta?.record_count,
        object: lake.key_of(&entry.url),
    })
}

/// A batch's object is there, can be read, and has as many rows as were loaded.
async fn look_at_object(
    plant: &Plant,
    stream: &StreamConfig,
    batch: &Batch,
    lake: &mut Summing,
    report: &mut Report,
) -> Result<(), VerifyError> {
    // Of heartbeats, the last object alone is there, and none after the warehouse has been rebuilt.
    if is_of_heartbeats(&batch.object)
        || !stream.destination.as_ref().is_some_and(|d| d.table.is_some() && d.layout.is_gzip)
    {
        return Ok(());
    }
    let what = format!("{} {}..{}: its object {}", stream.name, batch.start, batch.end, batch.object);
    let bytes = match plant.lake.get(&batch.object).await {
        Ok(bytes) => bytes,
        Err(error) => {
            report.differs(&format!("{what} cannot be read: {error}"));
            return Ok(());
        }
    };
    let mut rows = 0;
    for line in std::io::BufReader::new(GzDecoder::new(&bytes[..])).split(b'\n') {
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                report.differs(&format!("{what} is damaged: {error}"));
                return Ok(());
            }
        };
        rows += 1;
        if stream.name == QUIZ_ANSWERS {
            match serde_json::from_slice(&line) {
                Ok(answer) => lake.add(&answer),
                Err(_) => report.differs(&format!("{what} has a line that is no answer")),
            }
        }
    }
    if rows != batch.records {
        report.differs(&format!("{what} has {rows} rows, {} were loaded", batch.records));
    }
    Ok(())
}

/// Every object of the streams is known to the load history, or parked. Of those that are not, the ones with a manifest
/// are whole batches that a warehouse which was made anew has not loaded yet.
async fn look_for_unknown_objects(
    plant: &Plant,
    streams: &[StreamConfig],
    known: &BTreeSet<String>,
    report: &mut Report,
) -> Result<(), VerifyError> {
    for stream in streams {
        let manifests = plant.lake.list(&format!("{MANIFESTS}/{}", stream.name)).await?;
        let name_of = |key: &str| key.rsplit('/').next().unwrap_or(key).trim_end_matches(".gz").to_owned();
        let whole: BTreeSet<String> = manifests.iter().map(|manifest| name_of(&manifest.key)).collect();
        let objects = plant.lake.list(&stream.name).await?;
        let unknown = objects.into_iter().filter(|object| !known.contains(&object.key));
        let (to_load, abandoned): (Vec<_>, Vec<_>) = unknown.partition(|object| whole.contains(&name_of(&object.key)));
        if !to_load.is_empty() {
            report.differs(&format!(
                "{}: {} batches lie whole in the lake and not in the warehouse; `freshmark replay --whole-lake` brings \
                 them in",
                stream.name,
                to_load.len()
            ));
        }
        for object in abandoned {
            report.differs(&format!("the lake holds {}, which no load knows", object.key));
        }
    }
    Ok(())
}

/// Where answers may be.
struct Places {
    accepted: ByAssignment,
    outbox: ByAssignment,
    log: ByAssignment,
    parked: ByAssignment,
    lake: ByAssignment,
    warehouse: ByAssignment,
    /// In the outbox, the log or a parked batch, and not in the warehouse.
    outside: ByAssignment,
}

impl Places {
    /// What lies elsewhere on its way cannot be seen, so that answers may be missing then; never may others be there.
    fn compare(&self, are_elsewhere: bool, report: &mut Report) {
        let all = [&self.accepted, &self.outbox, &self.log, &self.parked, &self.lake, &self.warehouse];
        let assignments: BTreeSet<i64> = all.iter().flat_map(|place| place.keys().copied()).collect();
        println!(
            "{:>12} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
            "assignment", "accepted", "outbox", "log", "parked", "lake", "warehouse"
        );
        for assignment in assignments {
            let of = |place: &ByAssignment| together(&[place], assignment);
            let [accepted, outbox, log, parked, lake, warehouse] = all.map(|place| of(place).answers);
            println!("{assignment:>12} {accepted:>10} {outbox:>10} {log:>10} {parked:>10} {lake:>10} {warehouse:>10}");
            let found = together(&[&self.outside, &self.warehouse], assignment);
            let missing = accepted - found.answers;
            if are_elsewhere && missing > 0 {
                println!("             {missing} are elsewhere on their way, as far as can be seen from here");
            } else if found.answers != accepted {
                // A store that was set back, or has lost what was written last.
                let known_elsewhere = if found.answers > accepted {
                    "; the transactional store lacks the others, and the next start brings back those that had gone by this \
                     server's own log"
                } else {
                    ""
                };
                report.differs(&format!(
                    "assignment {assignment}: {accepted} answers were accepted, {} are in the warehouse or on their \
                     way{known_elsewhere}",
                    found.answers
                ));
            } else if found != of(&self.accepted) {
                report.differs(&format!(
                    "assignment {assignment}: its {accepted} answers are not those that were accepted: the sums of their \
                     numbers, choices and times are others"
                ));
            }
            if of(&self.lake) != of(&self.warehouse) {
                report.differs(&format!(
                    "assignment {assignment}: the lake has {lake} answers, the warehouse {warehouse}"
                ));
            }
        }
    }
}
