//! Values as DuckDB's driver has them.
//!
//! Owns instants.

use app::api::Millis;
use duckdb::types::{TimeUnit, Value};

/// A TIMESTAMP in milliseconds.
pub(super) fn millis(value: &Value) -> Option<Millis> {
    match value {
        Value::Timestamp(TimeUnit::Second, t) => Some(t * 1_000),
        Value::Timestamp(TimeUnit::Millisecond, t) => Some(*t),
        Value::Timestamp(TimeUnit::Microsecond, t) => Some(t / 1_000),
        Value::Timestamp(TimeUnit::Nanosecond, t) => Some(t / 1_000_000),
        _ => None,
    }
}
