//! The error output: records that could not be processed, as lines with Firehose's fields.
//!
//! Owns the shape of such a line. Does not own which records fail.

use app::api::Millis;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::records::source::Item;

/// Code of records that do not fit their table.
pub(super) const DOES_NOT_FIT: &str = "Freshmark.RecordDoesNotFit";

/// One line under `processing-failed/`. Times are milliseconds since 1970.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    attempts_made: u32,
    arrival_timestamp: Millis,
    error_code: &'a str,
    error_message: &'a str,
    attempt_ending_timestamp: Millis,
    /// Base64.
    raw_data: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    lambda_arn: Option<&'a str>,
}

/// Why a record stands in the error output.
pub(super) struct Reason<'a> {
    /// Firehose's code, or one of ours.
    pub code: &'a str,
    /// What went wrong.
    pub message: &'a str,
    /// Invocations that were tried with it; 1 where there is no function.
    pub attempts: u32,
    /// The function, if there is one.
    pub lambda_arn: Option<&'a str>,
}

/// Puts a line for `item` at the end of `out`.
pub(super) fn write(
    out: &mut Vec<u8>,
    item: &Item<'_>,
    reason: &Reason<'_>,
    now: Millis,
) -> Result<(), serde_json::Error> {
    let line = Line {
        attempts_made: reason.attempts,
        arrival_timestamp: item.arrived,
        error_code: reason.code,
        error_message: reason.message,
        attempt_ending_timestamp: now,
        raw_data: STANDARD.encode(item.data),
        lambda_arn: reason.lambda_arn,
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.push(b'\n');
    Ok(())
}
