//! How one append lies in the log. All numbers big-endian:
//!
//! ```text
//! version u8 = 1 · arrived i64 (ms) · count u32 · count × ( key length u16 · key · data length u32 · data )
//! ```

use bytes::{Buf, BufMut, Bytes};

use super::{Record, StreamError, damaged};
use app::api::Millis;

const VERSION: u8 = 1;
const HEAD: usize = 1 + 8 + 4;

/// A chunk that has been read back.
pub(super) struct Chunk {
    pub arrived: Millis,
    pub records: Vec<Record>,
}

impl Chunk {
    pub fn bytes(&self) -> usize {
        self.records.iter().map(|r| r.data.len()).sum()
    }
}

pub(super) fn encode(arrived: Millis, records: &[Record]) -> Vec<u8> {
    let size: usize = records.iter().map(|r| 6 + r.key.len() + r.data.len()).sum();
    let mut out = Vec::with_capacity(HEAD + size);
    out.put_u8(VERSION);
    out.put_i64(arrived);
    out.put_u32(records.len() as u32);
    for record in records {
        // The gateway bounds keys to 256 characters, so a length fits.
        out.put_u16(record.key.len() as u16);
        out.put_slice(record.key.as_bytes());
        out.put_u32(record.data.len() as u32);
        out.put_slice(&record.data);
    }
    out
}

pub(super) fn decode(key: &[u8], value: &[u8]) -> Result<Chunk, StreamError> {
    let offset = offset(key)?;
    let broken = |_| damaged(format!("offset {offset}"), "the chunk ends too early");
    let mut rest = value;
    let version = rest.try_get_u8().map_err(broken)?;
    if version != VERSION {
        return Err(damaged(format!("offset {offset}"), format!("version {version} is not known")));
    }
    let arrived = rest.try_get_i64().map_err(broken)?;
    let count = rest.try_get_u32().map_err(broken)?;
    let mut records = Vec::with_capacity(count.min(1 << 16) as usize);
    for _ in 0..count {
        let key = take(&mut rest, |r| r.try_get_u16().map(usize::from))
            .ok_or_else(|| damaged(format!("offset {offset}"), "a key is cut short"))?;
        let key = String::from_utf8(key.to_vec()).map_err(|e| damaged(format!("offset {offset}"), e.to_string()))?;
        let data = take(&mut rest, |r| r.try_get_u32().map(|n| n as usize))
            .ok_or_else(|| damaged(format!("offset {offset}"), "a record is cut short"))?;
        records.push(Record { key, data: Bytes::copy_from_slice(data) });
    }
    Ok(Chunk { arrived, records })
}

/// One past the chunk's last offset, without reading its records.
pub(super) fn end(key: &[u8], value: &[u8]) -> Result<u64, StreamError> {
    let first = offset(key)?;
    let count = value.get(9..HEAD).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
    count.map(|c| first + u64::from(c)).ok_or_else(|| damaged(format!("offset {first}"), "the chunk ends too early"))
}

fn offset(key: &[u8]) -> Result<u64, StreamError> {
    key.try_into().map(u64::from_be_bytes).map_err(|_| damaged(format!("key {key:?}"), "not 8 bytes"))
}

fn take<'a, E>(rest: &mut &'a [u8], length: impl Fn(&mut &'a [u8]) -> Result<usize, E>) -> Option<&'a [u8]> {
    let length = length(rest).ok()?;
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(head)
}
