//! Which names and prefixes a stream that is made over the wire may have.
//!
//! Owns the rule that nobody writes where the lake keeps something else: a manifest that a stream forged would be loaded
//! when the warehouse is rebuilt, and an object in another stream's folder would look like that stream's own. Does not own
//! the lake's layout: `delivery` does.

use std::sync::Arc;

use super::{DeliveryStream, RegistryError};
use crate::delivery::is_reserved_folder;
use crate::registry::terms::StreamConfig;

/// Whether the lake has room for the stream beside the others.
///
/// # Errors
/// Names what is reserved.
pub(super) fn check(new: &StreamConfig, others: &[Arc<DeliveryStream>]) -> Result<(), RegistryError> {
    let reserved = |problem: String| Err(RegistryError::Reserved(problem));
    if is_reserved_folder(&new.name) {
        return reserved(format!("the name {:?} is reserved for the lake's own use; choose another", new.name));
    }
    if let Some(other) = others.iter().find(|other| folder_of(other.config()).eq_ignore_ascii_case(&new.name)) {
        return reserved(format!("objects of the stream {} lie in the folder {:?}", other.name(), new.name));
    }
    let Some(prefix) = new.destination.as_ref().and_then(|destination| destination.layout.prefix.as_deref()) else {
        return Ok(());
    };
    let (folders, _) = prefix.rsplit_once('/').unwrap_or_default();
    let is_path = |part: &str| !part.is_empty() && !part.bytes().all(|byte| byte == b'.');
    if !folders.is_empty() && !folders.split('/').all(is_path) {
        return reserved(format!("the prefix {prefix:?} is no path: folders have a name, and are not . or .."));
    }
    if prefix.chars().any(char::is_control) {
        return reserved(format!("the prefix {prefix:?} holds a control character"));
    }
    let folder = folder_of(new);
    if is_reserved_folder(folder) {
        return reserved(format!("the prefix {prefix:?} is reserved for the lake's own use; choose another"));
    }
    // As with Firehose, two streams may have one prefix in common: their objects' names tell them apart.
    let is_another =
        |other: &&Arc<DeliveryStream>| other.name() != new.name && other.name().eq_ignore_ascii_case(folder);
    match others.iter().find(is_another) {
        Some(other) => reserved(format!("the prefix {prefix:?} is where objects of the stream {} lie", other.name())),
        None => Ok(()),
    }
}

/// The folder at the lake's root that a stream's objects lie in. A prefix without a slash begins the hour's folder.
fn folder_of(stream: &StreamConfig) -> &str {
    let prefix = stream.destination.as_ref().and_then(|destination| destination.layout.prefix.as_deref());
    match prefix {
        None => &stream.name,
        Some(prefix) => prefix.split_once('/').map_or("", |(folder, _)| folder),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::delivery::BufferingHints;

    fn stream(name: &str, prefix: Option<&str>) -> StreamConfig {
        let mut config =
            StreamConfig::to_lake(name, BufferingHints { size_bytes: 1 << 20, interval: Duration::from_secs(60) });
        if let Some(destination) = &mut config.destination {
            destination.layout.prefix = prefix.map(str::to_owned);
        }
        config
    }

    #[test]
    fn what_the_lake_s_layout_owns_is_reserved_folder() {
        for name in ["manifests", "Errors", "processing-failed", ".", "..", "..."] {
            assert!(matches!(check(&stream(name, None), &[]), Err(RegistryError::Reserved(_))), "{name}");
        }
        for prefix in [
            "manifests/",
            "manifests/quiz-answers/",
            "ERRORS/x",
            "processing-failed/",
            "../x/",
            "a//b/",
            "a/../b/",
            "/x/",
        ] {
            assert!(matches!(check(&stream("s", Some(prefix)), &[]), Err(RegistryError::Reserved(_))), "{prefix}");
        }
        for (name, prefix) in
            [("s", None), ("manifests2", None), ("s", Some("clicks/raw/")), ("s", Some("clicks-")), ("s", Some(""))]
        {
            assert!(check(&stream(name, prefix), &[]).is_ok(), "{name} {prefix:?}");
        }
    }
}
