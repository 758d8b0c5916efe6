//! Moodle's GIFT format, as far as Freshmark's questions go.
//!
//! Owns the reading of a text into questions with exactly one key, and the reasons for what is not taken. Does not own
//! files, tables, what a quiz is called, or how markup is shown: a text keeps its format's name and its source.
//!
//! The format: <https://docs.moodle.org/en/GIFT_format>. The order of reading is Moodle's: comments, blank lines, escapes,
//! title, first `{` and first `}`, general feedback, kind, choices. Where Moodle guesses, this reader refuses and says why:
//! a question is read as Moodle reads it, or not at all.

mod block;
mod braces;
mod paragraph;
mod question;
mod reason;
mod text;

pub use reason::{Kind, NoQuestion, Reason, Refused};
pub use text::{Format, Text};

/// Limits that keep one file from filling the store.
pub const MOST_BYTES: usize = 1 << 20;
/// Questions of one quiz.
pub const MOST_QUESTIONS: usize = 500;
/// Refused questions that are listed; reading ends there.
pub const MOST_REFUSED: usize = 500;
/// Choices of one question.
pub const MOST_CHOICES: usize = 10;
/// No text, wherever it stands: files that were put together have one in the middle.
const BYTE_ORDER_MARK: char = '\u{feff}';
const MOST_TITLE: usize = 1_000;
const MOST_TEXT: usize = 4_000;
const MOST_CHOICE_TEXT: usize = 1_000;

/// What a GIFT source holds. Both lists are in the order of the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The questions that were taken, at most [`MOST_QUESTIONS`].
    pub questions: Vec<Question>,
    /// What was not taken, and why: at most [`MOST_REFUSED`], and one more that says where reading ended.
    pub refused: Vec<Refused>,
}

/// One question. Exactly one of its choices is the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Where it begins; lines count from 1.
    pub line: usize,
    /// `::title::`, if the source has one, on one line.
    pub title: Option<String>,
    /// Never empty; a missing word is shown as a blank.
    pub text: Text,
    /// 2 to 10, in the order of the source, no two alike.
    pub choices: Vec<Choice>,
    /// General feedback, `####`.
    pub explanation: Option<Text>,
}

/// One choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Never empty.
    pub text: Text,
    /// Whether it is the key.
    pub is_key: bool,
    /// `#feedback` on this choice.
    pub feedback: Option<Text>,
}

/// Reads a whole GIFT source: takes each question that is right, and lists each that is not.
#[must_use]
pub fn read(source: &str) -> Reading {
    let mut reading = Reading::default();
    if source.len() > MOST_BYTES {
        let reason = Reason::TooLarge { bytes: source.len() };
        reading.refused.push(Refused { line: 1, begins: 1, name: String::new(), reason });
        return reading;
    }
    let source = source.replace(BYTE_ORDER_MARK, "");
    for paragraph in paragraph::paragraphs(&source) {
        let refuse = |line, reason| Refused { line, begins: paragraph.line, name: question::name(&paragraph), reason };
        if reading.refused.len() == MOST_REFUSED {
            reading.refused.push(refuse(paragraph.line, Reason::TooManyRefused));
            break;
        }
        match question::read(&paragraph) {
            Ok(_) if reading.questions.len() == MOST_QUESTIONS => {
                reading.refused.push(refuse(paragraph.line, Reason::TooManyQuestions));
                break;
            }
            Ok(question) => reading.questions.push(question),
            Err(fault) => reading.refused.push(refuse(fault.line, fault.reason)),
        }
    }
    reading
}

#[cfg(test)]
mod tests;
