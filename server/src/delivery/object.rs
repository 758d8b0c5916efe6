//! What goes into the lake: a gzip member of JSON lines.
//!
//! Owns this format. Does not own where objects lie (`names`), nor the manifest that names one (`records::manifest`).

use std::io::{self, BufRead, BufReader, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

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
