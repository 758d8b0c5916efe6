//! What one shard's delivery has delivered since the server started, under Firehose's names.
//!
//! Owns what counts as what. Does not own when it is counted, nor how it is shown.

use std::time::Instant;

use prometheus_client::metrics::counter::Counter;

use super::prepared::PreparedBatch;
use crate::pace::Pace;
use crate::transform::Invocations;
use crate::warehouse::Loaded;

/// What was delivered to one place.
#[derive(Default)]
pub struct Deliveries {
    /// `Records`.
    pub records: Counter,
    /// `Bytes`, compressed.
    pub bytes: Counter,
    /// Puts, or COPYs, that were begun.
    pub attempts: Counter,
    /// Those of them that succeeded: `Success` is the share of these.
    pub success: Counter,
    /// How fast these go.
    pub pace: Pace,
}

/// What one shard's delivery has delivered.
#[derive(Default)]
pub struct Counts {
    /// `DeliveryToS3`: puts of objects, manifests and the error output; records and bytes are those of objects.
    pub lake: Deliveries,
    /// `DeliveryToRedshift`: COPYs.
    pub warehouse: Deliveries,
    /// Records that did not fit their table, and lie in the error output.
    pub misfits: Counter,
    /// `ExecuteProcessing`: invocations of the stream's function.
    pub invocations: Invocations,
    /// `SucceedProcessing.Records`: records that the function said `Ok` to.
    pub processed: Counter,
    /// `SucceedProcessing.Bytes`: theirs, as they were sent.
    pub processed_bytes: Counter,
    /// Records that the function dropped.
    pub dropped: Counter,
    /// Records that the function failed, or that it failed to answer for, and that lie in the error output.
    pub unprocessed: Counter,
}

impl Counts {
    /// One of the things that a batch puts into the lake lies there.
    pub(super) fn put(&self, prepared: &PreparedBatch, key: &str, began: Instant) {
        self.lake.success.inc();
        self.lake.pace.note(1, began);
        if key == prepared.names.object {
            self.lake.records.inc_by(prepared.rows);
            self.lake.bytes.inc_by(prepared.object_bytes);
            self.processed.inc_by(prepared.tally.processed);
            self.processed_bytes.inc_by(prepared.tally.processed_bytes);
            self.dropped.inc_by(prepared.tally.dropped);
        } else if key == prepared.names.failed {
            self.misfits.inc_by(prepared.tally.misfits);
            self.unprocessed.inc_by(prepared.tally.unprocessed);
        }
    }

    /// A batch's COPY is over; `loaded` says what it did, unless it failed. One that the load history knew brings nothing.
    pub(super) fn copied(&self, prepared: &PreparedBatch, loaded: Option<&Loaded>, began: Instant) {
        self.warehouse.attempts.inc();
        if loaded.is_some() {
            self.warehouse.success.inc();
            self.warehouse.pace.note(1, began);
        }
        if let Some(Loaded::Rows(rows)) = loaded {
            self.warehouse.records.inc_by(*rows);
            self.warehouse.bytes.inc_by(prepared.object_bytes);
        }
    }
}
