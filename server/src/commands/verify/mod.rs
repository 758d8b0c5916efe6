//! `freshmark verify`: holds the transactional store, the stream, the lake and the warehouse against each other.
//!
//! Owns what is compared and how a difference is said. Changes nothing. The server must not run, so that nothing moves
//! meanwhile.

mod books;
mod history;
mod objects;
mod places;

use std::collections::BTreeSet;

use clap::Args;

use self::books::{accepted, in_outbox};
use self::history::{Seen, look_at_history};
use self::objects::{look_at_object, look_for_unknown_objects, unfolded};
use self::places::Places;
use super::At;
use crate::clock::Clock;
use crate::config::ConfigError;
use crate::lake::LakeError;
use crate::records::QUIZ_ANSWERS;
use crate::registry::made::{MadeError, made_streams};
use crate::serve::{StartError, Stores, open_stores};
use crate::stream::StreamError;
use crate::warehouse::{Batch, WarehouseError, is_folded};

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
    Made(#[from] MadeError),
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
    let streams = [config.streams, made_streams(&store).await?].concat();
    let (mut report, mut seen, mut known) = (Report::default(), Seen::default(), BTreeSet::new());
    let mut without_manifests = BTreeSet::new();
    in_outbox(&store).await?.into_iter().for_each(|answer| seen.waits(answer, Seen::OUTBOX));
    for stream in streams.iter().filter(|stream| stream.destination.is_some()) {
        let batches = plant.warehouse.history(stream.name.clone()).await?;
        let others = look_at_history(&plant, stream, &batches, &mut seen, &mut report).await?;
        known.extend(others);
        let (folded, batches): (Vec<Batch>, Vec<Batch>) = batches.into_iter().partition(|b| is_folded(&b.object));
        // A stream whose destination is the lake has no manifests: of what was folded nothing more is known.
        let has_table = stream.destination.as_ref().is_some_and(|destination| destination.table.is_some());
        if !has_table && !folded.is_empty() {
            println!(
                "{:<24} its oldest objects are not looked at: it has no table, and they have no manifests",
                stream.name
            );
            without_manifests.insert(stream.name.clone());
        }
        let folded = if has_table { folded } else { Vec::new() };
        let batches = [batches, unfolded(&plant, stream, &folded, &mut report).await?].concat();
        println!("{:<24} {} batches loaded", stream.name, batches.len());
        for batch in batches {
            look_at_object(&plant, stream, &batch, &mut seen.lake, &mut report).await?;
            known.insert(batch.object);
        }
    }
    let all_known = streams.iter().filter(|stream| !without_manifests.contains(&stream.name));
    look_for_unknown_objects(&plant, all_known, &known, &mut report).await?;
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
