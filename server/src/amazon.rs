//! Amazon's figures and names that more than one room keeps to.
//!
//! Owns those figures and names. Does not own what is checked against them.

/// Firehose's limit on the records of one call, and Kinesis's.
pub const MOST_RECORDS: usize = 500;
/// Firehose's limit on the bytes of one call.
pub const MOST_BYTES: usize = 4 << 20;
/// Firehose's limit on the bytes of one record.
pub const MOST_RECORD_BYTES: usize = 1_024_000;
/// The account that everything here belongs to, where AWS would have a real one.
pub(crate) const ACCOUNT: &str = "000000000000";
