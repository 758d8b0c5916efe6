//! Who may do what to which stream: the one place that both wires ask before every operation.
//!
//! Owns the rule for keys. Putting, reading and managing are rights of their own, each given for streams by name. A name
//! may end in `*`, which stands for any ending, but never reaches the two streams that this server itself fills: these
//! are given in full or not at all. Does not own keys, nor how they are counted: `gateway::keys` does.

use crate::gateway::Key;
use crate::quiz::{QUIZ_ANSWERS, QUIZ_CATALOG};

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

/// Whether this key may do this to the stream of that name, whether the stream is there or not.
#[must_use]
pub fn may(key: &Key, act: Act, stream: &str) -> bool {
    let rights = key.rights();
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
    use crate::gateway::Rights;

    fn key(put: &[&str], read: &[&str], manage: &[&str]) -> Key {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Key::for_test(Rights { put: names(put), read: names(read), manage: names(manage) })
    }

    /// What a key may do to a stream: put, read, manage, describe.
    fn rights(key: &Key, stream: &str) -> [bool; 4] {
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
