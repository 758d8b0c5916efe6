//! Moodle's GIFT format, as far as Freshmark's questions go.
//!
//! Owns the parsing of text into questions with exactly one key. Does not own files, tables or what a quiz is called.
//! The format: <https://docs.moodle.org/en/GIFT_format>. What GIFT has and Freshmark has not (several keys, numbers,
//! matching, short answers, essays) is an error that names the line and says what to do.

mod block;
mod text;

use text::unescape;

/// Limits that keep one file from filling the store.
pub const MOST_BYTES: usize = 1 << 20;
/// Questions of one quiz.
pub const MOST_QUESTIONS: usize = 500;
/// Choices of one question.
pub const MOST_CHOICES: usize = 10;
const MOST_TEXT: usize = 4_000;
const MOST_CHOICE_TEXT: usize = 1_000;

/// One imported question. Exactly one of its choices is the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// `::title::`, if the source has one.
    pub title: Option<String>,
    /// Plain text; a missing word is shown as a blank.
    pub text: String,
    /// 2 to 10, in the order of the source, no two alike.
    pub choices: Vec<Choice>,
    /// General feedback, `####`.
    pub explanation: Option<String>,
}

/// One choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Plain text.
    pub text: String,
    /// Whether it is the key.
    pub is_key: bool,
    /// `#feedback` on this choice.
    pub feedback: Option<String>,
}

/// Why a source was not imported. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GiftError {
    /// No question at all.
    #[error("the file holds no question")]
    Empty,
    /// More than [`MOST_BYTES`].
    #[error("the file has {0} bytes; a quiz may have {MOST_BYTES}")]
    TooLarge(usize),
    /// More than [`MOST_QUESTIONS`].
    #[error("line {line}: a quiz may have {MOST_QUESTIONS} questions; split the file here")]
    TooManyQuestions {
        /// Where the first one too many begins.
        line: usize,
    },
    /// The syntax is not GIFT's.
    #[error("line {line}: {problem}")]
    Syntax {
        /// Where.
        line: usize,
        /// What is wrong, and what to do.
        problem: &'static str,
    },
    /// GIFT has this kind of question, Freshmark has not.
    #[error("line {line}: this is a {kind} question; write it with choices, one `=` and the others `~`")]
    Unsupported {
        /// Where the question begins.
        line: usize,
        /// What GIFT calls it.
        kind: &'static str,
    },
    /// Not exactly one key.
    #[error("line {line}: a question needs exactly one right choice (`=`), this one has {keys}")]
    Keys {
        /// Where the question begins.
        line: usize,
        /// How many it has.
        keys: usize,
    },
    /// Too few or too many choices.
    #[error("line {line}: a question needs 2 to {MOST_CHOICES} choices, this one has {choices}")]
    Choices {
        /// Where the question begins.
        line: usize,
        /// How many it has.
        choices: usize,
    },
    /// Two choices that nobody could tell apart.
    #[error("line {line}: the choice {text:?} stands here twice")]
    Repeated {
        /// Where the question begins.
        line: usize,
        /// The choice.
        text: String,
    },
    /// A text that is empty or longer than it may be.
    #[error("line {line}: {what} needs 1 to {most} characters, this one has {length}")]
    Length {
        /// Where the question begins.
        line: usize,
        /// Which text.
        what: &'static str,
        /// The limit.
        most: usize,
        /// How many it has.
        length: usize,
    },
}

/// Reads a whole GIFT source. All of it is right, or the first thing that is not is named.
///
/// # Errors
/// See [`GiftError`].
pub fn parse(source: &str) -> Result<Vec<Question>, GiftError> {
    if source.len() > MOST_BYTES {
        return Err(GiftError::TooLarge(source.len()));
    }
    let mut questions = Vec::new();
    for paragraph in paragraphs(source)? {
        if questions.len() == MOST_QUESTIONS {
            return Err(GiftError::TooManyQuestions { line: paragraph.line });
        }
        questions.push(question(&paragraph)?);
    }
    if questions.is_empty() { Err(GiftError::Empty) } else { Ok(questions) }
}

