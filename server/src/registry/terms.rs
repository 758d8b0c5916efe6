//! What a stream is set up to do.
//!
//! Owns the words for that, their defaults, and which names a stream may have. Does not own how they are written in a file: the
//! room `config` does.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::delivery::{BufferingHints, Layout, Settings};
use crate::records::columns::Table;
use crate::remote::{SourceConfig, TargetConfig};
use crate::stream::{LogName, Spec};
use crate::transform::Transform;

/// Firehose's default for a Redshift destination.
pub(crate) const COPY_RETRY_SECONDS: u64 = 3600;
/// Bytes that a stream may hold unless the file says otherwise.
pub(crate) const MOST_MIB: u64 = 2 << 10;
/// Kinesis's default retention, for streams that nobody delivers.
pub(crate) const DATA_STREAM_RETENTION: Duration = Duration::from_secs(24 * 3600);

/// How the gateway hands records on. Its callers notice nothing of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Integration {
    /// `PutRecordBatch`: straight to the delivery stream.
    #[default]
    Firehose,
    /// `PutRecords`: to a data stream of the same name, which others may read too, and which is delivered.
    KinesisDataStreams,
}

/// What happens to a record that does not fit the destination's columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Misfits {
    /// It is refused at the door, with its field named.
    #[default]
    Refuse,
    /// It is taken, and delivery sends it to the error output.
    ErrorOutput,
}

/// How much a stream takes; `None` is as much as the machine does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quota {
    /// Records a second.
    pub records_per_second: Option<u32>,
    /// MiB a second.
    pub mib_per_second: Option<u32>,
    /// Requests a second.
    pub requests_per_second: Option<u32>,
}

/// Where a stream's records go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The table; without one the lake is the destination.
    pub table: Option<Arc<Table>>,
    /// How objects lie in the lake.
    pub layout: Layout,
    /// Whether delivery waits: the stream takes records, and nothing is brought in.
    pub is_paused: bool,
    /// What happens to records that do not fit it.
    pub misfits: Misfits,
    /// What changes records on their way. They are taken as they are then; what does not fit after it goes to the error
    /// output, whatever `misfits` says.
    pub transform: Option<Transform>,
    /// When batches are cut and how long COPY is tried.
    pub settings: Settings,
}

/// One stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamConfig {
    /// Its name: 1 to 64 of `[a-zA-Z0-9_.-]`.
    pub name: String,
    /// Which of the streams that have had this name; empty for those of the configuration.
    pub generation: String,
    /// How records come in.
    pub integration: Integration,
    /// Absent for a data stream that nobody delivers.
    pub destination: Option<Destination>,
    /// How it is kept.
    pub spec: Spec,
    /// How much it takes.
    pub quota: Quota,
    /// A stream elsewhere that is delivered here. It takes records at the door only if they are handed on.
    pub source: Option<SourceConfig>,
    /// Where records are handed on to instead of being kept here.
    pub put_to: Option<TargetConfig>,
}

impl StreamConfig {
    /// Its log.
    #[must_use]
    pub fn log_name(&self) -> LogName {
        LogName { stream: self.name.clone(), generation: self.generation.clone() }
    }

    /// A delivery stream to a table, with the defaults.
    #[must_use]
    pub fn to_table(name: &str, table: Table, hints: BufferingHints) -> Self {
        Self::delivered(name, Some(Arc::new(table)), hints)
    }

    /// A delivery stream whose destination is the lake.
    #[must_use]
    pub fn to_lake(name: &str, hints: BufferingHints) -> Self {
        Self::delivered(name, None, hints)
    }

    fn delivered(name: &str, table: Option<Arc<Table>>, hints: BufferingHints) -> Self {
        let settings = Settings { hints, copy_retry: Duration::from_secs(COPY_RETRY_SECONDS) };
        let destination = Destination {
            table,
            layout: Layout::default(),
            is_paused: false,
            misfits: Misfits::default(),
            transform: None,
            settings,
        };
        Self {
            name: name.to_owned(),
            generation: String::new(),
            integration: Integration::default(),
            destination: Some(destination),
            spec: Spec { shards: 1, retention: Duration::ZERO, most_bytes: MOST_MIB << 20, is_delivered: true },
            quota: Quota::default(),
            source: None,
            put_to: None,
        }
    }

    /// A data stream that is kept for a day and that nobody delivers.
    #[must_use]
    pub fn data_stream(name: &str, shards: u32) -> Self {
        Self {
            name: name.to_owned(),
            generation: String::new(),
            integration: Integration::KinesisDataStreams,
            destination: None,
            spec: Spec { shards, retention: DATA_STREAM_RETENTION, most_bytes: MOST_MIB << 20, is_delivered: false },
            quota: Quota::default(),
            source: None,
            put_to: None,
        }
    }
}

/// Whether a stream may have this name, by Firehose's rule.
#[must_use]
pub fn is_stream_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}
