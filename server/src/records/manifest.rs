//! Manifests: which objects COPY loads.
//!
//! A manifest has the shape that Redshift's `UNLOAD … MANIFEST VERBOSE` writes and its COPY reads. Its `meta` carries the range
//! besides, so that the whole lake can be brought into an empty warehouse, load history and all.
//!
//! Owns this format, for those who write and who read it. Does not own where manifests lie.

use std::io;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

use super::source::Cut;

/// A manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The objects to load.
    pub entries: Vec<Entry>,
    /// Which range of which stream it is; absent in manifests that others have written.
    #[serde(default, deserialize_with = "if_ours")]
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
    #[serde(default, deserialize_with = "if_ours", skip_serializing_if = "Option::is_none")]
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
    /// The range of one batch.
    #[must_use]
    pub fn of(stream: &str, shard: &str, Cut { start, end }: Cut, checkpoint: Option<String>) -> Self {
        Self { stream: stream.to_owned(), shard: shard.to_owned(), start, end, checkpoint }
    }
}

impl Manifest {
    /// The manifest of one batch. The object is mandatory, because a missing one must stop the COPY.
    #[must_use]
    pub fn of(meta: Meta, object: Url, size: Size) -> Self {
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

    /// The manifest as it lies in the lake.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn bytes(&self) -> io::Result<Bytes> {
        Ok(serde_json::to_vec(self)?.into())
    }
}

/// What Redshift writes in the same place has other fields, and COPY needs none of them.
fn if_ours<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(serde_json::Value::deserialize(from)?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_that_redshift_has_written_is_read_and_stands_for_no_range() {
        let verbose = r#"{"entries": [{"url": "s3://lake/a.gz", "meta": {"content_length": 7, "record_count": 1}},
            {"url": "s3://lake/b.gz", "mandatory": true, "meta": {"content_length": 9}}],
            "schema": {"elements": []}, "meta": {"content_length": 16, "record_count": 2}}"#;
        let manifest: Manifest = serde_json::from_str(verbose).expect("a manifest");
        let read: Vec<_> = manifest.entries.iter().map(|entry| (entry.mandatory, entry.meta.is_some())).collect();
        assert_eq!(read, [(false, true), (true, false)]);
        assert!(manifest.only_batch().is_err());
    }

    #[test]
    fn the_range_of_a_batch_comes_back_as_it_was_written() {
        let meta = Meta::of("s", "shardId-000000000000", Cut { start: 3, end: 9 }, Some("c".to_owned()));
        let url = Url::parse("s3://lake/a%20b.gz").expect("a url");
        let written = Manifest::of(meta, url, Size { content_length: 5, record_count: 6 });
        let read: Manifest = serde_json::from_slice(&written.bytes().expect("json")).expect("a manifest");
        assert_eq!(read, written);
        assert_eq!(read.only_batch().expect("one batch").0.end, 9);
    }
}
