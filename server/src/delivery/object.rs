//! What goes into the lake: a gzip member of JSON lines, and the manifest that names it.
//!
//! The manifest has the shape that Redshift's `UNLOAD … MANIFEST VERBOSE` writes and its COPY reads. Its `meta` carries
//! the range besides, so that the whole lake can be brought into an empty warehouse, load history and all.
//!
//! Owns both formats. Does not own where objects and manifests lie (`names`).

use std::io::{self, BufRead, BufReader, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::records::source::Cut;

/// Compresses an object. The bytes depend on the data alone: the gzip header carries no time and no name.
pub(super) fn gzip(lines: &[u8]) -> io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(lines.len() / 8), Compression::fast());
    encoder.write_all(lines)?;
    Ok(encoder.finish()?.into())
}

/// The lines of an object, without their newlines. One that is damaged ends with an error.
pub fn lines_of(object: &[u8]) -> impl Iterator<Item = io::Result<Vec<u8>>> {
    BufReader::new(GzDecoder::new(object)).split(b'\n')
}

/// A manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The objects to load.
    pub entries: Vec<Entry>,
    /// Which range of which stream it is.
    pub meta: Option<Meta>,
}

/// One object of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Where it lies.
    pub url: Url,
    /// Whether a COPY without it has to fail. Redshift takes an absent one as `false`.
    #[serde(default)]
    pub mandatory: bool,
    /// Its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Size>,
}

/// How large an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Bytes, compressed.
    pub content_length: u64,
    /// Rows.
    pub record_count: u64,
}

/// Which range a manifest stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Delivery stream.
    pub stream: String,
    /// Shard of it.
    pub shard: String,
    /// First record.
    pub start: u64,
    /// One past the last.
    pub end: u64,
    /// What the source calls the last record; absent if it goes by offsets alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
}

impl Meta {
    pub(super) fn of(stream: &str, shard: &str, Cut { start, end }: Cut, checkpoint: Option<String>) -> Self {
        Self { stream: stream.to_owned(), shard: shard.to_owned(), start, end, checkpoint }
    }
}

impl Manifest {
    /// The manifest of one batch. The object is mandatory, because a missing one must stop the COPY.
    pub(super) fn of(meta: Meta, object: Url, size: Size) -> Self {
        Self { entries: vec![Entry { url: object, mandatory: true, meta: Some(size) }], meta: Some(meta) }
    }

    /// The range of the one batch that it stands for, where its object lies, and how large that is.
    ///
    /// # Errors
    /// Says what is missing of that.
    pub fn only_batch(&self) -> Result<(&Meta, &Url, Size), &'static str> {
        let meta = self.meta.as_ref().ok_or("does not say which range it is")?;
        let [entry] = &self.entries[..] else { return Err("does not name one object") };
        Ok((meta, &entry.url, entry.meta.ok_or("does not say how large its object is")?))
    }

    pub(super) fn bytes(&self) -> io::Result<Bytes> {
        Ok(serde_json::to_vec(self)?.into())
    }
}
