//! Names of people, as they are written, compared and refused.
//!
//! Owns which characters a name keeps, and when two names are one: case, spacing, the form of apostrophes, hyphens and
//! accents, wide letters and characters that nobody sees make no difference. Does not own who somebody is.

use unicode_normalization::UnicodeNormalization;

/// Characters of a name.
pub const LONGEST: usize = 80;

/// Why a name is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is nothing that can be seen.
    #[error("write your name as it stands on the class list, with letters")]
    Invisible,
    /// It is too long.
    #[error("has to be text of at most {LONGEST} characters")]
    TooLong,
}

/// A name as it is kept and shown: composed, with single spaces, without control characters and without those that are
/// not seen or that change the direction of what stands around them.
///
/// # Errors
/// If no letter or digit is left, or it is too long.
pub fn clean(name: &str) -> Result<String, NameError> {
    let composed: String = name.nfc().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let visible: String = composed.chars().filter(|c| !is_invisible(*c) || is_joiner(*c)).collect();
    let words: Vec<&str> = visible.split_whitespace().map(|word| word.trim_matches(is_joiner)).collect();
    let name = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if !name.chars().any(char::is_alphanumeric) {
        return Err(NameError::Invisible);
    }
    if name.chars().count() > LONGEST {
        return Err(NameError::TooLong);
    }
    Ok(name)
}

/// A name as it is compared. Two names with the same are one.
#[must_use]
pub fn fold(name: &str) -> String {
    // Before compatible characters become one, too: an acute accent that stands alone would become a space.
    let compatible = name.nfc().map(plain).nfkc();
    let plain: String = compatible.filter(|c| !is_invisible(*c)).map(plain).flat_map(char::to_lowercase).collect();
    // Lower case may compose anew.
    let plain: String = plain.nfkc().collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One apostrophe and one hyphen for all that look like them, and one small sigma wherever it stands in a word.
fn plain(c: char) -> char {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '\u{2b9}' | '\u{2032}' | '\u{b4}' | '`' | '\u{ff07}' => '\'',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => '-',
        'ς' => 'σ',
        other => other,
    }
}

/// Joins letters in scripts that need it, and is kept between them.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Control and format characters, and letters and signs that are blank: Unicode's default-ignorable code points, the
/// direction marks, the Hangul fillers and the blank Braille pattern.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_one() {
        for (one, other) in [
            ("  Ada   LOVELACE ", "ada lovelace"),
            ("Emma\u{200b} Smith", "Emma Smith"),
            ("O\u{2019}Brien Kim", "O'Brien Kim"),
            ("O\u{b4}Brien", "O'Brien"),
            ("O\u{1ffd}Brien", "O'Brien"),
            ("ΝΙΚΟΣ", "Νικος"),
            ("O`Brien Kim", "O\u{2bc}Brien Kim"),
            ("José Álvarez", "Jose\u{301} A\u{301}lvarez"),
            ("Ａｄａ Ｌｏｖｅｌａｃｅ", "Ada Lovelace"),
            ("Anne\u{2011}Marie", "anne-marie"),
            ("Ada\u{3000}Lovelace", "Ada\u{a0}Lovelace"),
            ("\u{202e}Ada", "Ada"),
            ("İpek", "i\u{307}pek"),
        ] {
            assert_eq!(fold(one), fold(other), "{one:?} and {other:?}");
        }
        assert_ne!(fold("Ada"), fold("Áda"), "an accent is another name");
    }

    #[test]
    fn a_name_that_cannot_be_seen_is_none() {
        for name in [
            "",
            " \u{a0}",
            "\u{200b}\u{200b}",
            "\u{3164}",
            "\u{202e}",
            "\u{2800}",
            "\u{feff}",
            "\u{301}",
            "''",
            "\u{e0041}",
        ] {
            assert_eq!(clean(name), Err(NameError::Invisible), "{name:?}");
        }
        assert_eq!(clean(&"x".repeat(81)), Err(NameError::TooLong));
        assert_eq!(clean(&"x".repeat(80)).as_deref(), Ok("x".repeat(80).as_str()));
    }

    #[test]
    fn a_name_is_shown_as_it_reads() {
        assert_eq!(clean("\u{202e}esmE").as_deref(), Ok("esmE"));
        assert_eq!(clean(" Jose\u{301}\t\u{200b} Ruiz\n").as_deref(), Ok("José Ruiz"));
        assert_eq!(clean("علی\u{200c}رضا").as_deref(), Ok("علی\u{200c}رضا"), "the joiner belongs to the name");
    }
}
