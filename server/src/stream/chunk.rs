//! How one append lies in the log. All numbers big-endian:
//!
//! ```text
//! form u8 · arrived i64 (ms) · count u32 · count × ( key length u16 · key · data length u32 · data )
//! ```
//!
//! The form says how to read it: 2, records as their senders wrote them; 3, lines that fit the stream's table.
//!
//! Owns this format, in both directions.

use bytes::BufMut;

use super::{Record, StreamError, damaged};
use crate::records::source::Form;
use app::api::Millis;

const RAW: u8 = 2;
const FITTED: u8 = 3;
const HEAD: usize = 1 + 8 + 4;
/// Bytes around each record.
const AROUND: usize = 2 + 4;

/// A chunk that is being put together; the time of its arrival is filled in when it is written.
pub(super) struct Draft(Vec<u8>);

impl Draft {
    pub fn of<'a>(records: impl Iterator<Item = &'a Record> + Clone, form: Form) -> Self {
        let size: usize = records.clone().map(|r| AROUND + r.key.len() + r.data.len()).sum();
        let mut out = Vec::with_capacity(HEAD + size);
        out.put_u8(if form == Form::Fitted { FITTED } else { RAW });
        out.put_i64(0);
        out.put_u32(0);
        let mut count = 0u32;
        for record in records {
            // Keys have at most 256 characters and data at most 10 MiB; the doors see to that.
            out.put_u16(record.key.len() as u16);
            out.put_slice(record.key.as_bytes());
            out.put_u32(record.data.len() as u32);
            out.put_slice(&record.data);
            count += 1;
        }
        out[9..HEAD].copy_from_slice(&count.to_be_bytes());
        Self(out)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn finish(mut self, arrived: Millis) -> Vec<u8> {
        self.0[1..9].copy_from_slice(&arrived.to_be_bytes());
        self.0
    }
}

/// A chunk that has been read back. `at` names it in errors.
#[derive(Clone, Copy)]
pub(super) struct Chunk<'a> {
    at: u64,
    form: Form,
    arrived: Millis,
    count: u32,
    body: &'a [u8],
}

impl<'a> Chunk<'a> {
    pub fn read(at: u64, value: &'a [u8]) -> Result<Self, StreamError> {
        let (head, body) =
            value.split_at_checked(HEAD).ok_or_else(|| damaged(at_offset(at), "the chunk ends too early"))?;
        let form = match head[0] {
            RAW => Form::Raw,
            FITTED => Form::Fitted,
            other => return Err(damaged(at_offset(at), format!("form {other} is not known"))),
        };
        let number = |range: std::ops::Range<usize>| head[range].iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
        Ok(Self { at, form, arrived: number(1..9).cast_signed(), count: number(9..HEAD) as u32, body })
    }

    /// When it arrived at the stream.
    pub fn arrived(&self) -> Millis {
        self.arrived
    }

    /// Whether its records have been checked.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Its first offset.
    pub fn first(&self) -> u64 {
        self.at
    }

    /// One past its last offset.
    pub fn end(&self) -> u64 {
        self.at + u64::from(self.count)
    }

    /// Bytes of its records.
    pub fn bytes(&self) -> usize {
        self.body.len()
    }

    /// Bytes that it takes in the log.
    pub fn size(&self) -> u64 {
        (HEAD + self.body.len()) as u64
    }

    /// Partition key and data of each record, from the offset `from` on.
    pub fn records(&self, from: u64) -> impl Iterator<Item = Result<(&'a str, &'a [u8]), StreamError>> + use<'a> {
        let (at, mut rest, mut left) = (self.at, self.body, self.count);
        let all = std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            let record = split_record(&mut rest);
            if record.is_none() {
                left = 0;
            }
            Some(record.ok_or_else(|| damaged(at_offset(at), "a record is cut short")))
        });
        all.skip(from.saturating_sub(at) as usize)
    }
}

fn split_record<'a>(rest: &mut &'a [u8]) -> Option<(&'a str, &'a [u8])> {
    let key = split_part::<2>(rest)?;
    let data = split_part::<4>(rest)?;
    Some((std::str::from_utf8(key).ok()?, data))
}

/// A length of `N` bytes, and as many bytes as it says.
fn split_part<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, tail) = rest.split_first_chunk::<N>()?;
    let length = length.iter().fold(0usize, |n, b| n << 8 | usize::from(*b));
    let (part, tail) = tail.split_at_checked(length)?;
    *rest = tail;
    Some(part)
}

fn at_offset(offset: u64) -> String {
    format!("offset {offset}")
}
