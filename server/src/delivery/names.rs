//! Firehose's key layout: `<prefix>YYYY/MM/dd/HH/<stream>-<version>-YYYY-MM-dd-HH-MM-SS-<uuid>`, in UTC.
//!
//! Firehose takes time and uuid from the moment of writing. Here the time is the arrival of the first record and the
//! uuid is version 5 of stream, shard and range, so that the same range always has the same name.
//!
//! Owns every key of the lake: objects, manifests, error output, and which folders are reserved.

use app::api::Millis;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::records::source::Cut;
use crate::warehouse::FOLDED;

/// The version of the delivery stream's configuration that Firehose puts into the key.
const VERSION: u32 = 1;

/// Version-5 uuids of batches live in this name space.
const BATCHES: Uuid = Uuid::from_u128(0x6f1d_7a52_8c1e_4f0b_9d3c_5b7e_2a94_c610);

/// Where the manifests lie that COPY takes, below the lake's root.
pub const MANIFESTS: &str = "manifests";
/// Where the records lie that could not be processed.
const FAILED: &str = "processing-failed";
/// Where the manifests lie whose COPY was given up, in a folder of their own.
const ERRORS: &str = "errors";

/// Where the last heartbeats lie, one object a shard. A query of the load history knows this name, too.
pub(super) const HEARTBEATS: &str = "heartbeats";

/// How the keys of their manifests end.
pub(super) const MANIFEST_OF_HEARTBEATS: &str = ".manifest";

/// The folders at the lake's root that are not a stream's. The last one does not exist: a row of the load history that
/// stands for many objects has that name.
const OWNED_FOLDERS: &[&str] = &[MANIFESTS, FAILED, ERRORS, HEARTBEATS, FOLDED];

/// Whether an object or a manifest in the lake is of heartbeats alone.
#[must_use]
pub fn is_of_heartbeats(key: &str) -> bool {
    key.split('/').next() == Some(HEARTBEATS)
}

/// Whether the lake keeps the folder at its root of this name for itself, in any case of letters. Names of one or more dots
/// are no folder's.
#[must_use]
pub fn is_reserved_folder(name: &str) -> bool {
    let is_dots = !name.is_empty() && name.bytes().all(|byte| byte == b'.');
    is_dots || OWNED_FOLDERS.iter().any(|owned| owned.eq_ignore_ascii_case(name))
}

/// How a stream's objects lie in the lake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What their keys begin with; absent is the stream's name and a slash.
    pub prefix: Option<String>,
    /// Whether they are compressed.
    pub is_gzip: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Self { prefix: None, is_gzip: true }
    }
}

/// Keys of what one batch leaves in the lake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// The rows.
    pub object: String,
    /// The manifest that COPY takes.
    pub manifest: String,
    /// Records that could not be processed.
    pub failed: String,
    /// The same manifest, left there if COPY failed for good.
    pub parked: String,
}

impl Names {
    pub fn of(stream: &str, shard: &str, layout: &Layout, cut: Cut, first_arrived: Millis) -> Self {
        let at: DateTime<Utc> = DateTime::from_timestamp_millis(first_arrived).unwrap_or_default();
        let range = format!("{stream}/{shard}/{}-{}", cut.start, cut.end);
        let uuid = Uuid::new_v5(&BATCHES, range.as_bytes());
        let name = format!("{}/{stream}-{VERSION}-{}-{uuid}", at.format("%Y/%m/%d/%H"), at.format("%Y-%m-%d-%H-%M-%S"));
        let prefix = layout.prefix.clone().unwrap_or_else(|| format!("{stream}/"));
        Self {
            object: format!("{prefix}{name}{}", if layout.is_gzip { ".gz" } else { "" }),
            manifest: format!("{MANIFESTS}/{stream}/{name}"),
            failed: format!("{FAILED}/{stream}/{name}"),
            parked: format!("{ERRORS}/{MANIFESTS}/{stream}/{name}"),
        }
    }

    /// The same for a batch of heartbeats and nothing else: each takes the place of the one before.
    pub fn of_heartbeats(self, stream: &str, shard: &str) -> Self {
        let object = format!("{HEARTBEATS}/{stream}/{shard}");
        Self { manifest: format!("{object}{MANIFEST_OF_HEARTBEATS}"), object: format!("{object}.gz"), ..self }
    }
}

/// The key of the object that a batch of this range has in the lake.
#[must_use]
pub fn object_key(stream: &str, shard: &str, layout: &Layout, cut: Cut, first_arrived: i64) -> String {
    Names::of(stream, shard, layout, cut, first_arrived).object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_follow_firehose_and_depend_on_the_range_alone() {
        let names = |start, end| {
            let cut = Cut { start, end };
            Names::of("quiz-answers", "shardId-000000000000", &Layout::default(), cut, 1_769_856_067_123)
        };
        let one = names(0, 500);
        let hour = "quiz-answers/2026/01/31/10/quiz-answers-1-2026-01-31-10-41-07-";
        assert!(one.object.starts_with(hour) && one.object.ends_with(".gz"), "{one:?}");
        assert!(one.manifest.starts_with(&format!("manifests/{hour}")));
        assert!(one.failed.starts_with(&format!("processing-failed/{hour}")));
        assert!(one.parked.starts_with(&format!("errors/manifests/{hour}")));
        assert_eq!(one, names(0, 500));
        assert_ne!(one, names(0, 501));
        assert_ne!(one, names(500, 1000));
    }
}
