//! An instant as text, in the form that both warehouses read as a timestamp.
//!
//! Owns that form, in both directions.

use app::api::Millis;
use chrono::{DateTime, NaiveDateTime, Utc};

/// Writes an instant in UTC: `2026-01-31 10:41:07.123`.
#[must_use]
pub fn sql_timestamp(at: Millis) -> String {
    DateTime::<Utc>::from_timestamp_millis(at).unwrap_or_default().format("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// Reads an instant that [`sql_timestamp`] has written.
#[must_use]
pub fn millis_of(timestamp: &str) -> Option<Millis> {
    let parsed = NaiveDateTime::parse_from_str(timestamp, "%Y-%m-%d %H:%M:%S%.f").ok()?;
    Some(parsed.and_utc().timestamp_millis())
}
