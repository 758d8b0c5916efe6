//! What a file is called where it is saved.
//!
//! Owns which characters a name may have, and its length.

use app::api::Millis;
use chrono::{DateTime, Utc};

use super::Export;
use super::snapshot::Snapshot;

/// Longest part of a name, in bytes: a system takes 255 in all.
const MOST_BYTES: usize = 100;

/// A file's name, safe on every system: letters, digits, dashes and dots. `Rivers-Year-8-answers-2026-01-31T10-41-07Z.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName {
    /// With letters of any script.
    pub whole: String,
    /// For whoever does not read those.
    pub ascii: String,
}

impl FileName {
    pub(super) fn of(snapshot: &Snapshot, export: Export) -> Self {
        Self::new(&snapshot.results.quiz_title, &snapshot.results.class_name, export, snapshot.as_of)
    }

    fn new(quiz: &str, class: &str, export: Export, as_of: Millis) -> Self {
        let (kind, extension) = export.name().split_once('.').unwrap_or_default();
        let at = DateTime::<Utc>::from_timestamp_millis(as_of).unwrap_or_default().format("%Y-%m-%dT%H-%M-%SZ");
        let name = |is_kept: fn(char) -> bool| {
            let parts = [part(quiz, is_kept), part(class, is_kept), kind.to_owned(), at.to_string()];
            let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            format!("{}.{extension}", parts.join("-"))
        };
        Self { whole: name(char::is_alphanumeric), ascii: name(|c| c.is_ascii_alphanumeric()) }
    }
}

/// The words of a text with dashes between them.
fn part(text: &str, is_kept: fn(char) -> bool) -> String {
    let words: Vec<&str> = text.split(|c| !is_kept(c)).filter(|word| !word.is_empty()).collect();
    let mut bytes = 0;
    let fits = |c: &char| {
        bytes += c.len_utf8();
        bytes <= MOST_BYTES
    };
    let part: String = words.join("-").chars().take_while(fits).collect();
    part.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_name_tells_what_it_holds_and_nothing_in_it_means_anything_to_a_system() {
        let at = 1_769_856_067_123;
        let name = FileName::new("Rivers/..\\\"and\" seas\r\n", "Year 8 · ב", Export::Answers, at);
        assert_eq!(name.whole, "Rivers-and-seas-Year-8-ב-answers-2026-01-31T10-41-07Z.csv");
        assert_eq!(name.ascii, "Rivers-and-seas-Year-8-answers-2026-01-31T10-41-07Z.csv");
        let name = FileName::new("数学", "", Export::Workbook, at);
        assert_eq!(
            [name.whole, name.ascii],
            ["数学-results-2026-01-31T10-41-07Z.xlsx", "results-2026-01-31T10-41-07Z.xlsx"]
        );
        for long in ["ü ", "x", "数"].map(|part| part.repeat(500)) {
            let name = FileName::new(&long, &long, Export::Workbook, at);
            assert!((200..=255).contains(&name.whole.len()), "{} bytes", name.whole.len());
        }
    }
}