/// The source of one question.
struct Paragraph {
    line: usize,
    text: String,
}

/// Cuts the source at blank lines that stand outside an answer block, and leaves comments and categories out.
fn paragraphs(source: &str) -> Result<Vec<Paragraph>, GiftError> {
    let mut found: Vec<Paragraph> = Vec::new();
    let mut current: Option<Paragraph> = None;
    let mut in_block = None;
    for (number, line) in (1..).zip(source.trim_start_matches('\u{feff}').lines()) {
        let trimmed = line.trim();
        let ignored = trimmed.starts_with("//") || (trimmed.starts_with('$') && current.is_none());
        if ignored {
            continue;
        }
        if trimmed.is_empty() && in_block.is_none() {
            found.extend(current.take());
            continue;
        }
        for brace in text::braces(line) {
            in_block = match (brace, in_block) {
                ('{', None) => Some(number),
                ('{', Some(_)) => {
                    return Err(GiftError::Syntax {
                        line: number,
                        problem: "a `{` inside an answer block; write `\\{`",
                    });
                }
                (_, None) => {
                    return Err(GiftError::Syntax { line: number, problem: "a `}` without its `{`; write `\\}`" });
                }
                (_, Some(_)) => None,
            };
        }
        let paragraph = current.get_or_insert_with(|| Paragraph { line: number, text: String::new() });
        paragraph.text.push_str(line.trim_end());
        paragraph.text.push('\n');
    }
    if let Some(line) = in_block {
        return Err(GiftError::Syntax { line, problem: "this answer block is not closed; add a `}`" });
    }
    found.extend(current);
    Ok(found)
}

fn question(paragraph: &Paragraph) -> Result<Question, GiftError> {
    let line = paragraph.line;
    let (title, rest) = title(paragraph.text.trim(), line)?;
    let (before, block, after) = text::split_block(rest)
        .map_err(|problem| GiftError::Syntax { line, problem })?
        .ok_or(GiftError::Unsupported { line, kind: "description" })?;
    let parsed = block::parse(block, line)?;
    let before = unescape(text::without_format(before));
    let after = unescape(after);
    let text = if after.is_empty() { before } else { format!("{before} _____ {after}") };
    check_length(line, "a question", MOST_TEXT, &text)?;
    check_choices(line, &parsed.choices)?;
    Ok(Question { title, text, choices: parsed.choices, explanation: parsed.explanation })
}

/// `::title::`, and what comes after it.
fn title(source: &str, line: usize) -> Result<(Option<String>, &str), GiftError> {
    let Some(rest) = source.strip_prefix("::") else { return Ok((None, source)) };
    let end = text::find_unescaped(rest, "::")
        .ok_or(GiftError::Syntax { line, problem: "this title is not closed; add `::`" })?;
    let title = unescape(&rest[..end]);
    Ok(((!title.is_empty()).then_some(title), rest[end + 2..].trim_start()))
}

fn check_length(line: usize, what: &'static str, most: usize, text: &str) -> Result<(), GiftError> {
    let length = text.chars().count();
    if (1..=most).contains(&length) { Ok(()) } else { Err(GiftError::Length { line, what, most, length }) }
}

fn check_choices(line: usize, choices: &[Choice]) -> Result<(), GiftError> {
    if !(2..=MOST_CHOICES).contains(&choices.len()) {
        return Err(GiftError::Choices { line, choices: choices.len() });
    }
    for (place, choice) in choices.iter().enumerate() {
        check_length(line, "a choice", MOST_CHOICE_TEXT, &choice.text)?;
        if choices[..place].iter().any(|other| other.text == choice.text) {
            return Err(GiftError::Repeated { line, text: choice.text.clone() });
        }
    }
    let keys = choices.iter().filter(|choice| choice.is_key).count();
    if keys == 1 { Ok(()) } else { Err(GiftError::Keys { line, keys }) }
}

#[cfg(test)]
mod tests;
