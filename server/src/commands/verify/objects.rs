//! The lake's objects, held against the load history.
//!
//! Owns that each batch's object is there and has the rows that were loaded, and that no object lies there besides. A row of
//! the history that stands for many batches is looked up in their manifests.

use std::collections::BTreeSet;

use super::books::Summing;
use super::{Report, VerifyError};
use crate::delivery::{MANIFESTS, is_of_heartbeats, lines_of};
use crate::lake::Lake;
use crate::records::QUIZ_ANSWERS;
use crate::records::manifest::Manifest;
use crate::registry::Plant;
use crate::registry::terms::StreamConfig;
use crate::warehouse::Batch;

/// The batches that rows of the load history stand for which were folded: their manifests say what they were.
pub(super) async fn unfolded(
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
    let (meta, object, size) = manifest.only_batch().ok()?;
    let (shard, object) = (meta.shard.clone(), lake.key_of(object));
    Some(Batch { shard, start: meta.start, end: meta.end, records: size.record_count, object })
}

/// A batch's object is there, can be read, and has as many rows as were loaded.
pub(super) async fn look_at_object(
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
    for line in lines_of(&bytes) {
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
pub(super) async fn look_for_unknown_objects(
    plant: &Plant,
    streams: impl Iterator<Item = &StreamConfig>,
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
