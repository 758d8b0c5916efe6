//! Which shard a record belongs to, by Kinesis's rule: the MD5 of the partition key falls into one shard's range.
//!
//! A stream that is given another number of shards closes those it has and opens new ones with new numbers, as Kinesis
//! does: what lies in a closed shard is still read, and no number stands for two ranges.
//!
//! Owns ranges and their numbers. Does not own what lies in a shard.

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

/// One shard's place among its siblings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardRange {
    /// 0, 1, 2, … over the stream's whole life.
    pub number: u32,
    /// Lowest hash that belongs to it.
    #[serde(with = "as_text")]
    pub low: u128,
    /// Highest hash that belongs to it.
    #[serde(with = "as_text")]
    pub high: u128,
    /// Whether it takes new records.
    pub is_open: bool,
}

impl ShardRange {
    /// `shardId-000000000003`, as Kinesis writes it.
    #[must_use]
    pub fn id(self) -> String {
        id_of(self.number)
    }
}

/// `shardId-000000000003`.
pub(super) fn id_of(number: u32) -> String {
    format!("shardId-{number:012}")
}

/// A partition key's place between 0 and 2^128 - 1.
pub(super) fn hash(key: &str) -> u128 {
    u128::from_be_bytes(Md5::digest(key).into())
}

/// The shards of a stream that has had `before` and is to have `count` open ones.
pub(super) fn lay_out(mut before: Vec<ShardRange>, count: u32) -> Vec<ShardRange> {
    let count = count.max(1);
    if before.iter().filter(|s| s.is_open).count() == count as usize {
        return before;
    }
    let first = before.last().map_or(0, |last| last.number + 1);
    before.iter_mut().for_each(|shard| shard.is_open = false);
    let width = u128::MAX / u128::from(count);
    before.extend((0..count).map(|n| ShardRange {
        number: first + n,
        low: if n == 0 { 0 } else { u128::from(n) * width + 1 },
        high: if n + 1 == count { u128::MAX } else { u128::from(n + 1) * width },
        is_open: true,
    }));
    before
}

/// JSON numbers end at 2^53 for most readers.
mod as_text {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &u128, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hash_belongs_to_exactly_one_open_shard() {
        for count in [1, 2, 3, 7, 100] {
            let shards = lay_out(Vec::new(), count);
            assert_eq!((shards.len(), shards[0].low), (count as usize, 0));
            assert_eq!(shards.last().map(|s| s.high), Some(u128::MAX));
            assert!(shards.windows(2).all(|pair| pair[0].high + 1 == pair[1].low), "{count}");
        }
    }

    #[test]
    fn another_number_of_shards_closes_the_old_ones_and_counts_on() {
        let two = lay_out(Vec::new(), 2);
        assert_eq!(lay_out(two.clone(), 2), two);
        let three = lay_out(two, 3);
        let open: Vec<(u32, bool)> = three.iter().map(|s| (s.number, s.is_open)).collect();
        assert_eq!(open, [(0, false), (1, false), (2, true), (3, true), (4, true)]);
        assert_eq!(three[4].id(), "shardId-000000000004");
    }

    #[test]
    fn the_hash_is_kinesis_s() {
        // MD5 of "a" is 0cc175b9c0f1b6a831c399e269772661 (RFC 1321, appendix A.5).
        assert_eq!(hash("a"), 0x0cc1_75b9_c0f1_b6a8_31c3_99e2_6977_2661);
    }
}
