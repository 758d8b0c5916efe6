//! The state of every stream in Prometheus's text format.
//!
//! Owns names, units and help: Firehose's names where it has one, and the freshness at the warehouse, which it lacks.
//! What is counted is counted where it happens, and starts at 0 with the server; the rest is measured when it is asked
//! for. Does not own a measurement, nor who may read it.

use std::fmt;

use app::api::Millis;
use app::api::freshness::age;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::Ops;
use super::pipeline::{Backlog, Feed};
use crate::delivery::{Deliveries, Health};
use crate::registry::DeliveryStream;
use crate::tasks;

/// What a scrape is answered with.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How many pages are open, and what they have asked: counted elsewhere, and said here.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenPages {
    /// Connections over which pages are told of changes.
    pub connections: u32,
    /// Assignments that are followed over any of them.
    pub assignments: usize,
    /// Requests for an assignment's results since the server started.
    pub asked: u64,
    /// Results that were worked out for them.
    pub worked_out: u64,
}

/// The one label.
type Labels = [(&'static str, String); 1];
type Counts = Family<Labels, Counter>;
type Whole = Family<Labels, Gauge>;
type Seconds = Family<Labels, Gauge<f64, std::sync::atomic::AtomicU64>>;

impl Ops {
    /// Every stream's counts and gauges, as text of [`CONTENT_TYPE`].
    ///
    /// # Errors
    /// If the text cannot be written.
    pub async fn metrics(&self, pages: OpenPages) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("freshmark");
        let families = Families::in_registry(&mut registry);
        families.add_pages(pages);
        families.add_panics();
        for stream in self.parts.registry.all() {
            families.add_intake(&stream);
            if let Some(feed) = self.parts.feeds.get(stream.name()) {
                families.add_feed(&stream, feed, self.measure.now());
            }
            // Of records that somebody else delivers nothing is known here, and nothing is said.
            if stream.settings().is_some() && !stream.is_delivered_elsewhere() {
                let backlog = self.backlog(&stream).await;
                families.add_delivery(&stream, backlog, self.measure.now());
            }
        }
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry)?;
        Ok(text)
    }
}

/// What is said of a place that batches are delivered to.
#[derive(Default)]
struct Place {
    records: Counts,
    bytes: Counts,
    attempts: Counts,
    success: Counts,
    freshness: Seconds,
}

/// What is said of a stream's function.
#[derive(Default)]
struct Function {
    attempts: Counts,
    success: Counts,
    records: Counts,
    bytes: Counts,
    dropped: Counts,
    failed: Counts,
}

/// Every metric; a stream is a label of it.
#[derive(Default)]
struct Families {
    incoming_records: Counts,
    incoming_bytes: Counts,
    incoming_put_requests: Counts,
    throttled_records: Counts,
    lake: Place,
    warehouse: Place,
    misfits: Counts,
    function: Function,
    relay_retries: Counts,
    waiting: Whole,
    parked: Whole,
    held: Whole,
    source_lag: Seconds,
    heartbeat: Seconds,
    heartbeat_age: Seconds,
    heartbeat_waiting: Seconds,
    live_connections: Gauge,
    live_assignments: Gauge,
    results_asked: Counter,
    results_worked_out: Counter,
    task_panics: Counts,
}

