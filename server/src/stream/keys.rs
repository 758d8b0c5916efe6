//! Where what lies in a stream's key space. All numbers big-endian.
//!
//! | key | value |
//! |---|---|
//! | `c` · shard u32 · first offset u64 | the records of one append to one shard (`chunk.rs`) |
//! | `e` · shard u32 | [`End`]: one past the last offset ever given out, and the bytes ever appended |
//! | `f` · shard u32 | [`Floor`]: the oldest offset kept, and the bytes ever removed |
//! | `p` · shard u32 | the batch that delivery works on, as JSON |
//! | `x` · shard u32 · first offset u64 | a batch that was parked, as JSON |
//! | `s` | the shards, as JSON |
//! | `k` · name | the [`Entry`](super::Entry) of a shard whose records lie elsewhere, as JSON |
//! | `y` · name · 0 · first offset u64 | a batch of such a shard that was parked, with the shard's name, as JSON |
//!
//! Owns these keys and the values with a format of their own. Does not own when they are written.

use super::{StreamError, damaged};

pub(super) const SHARDS: &[u8] = b"s";

pub(super) fn chunk(shard: u32, offset: u64) -> [u8; 13] {
    at(b'c', shard, offset)
}

pub(super) fn parked_at(shard: u32, offset: u64) -> [u8; 13] {
    at(b'x', shard, offset)
}

/// Begins the keys of all parked batches of a shard.
pub(super) fn parked(shard: u32) -> [u8; 5] {
    mark(b'x', shard)
}

fn at(kind: u8, shard: u32, offset: u64) -> [u8; 13] {
    let mut key = [kind; 13];
    key[1..5].copy_from_slice(&shard.to_be_bytes());
    key[5..].copy_from_slice(&offset.to_be_bytes());
    key
}

/// The first offset of the chunk that lies under `key`.
pub(super) fn offset_of(key: &[u8]) -> Result<u64, StreamError> {
    let offset = key.get(5..).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
    offset.filter(|_| key[0] == b'c').ok_or_else(|| damaged(format!("key {key:?}"), "is no chunk's"))
}

pub(super) fn end(shard: u32) -> [u8; 5] {
    mark(b'e', shard)
}

pub(super) fn floor(shard: u32) -> [u8; 5] {
    mark(b'f', shard)
}

pub(super) fn cut(shard: u32) -> [u8; 5] {
    mark(b'p', shard)
}

/// Begins the keys of the entries of shards whose records lie elsewhere.
pub(super) const ENTRIES: &[u8] = b"k";
/// Begins the keys of their parked batches.
pub(super) const PARKED_ELSEWHERE: &[u8] = b"y";

pub(super) fn entry(shard: &str) -> Vec<u8> {
    [ENTRIES, shard.as_bytes()].concat()
}

pub(super) fn parked_elsewhere(shard: &str) -> Vec<u8> {
    [PARKED_ELSEWHERE, shard.as_bytes(), &[0]].concat()
}

pub(super) fn parked_elsewhere_at(shard: &str, offset: u64) -> Vec<u8> {
    [&parked_elsewhere(shard)[..], &offset.to_be_bytes()].concat()
}

fn mark(kind: u8, shard: u32) -> [u8; 5] {
    let mut key = [kind; 5];
    key[1..].copy_from_slice(&shard.to_be_bytes());
    key
}

/// Where a shard ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct End {
    pub offset: u64,
    pub appended_bytes: u64,
}

/// Where a shard begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Floor {
    pub offset: u64,
    pub removed_bytes: u64,
}

impl End {
    pub fn encode(self) -> [u8; 16] {
        pair(self.offset, self.appended_bytes)
    }

    pub fn decode(value: Option<&[u8]>) -> Result<Self, StreamError> {
        unpair(value).map(|(offset, appended_bytes)| Self { offset, appended_bytes })
    }
}

impl Floor {
    pub fn encode(self) -> [u8; 16] {
        pair(self.offset, self.removed_bytes)
    }

    pub fn decode(value: Option<&[u8]>) -> Result<Self, StreamError> {
        unpair(value).map(|(offset, removed_bytes)| Self { offset, removed_bytes })
    }
}

fn pair(a: u64, b: u64) -> [u8; 16] {
    (u128::from(a) << 64 | u128::from(b)).to_be_bytes()
}

/// Nothing is kept until something happened: that is zero.
fn unpair(value: Option<&[u8]>) -> Result<(u64, u64), StreamError> {
    let Some(value) = value else { return Ok((0, 0)) };
    let bytes = value.try_into().map_err(|_| damaged("a mark", "is not 16 bytes long"))?;
    let both = u128::from_be_bytes(bytes);
    Ok(((both >> 64) as u64, both as u64))
}
