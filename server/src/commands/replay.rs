//! `freshmark replay`: brings batches in again that lie in the lake, while the server does not run.
//!
//! Doing it again, or going on after it was interrupted, is harmless: the load history knows what is in.
//!
//! Owns the flags and what is printed. Does not own how a batch is brought in: `delivery::replay` does.

use clap::{ArgGroup, Args};
use indicatif::{ProgressBar, ProgressStyle};

use super::At;
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::delivery::replay::{Progress, Range, ReplayError, Replayer, Which};
use crate::registry::{Plant, Registry, RegistryError};
use crate::serve::{StartError, Stores, ensure_tables, open_stores};
use crate::stream::StreamError;
use crate::warehouse::WarehouseError;

/// What `freshmark replay` takes on its command line.
#[derive(Args, Clone, Debug)]
#[command(group(ArgGroup::new("what").required(true).args(["parked", "whole_lake", "stream"])))]
pub struct Flags {
    #[command(flatten)]
    at: At,
    /// The batches that were parked, of every stream
    #[arg(long)]
    parked: bool,
    /// Everything that lies in the lake, into an empty warehouse or one that lacks some of it
    #[arg(long)]
    whole_lake: bool,
    /// The batches of this stream
    #[arg(long, value_name = "NAME")]
    stream: Option<String>,
    /// Of this shard alone, such as shardId-000000000000
    #[arg(long, value_name = "ID", requires = "stream")]
    shard: Option<String>,
    /// Those with an offset at or after this one
    #[arg(long, value_name = "OFFSET", requires = "stream")]
    from: Option<u64>,
    /// Those with an offset before this one
    #[arg(long, value_name = "OFFSET", requires = "stream")]
    to: Option<u64>,
}

/// Why nothing, or not all, was brought in.
#[derive(Debug, thiserror::Error)]
pub enum ReplayCommandError {
    /// The configuration is not right.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The stores cannot be opened.
    #[error("{0}")]
    Start(#[from] StartError),
    /// A table cannot be used.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// A log cannot be read.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// A parked batch still fails.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The lake cannot be listed, or a batch fails.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// Some batches were not brought in.
    #[error("{failed} of {all} batches were not brought in; the lines above say why")]
    Some {
        /// How many.
        failed: usize,
        /// Of how many.
        all: usize,
    },
}

/// Does what the command line says.
///
/// # Errors
/// If the stores cannot be opened, or a batch still fails.
pub async fn run(flags: Flags) -> Result<(), ReplayCommandError> {
    let config = flags.at.config()?;
    let Stores { plant, .. } = open_stores(&config, Clock::system()).await?;
    if flags.parked {
        return parked(plant, config).await;
    }
    let Flags { stream, shard, from, to, .. } = flags;
    from_lake(plant, &config, &Which { stream, shard, from, to }).await
}

/// Each stream is opened, but nothing is delivered: what is parked lies in the lake.
async fn parked(plant: Plant, config: Config) -> Result<(), ReplayCommandError> {
    let registry = Registry::new(plant);
    let mut replayed = 0;
    for mut stream in config.streams {
        let name = stream.name.clone();
        if let Some(destination) = &mut stream.destination {
            destination.is_paused = true;
        }
        registry.start(stream).await?;
        replayed += registry.replay_parked(&name).await?;
    }
    println!("{replayed} parked batches are in the warehouse now");
    Ok(())
}

async fn from_lake(plant: Plant, config: &Config, which: &Which) -> Result<(), ReplayCommandError> {
    let tables = ensure_tables(&plant.warehouse, config).await?;
    let Plant { lake, warehouse, clock, .. } = plant;
    let bar = ProgressBar::new(0).with_style(style());
    let show = |progress: Progress<'_>| match progress {
        Progress::LookingAt(manifests) => bar.set_length(manifests as u64),
        Progress::Failed { error, .. } => bar.suspend(|| eprintln!("freshmark: {error}")),
        Progress::Rows(rows) => {
            bar.set_message(format!("{rows} rows brought in"));
            bar.inc(1);
        }
    };
    let table_of = |stream: &str| tables.get(stream).cloned();
    let brought = Replayer { lake, warehouse, clock }.bring_in_all(which, table_of, show).await?;
    bar.finish();
    for Range { stream, shard, start, end } in &brought.filled {
        println!("{stream} {shard} {start}..{end}: no batch lies in the lake; taken for heartbeats");
    }
    for (stream, batches) in &brought.without_table {
        println!("{stream}: {batches} batches stay in the lake; the stream is not configured, or has no table");
    }
    println!("{} batches looked at, {} rows brought in", brought.batches, brought.rows);
    match brought.failed {
        0 => Ok(()),
        failed => Err(ReplayCommandError::Some { failed, all: brought.batches }),
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:40} {pos} of {len} batches, {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
