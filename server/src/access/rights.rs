//! What a key may do to which stream: both wires ask before every operation.
//!
//! Owns the rule for keys. Putting, reading and managing are rights of their own, each given for streams by name. A name
//! may end in `*`, which stands for any ending, but never reaches the two streams that this server itself fills: these
//! are given in full or not at all. Does not own keys, nor how they are counted: the room `keys` does.

use crate::records::{QUIZ_ANSWERS, QUIZ_CATALOG};

/// Stands for every stream but the server's own.
pub const EVERY_STREAM: &str = "*";

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
    /// Returns the rights of whoever runs the server: everything, the server's own streams among them.
    #[must_use]
    pub fn everything() -> Self {
        let names = || [EVERY_STREAM, QUIZ_ANSWERS, QUIZ_CATALOG].map(str::to_owned).to_vec();
        Self { put: names(), read: names(), manage: names() }
    }

    /// Returns the rights of a new key. One that names nothing at all opens every stream but the server's own.
    #[must_use]
    pub fn or_default(self) -> Self {
        if self != Self::default() {
            return self;
        }
        let all = || vec![EVERY_STREAM.to_owned()];
        Self { put: all(), read: all(), manage: all() }
    }
}

/// What somebody wants to do to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Put records.
    Put,
    /// Read records: iterators, and what they lead to.
    Read,
    /// Create, delete or change it.
    Manage,
    /// Know that it is there, and how it is set up. Whoever may do anything to it may do this.
    Describe,
}

/// Whether whoever has these rights may do this to the stream of that name, whether the stream is there or not.
#[must_use]
pub fn may(rights: &Rights, act: Act, stream: &str) -> bool {
    match act {
        Act::Put => covers(&rights.put, stream),
        Act::Read => covers(&rights.read, stream),
        Act::Manage => covers(&rights.manage, stream),
        Act::Describe => [&rights.put, &rights.read, &rights.manage].iter().any(|names| covers(names, stream)),
    }
}

/// Whether one of the names, each written out or with a `*` at its end, stands for the stream.
fn covers(names: &[String], stream: &str) -> bool {
    let is_own = stream == QUIZ_ANSWERS || stream == QUIZ_CATALOG;
    names.iter().any(|name| match name.strip_suffix('*') {
        Some(beginning) => !is_own && stream.starts_with(beginning),
        None => name == stream,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(put: &[&str], read: &[&str], manage: &[&str]) -> Rights {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Rights { put: names(put), read: names(read), manage: names(manage) }
    }

    /// What a key with these rights may do to a stream: put, read, manage, describe.
    fn rights(key: &Rights, stream: &str) -> [bool; 4] {
        [Act::Put, Act::Read, Act::Manage, Act::Describe].map(|act| may(key, act, stream))
    }

    #[test]
    fn a_right_is_for_one_act_and_the_streams_that_it_names() {
        let sensors = key(&["sensor-readings"], &[], &[]);
        assert_eq!(rights(&sensors, "sensor-readings"), [true, false, false, true]);
        for other in ["sensor-reading", "sensor-readings2", "quiz-answers", "clicks", ""] {
            assert_eq!(rights(&sensors, other), [false; 4], "{other}");
        }
        assert_eq!(rights(&key(&[], &["clicks"], &[]), "clicks"), [false, true, false, true]);
        assert_eq!(rights(&key(&[], &[], &["clicks"]), "clicks"), [false, false, true, true]);
        assert_eq!(rights(&key(&[], &[], &[]), "clicks"), [false; 4]);
    }

    #[test]
    fn a_star_stands_for_any_ending_but_never_for_the_servers_own_streams() {
        let all = key(&["*"], &["*"], &["*"]);
        assert_eq!(rights(&all, "clicks"), [true; 4]);
        for own in [QUIZ_ANSWERS, QUIZ_CATALOG] {
            assert_eq!(rights(&all, own), [false; 4], "{own}");
            assert_eq!(rights(&key(&["quiz-*"], &[], &["quiz*"]), own), [false; 4], "{own}");
            assert_eq!(rights(&key(&[own], &[], &[]), own), [true, false, false, true], "{own}");
        }
        assert_eq!(rights(&key(&["quiz-*"], &[], &[]), "quiz-clicks"), [true, false, false, true]);
    }
}