impl Families {
    fn in_registry(to: &mut Registry) -> Self {
        let all = Self::default();
        to.register("incoming_records", "Records taken, that is, on disk or handed on", all.incoming_records.clone());
        to.register("incoming_bytes", "Bytes of the records taken, as they were sent", all.incoming_bytes.clone());
        let help = "Requests of which a record was taken";
        to.register("incoming_put_requests", help, all.incoming_put_requests.clone());
        let help = "Records not taken, because of the stream's quota or for want of room";
        to.register("throttled_records", help, all.throttled_records.clone());
        all.lake.register(to, "delivery_to_s3", "object store", "Puts of objects, manifests and the error output");
        all.warehouse.register(to, "delivery_to_redshift", "warehouse", "COPYs");
        let help = "Records that did not fit their table and were sent to the error output";
        to.register("misfit_records", help, all.misfits.clone());
        all.function.register(to);
        to.register("task_panics", "Panics of background tasks, each of which goes on", all.task_panics.clone());
        to.register("relay_retries", "Requests of the relay that have to be sent again", all.relay_retries.clone());
        let help = "Records accepted that have not landed in the warehouse, wherever they are";
        to.register("waiting_records", help, all.waiting.clone());
        to.register("parked_batches", "Batches whose COPY was given up, waiting for a replay", all.parked.clone());
        to.register_with_unit("log_held", "Size of the stream's log on disk", Unit::Bytes, all.held.clone());
        let help =
            "How far the reading of a stream elsewhere lags behind its newest record; infinite if it is not known";
        to.register_with_unit("source_lag", help, Unit::Seconds, all.source_lag.clone());
        let help = "What the last heartbeat that arrived took from the transactional store to the warehouse";
        to.register_with_unit("heartbeat_round_trip", help, Unit::Seconds, all.heartbeat.clone());
        let help = "How long ago the last heartbeat that arrived was sent";
        to.register_with_unit("heartbeat_age", help, Unit::Seconds, all.heartbeat_age.clone());
        let help = "How long the heartbeat that is on its way has been so; 0 if none is";
        to.register_with_unit("heartbeat_waiting", help, Unit::Seconds, all.heartbeat_waiting.clone());
        let help = "Connections over which open pages are told of changes; the tabs of a browser share one";
        to.register("live_connections", help, all.live_connections.clone());
        to.register("live_assignments", "Assignments that are followed", all.live_assignments.clone());
        to.register("results_asked", "Questions for an assignment's results", all.results_asked.clone());
        let help = "Answers that were worked out for them; the others were shared";
        to.register("results_worked_out", help, all.results_worked_out.clone());
        all
    }

    fn add_panics(&self) {
        for (task, panics) in tasks::panics() {
            self.task_panics.get_or_create(&[("task", task)]).inc_by(panics);
        }
    }

    fn add_pages(&self, pages: OpenPages) {
        self.live_connections.set(pages.connections.into());
        self.live_assignments.set(pages.assignments as i64);
        self.results_asked.inc_by(pages.asked);
        self.results_worked_out.inc_by(pages.worked_out);
    }

    fn add_intake(&self, stream: &DeliveryStream) {
        let (intake, labels) = (stream.intake(), labels(stream));
        add(&self.incoming_records, &labels, intake.records.get());
        add(&self.incoming_bytes, &labels, intake.bytes.get());
        add(&self.incoming_put_requests, &labels, intake.put_requests.get());
        add(&self.throttled_records, &labels, intake.throttled.get());
        self.held.get_or_create(&labels).set(stream.log().held_bytes() as i64);
    }

    fn add_feed(&self, stream: &DeliveryStream, feed: &Feed, now: Millis) {
        let labels = labels(stream);
        add(&self.relay_retries, &labels, feed.relay.retries());
        if let Some(heartbeat) = feed.heartbeats.last() {
            self.heartbeat.get_or_create(&labels).set(heartbeat.took_ms as f64 / 1e3);
            self.heartbeat_age.get_or_create(&labels).set(seconds_since(Some(heartbeat.sent_at), now));
        }
        let waiting = seconds_since(feed.heartbeats.waiting_since(), now);
        self.heartbeat_waiting.get_or_create(&labels).set(waiting);
    }

    fn add_delivery(&self, stream: &DeliveryStream, backlog: Result<Backlog, String>, now: Millis) {
        let labels = labels(stream);
        for delivery in stream.deliveries() {
            self.add_counts(&labels, &delivery, stream.table().is_some());
            if stream.transform().is_some() {
                self.function.add(&labels, &delivery);
            }
        }
        let (in_lake, landed) = match backlog {
            Ok(backlog) => {
                self.waiting.get_or_create(&labels).set(backlog.waiting as i64);
                self.parked.get_or_create(&labels).set(backlog.parked.len() as i64);
                if let Some(lag_ms) = backlog.source_lag_ms {
                    self.source_lag.get_or_create(&labels).set(lag_ms as f64 / 1e3);
                }
                (seconds_since(backlog.oldest_outside_lake, now), seconds_since(backlog.oldest_waiting, now))
            }
            Err(problem) => {
                tracing::error!(%problem, stream = stream.name(), "a stream's freshness could not be measured");
                if stream.upstream().is_some() {
                    self.source_lag.get_or_create(&labels).set(f64::INFINITY);
                }
                (f64::INFINITY, f64::INFINITY)
            }
        };
        self.lake.freshness.get_or_create(&labels).set(in_lake);
        if stream.table().is_some() {
            self.warehouse.freshness.get_or_create(&labels).set(landed);
        }
    }

