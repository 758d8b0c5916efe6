//! Sequence numbers and shard iterators.
//!
//! A sequence number is an offset with a prefix that makes all of them equally long, so that they rise as numbers and as
//! text. A shard iterator is a place with the time that it was given out, sealed so that nobody else can make one; it needs
//! no memory here, and outlives a restart.
//!
//! Owns the two formats, and the seal. Does not own what a reader gets at a place.

use app::api::Millis;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::AwsError;

/// A shard iterator is good for so long, by Kinesis's rule.
const GOOD_FOR_MS: Millis = 300_000;
/// Kinesis's numbers begin so; 54 digits follow.
const PREFIX: &str = "49";
const DIGITS: usize = 54;
/// Bytes of the seal.
const SEAL: usize = 16;

/// The sequence number of an offset.
pub(super) fn number_of(offset: u64) -> String {
    format!("{PREFIX}{offset:0DIGITS$}")
}

/// The offset of a sequence number. One that is smaller than all is the first's, one that is larger than all the last's.
pub(super) fn offset_of(number: &str) -> u64 {
    match number.strip_prefix(PREFIX).filter(|rest| rest.len() == DIGITS) {
        Some(rest) => rest.parse().unwrap_or(u64::MAX),
        None if number.len() > PREFIX.len() + DIGITS => u64::MAX,
        None => 0,
    }
}

/// Where a reader stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ShardIterator {
    #[serde(rename = "n")]
    pub stream: String,
    #[serde(rename = "s")]
    pub shard: u32,
    #[serde(rename = "o")]
    pub offset: u64,
    #[serde(rename = "t")]
    pub made_at: Millis,
}

impl ShardIterator {
    /// As the client keeps it.
    pub fn seal(&self, secret: &str) -> String {
        let content = serde_json::to_vec(self).unwrap_or_default();
        STANDARD.encode([&seal_of(&content, secret)[..], &content].concat())
    }

    /// What a client sends back.
    pub fn open(sealed: &str, secret: &str, now: Millis) -> Result<Self, AwsError> {
        let invalid = || AwsError::invalid("Invalid ShardIterator.");
        let bytes = STANDARD.decode(sealed).map_err(|_| invalid())?;
        let (seal, content) = bytes.split_at_checked(SEAL).ok_or_else(invalid)?;
        verify_slices_are_equal(seal, &seal_of(content, secret)).map_err(|_| invalid())?;
        let iterator: Self = serde_json::from_slice(content).map_err(|_| invalid())?;
        if now - iterator.made_at > GOOD_FOR_MS {
            return Err(expired(iterator.made_at, now));
        }
        Ok(iterator)
    }
}

fn seal_of(content: &[u8], secret: &str) -> [u8; SEAL] {
    let mut mac = hmac::Context::with_key(&hmac::Key::new(HMAC_SHA256, secret.as_bytes()));
    mac.update(b"shard iterator");
    mac.update(content);
    let mut seal = [0; SEAL];
    seal.copy_from_slice(&mac.sign().as_ref()[..SEAL]);
    seal
}

fn expired(made_at: Millis, now: Millis) -> AwsError {
    let written = |at| DateTime::from_timestamp_millis(at).unwrap_or_default().format("%a %b %d %H:%M:%S UTC %Y");
    let message = format!(
        "Iterator expired. The iterator was created at time {} while right now it is {} which is further in the future \
         than the tolerated delay of {GOOD_FOR_MS} milliseconds.",
        written(made_at),
        written(now)
    );
    AwsError::new("ExpiredIteratorException", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_rise_as_text_and_as_numbers_and_are_read_back() {
        let numbers: Vec<String> = [0, 9, 10, 1 << 40, u64::MAX].into_iter().map(number_of).collect();
        assert!(numbers.is_sorted() && numbers.iter().all(|n| n.len() == 56 && !n.starts_with('0')), "{numbers:?}");
        assert_eq!(offset_of(&number_of(1 << 40)), 1 << 40);
        assert_eq!((offset_of("0"), offset_of(&"9".repeat(129))), (0, u64::MAX));
        assert_eq!(offset_of(&format!("49{}", "9".repeat(54))), u64::MAX);
    }

    #[test]
    fn an_iterator_is_good_for_five_minutes_and_nobody_can_make_one() {
        let iterator = ShardIterator { stream: "s".into(), shard: 3, offset: 7, made_at: 1_000 };
        let sealed = iterator.seal("secret");
        assert_eq!(ShardIterator::open(&sealed, "secret", 301_000), Ok(iterator));
        assert_eq!(
            ShardIterator::open(&sealed, "secret", 301_001).map_err(|e| e.code),
            Err("ExpiredIteratorException")
        );
        for bad in [&sealed[..sealed.len() - 4], "", "AAAA", &sealed.replace('A', "B"), &format!("{sealed}AAAA")] {
            assert_eq!(
                ShardIterator::open(bad, "secret", 2_000),
                Err(AwsError::invalid("Invalid ShardIterator.")),
                "{bad}"
            );
        }
        assert!(ShardIterator::open(&sealed, "another", 2_000).is_err());
    }
}
