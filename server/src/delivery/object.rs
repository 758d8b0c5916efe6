//! What goes into the lake: a gzip member of JSON lines, and the manifest that names it.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use url::Url;

/// Compresses an object. The bytes depend on the data alone: the gzip header carries no time and no name.
pub(super) fn gzip(lines: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(lines.len() / 8), Compression::fast());
    encoder.write_all(lines)?;
    Ok(encoder.finish()?.into())
}

/// A manifest as Redshift's COPY takes it. `mandatory`, because a missing object must stop the COPY.
pub(super) fn manifest(object: &Url) -> Bytes {
    json!({ "entries": [{ "url": object, "mandatory": true }] }).to_string().into()
}