    fn add_counts(&self, labels: &Labels, delivery: &Health, into_table: bool) {
        let counts = delivery.counts();
        self.lake.add(labels, &counts.lake);
        if into_table {
            self.warehouse.add(labels, &counts.warehouse);
            add(&self.misfits, labels, counts.misfits.get());
        }
    }
}

impl Place {
    fn register(&self, to: &mut Registry, name: &str, place: &str, tries: &str) {
        to.register(format!("{name}_records"), format!("Records delivered to the {place}"), self.records.clone());
        let help = format!("Bytes delivered to the {place}, compressed");
        to.register(format!("{name}_bytes"), help, self.bytes.clone());
        to.register(format!("{name}_attempts"), format!("{tries} that were begun"), self.attempts.clone());
        to.register(format!("{name}_success"), format!("{tries} that succeeded"), self.success.clone());
        let help = format!("Age of the oldest record accepted that is not in the {place}; infinite if it is not known");
        to.register_with_unit(format!("{name}_data_freshness"), help, Unit::Seconds, self.freshness.clone());
    }

    fn add(&self, labels: &Labels, delivered: &Deliveries) {
        add(&self.records, labels, delivered.records.get());
        add(&self.bytes, labels, delivered.bytes.get());
        add(&self.attempts, labels, delivered.attempts.get());
        add(&self.success, labels, delivered.success.get());
    }
}

impl Function {
    fn register(&self, to: &mut Registry) {
        let help = "Invocations of the stream's function that were begun";
        to.register("execute_processing_attempts", help, self.attempts.clone());
        to.register("execute_processing_success", "Invocations that were answered", self.success.clone());
        let help = "Records that the function said Ok to";
        to.register("succeed_processing_records", help, self.records.clone());
        let help = "Bytes of the records that the function said Ok to, as they were sent";
        to.register("succeed_processing_bytes", help, self.bytes.clone());
        to.register("dropped_records", "Records that the function dropped", self.dropped.clone());
        let help = "Records that the function failed and that were sent to the error output";
        to.register("processing_failed_records", help, self.failed.clone());
    }

    fn add(&self, labels: &Labels, delivery: &Health) {
        let counts = delivery.counts();
        add(&self.attempts, labels, counts.invocations.attempts.get());
        add(&self.success, labels, counts.invocations.success.get());
        add(&self.records, labels, counts.processed.get());
        add(&self.bytes, labels, counts.processed_bytes.get());
        add(&self.dropped, labels, counts.dropped.get());
        add(&self.failed, labels, counts.unprocessed.get());
    }
}

fn labels(stream: &DeliveryStream) -> Labels {
    [("stream", stream.name().to_owned())]
}

fn add(family: &Counts, labels: &Labels, count: u64) {
    family.get_or_create(labels).inc_by(count);
}

/// The age of what has waited since then; 0 if nothing waits. An age that nobody can tell is infinite, so that an alarm
/// on it goes off.
fn seconds_since(oldest: Option<Millis>, now: Millis) -> f64 {
    let Some(oldest) = oldest else { return 0.0 };
    age(oldest, now).map_or(f64::INFINITY, |age| age.max(0) as f64 / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_0_when_nothing_waits_and_infinite_when_nobody_can_tell() {
        let now = 1_700_000_000_000;
        assert_eq!(seconds_since(None, now), 0.0);
        assert_eq!(seconds_since(Some(now - 2_500), now), 2.5);
        assert_eq!(seconds_since(Some(now + 1), now), 0.0, "a clock that lags a little");
        assert_eq!(seconds_since(Some(now + 3_600_000), now), f64::INFINITY, "a clock that was set back");
    }
}
