//! What a key opens, as it is written down.
//!
//! Owns the names of streams in a key's row, and which of them are names at all. Does not own what follows from them: the
//! room `access` does.

use super::KeyError;
use crate::config::streams::is_stream_name;
use crate::quiz::{QUIZ_ANSWERS, QUIZ_CATALOG};
use crate::store::tables::gateway_key;

/// Every stream but the server's own.
const ALL: &str = "*";

/// The streams of each right. A name may end in `*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Records may be put to these.
    pub put: Vec<String>,
    /// Records may be read from these.
    pub read: Vec<String>,
    /// These may be created, deleted and changed.
    pub manage: Vec<String>,
}

impl Rights {
    /// Of whoever runs the server: everything, the server's own streams among them.
    pub(super) fn everything() -> Self {
        let names = || [ALL, QUIZ_ANSWERS, QUIZ_CATALOG].map(str::to_owned).to_vec();
        Self { put: names(), read: names(), manage: names() }
    }

    pub(super) fn of(row: &gateway_key::Model) -> Self {
        let names = |text: &str| text.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Self { put: names(&row.streams), read: names(&row.reads), manage: names(&row.manages) }
    }

    /// The rights of a new key. One that names nothing at all opens every stream but the server's own.
    pub(super) fn or_default(self) -> Self {
        if self != Self::default() {
            return self;
        }
        let all = || vec![ALL.to_owned()];
        Self { put: all(), read: all(), manage: all() }
    }

    /// Whether each is a name, or the beginning of one with a `*` behind it.
    pub(super) fn check(&self) -> Result<(), KeyError> {
        for (field, names) in [("stream", &self.put), ("read", &self.read), ("manage", &self.manage)] {
            if let Some(bad) = names.iter().find(|name| !is_pattern(name)) {
                let problem = format!("{bad:?} is no name for a stream, and no beginning of one with * behind it");
                return Err(KeyError::Invalid { field, problem });
            }
        }
        Ok(())
    }
}

fn is_pattern(name: &str) -> bool {
    name == ALL || is_stream_name(name.strip_suffix('*').unwrap_or(name))
}
