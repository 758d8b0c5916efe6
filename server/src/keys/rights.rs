//! What a key opens, as it is written down.
//!
//! Owns the names of streams in a key's row, and which of them are names at all. Does not own what follows from them: the
//! room `access` does.

use super::KeyError;
use crate::access::{EVERY_STREAM, Rights};
use crate::registry::terms::is_stream_name;
use crate::store::tables::gateway_key;

/// The rights in a key's row.
pub(super) fn of(row: &gateway_key::Model) -> Rights {
    let names = |text: &str| text.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Rights { put: names(&row.streams), read: names(&row.reads), manage: names(&row.manages) }
}

/// Checks that each name is a stream's name, or the beginning of one with a `*` behind it.
pub(super) fn check(rights: &Rights) -> Result<(), KeyError> {
    for (field, names) in [("stream", &rights.put), ("read", &rights.read), ("manage", &rights.manage)] {
        if let Some(bad) = names.iter().find(|name| !is_pattern(name)) {
            let problem = format!("{bad:?} is no name for a stream, and no beginning of one with * behind it");
            return Err(KeyError::Invalid { field, problem });
        }
    }
    Ok(())
}

fn is_pattern(name: &str) -> bool {
    name == EVERY_STREAM || is_stream_name(name.strip_suffix('*').unwrap_or(name))
}
