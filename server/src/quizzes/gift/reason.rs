//! Why a question was refused.
//!
//! Owns the words: each names the cause, its line, and what to do. Does not own the order in which causes are looked for.

use std::fmt;

use super::{MOST_BYTES, MOST_CHOICES, MOST_QUESTIONS, MOST_REFUSED};

/// How many lines, and how many refused questions, one sentence names.
const MOST_NAMED: usize = 10;

/// A part of the source that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Refused {
    /// Where the cause stands; lines count from 1.
    pub line: usize,
    /// Where the question begins.
    pub begins: usize,
    /// Its title, or else its first words.
    pub name: String,
    /// The cause, and what to do.
    pub reason: Reason,
}

/// A kind of question that GIFT has and Freshmark has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text without an answer block.
    Description,
    /// An empty answer block.
    Essay,
    /// `{#…}`.
    Numerical,
    /// `{=… -> …}`.
    Matching,
    /// Right answers only.
    ShortAnswer,
    /// Several choices are right together, or each in part.
    MultipleAnswer,
    /// One choice is right, and others are in part.
    PartialCredit,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Description => "a description: a text without choices",
            Self::Essay => "an essay question",
            Self::Numerical => "a numerical question",
            Self::Matching => "a matching question",
            Self::ShortAnswer => "a short-answer question",
            Self::MultipleAnswer => "a multiple-answer question: no choice is right alone",
            Self::PartialCredit => "a question with partial credit: a weight between 0 and 100",
        })
    }
}

/// Why a part of the source was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// More than [`MOST_BYTES`].
    #[error("the file has {bytes} bytes, and a quiz may have {MOST_BYTES}; split the file")]
    TooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// More than [`MOST_QUESTIONS`].
    #[error("a quiz may have {MOST_QUESTIONS} questions; nothing is read from here on: split the file here")]
    TooManyQuestions,
    /// More than [`MOST_REFUSED`].
    #[error("{MOST_REFUSED} questions have been refused; nothing is read from here on: mend those first")]
    TooManyRefused,
    /// GIFT has this kind of question, Freshmark has not.
    #[error(
        "this is {0}; a question here has its choices in braces, `=` before the right one and `~` before the others"
    )]
    Unsupported(Kind),
    /// `::` without its end.
    #[error("the title that begins with `::` here is not closed; write `::` after it too")]
    OpenTitle,
    /// `{` without its end.
    #[error("the brace `{{` opened here is not closed; write `}}` after the last choice")]
    OpenBrace,
    /// `}` without its beginning.
    #[error("this `}}` has no `{{` before it; a brace that is text has to be written `\\}}`")]
    StrayBrace,
    /// A brace that is part of the question's text, as in a formula.
    #[error("`{{` in a text has to be written `\\{{`, and `}}` has to be written `\\}}`")]
    BraceInText,
    /// A brace inside the answer block.
    #[error(
        "`{{` inside a choice has to be written `\\{{`; if a new question begins here, the brace opened on line {opened} \
         is not closed"
    )]
    BraceInChoice {
        /// Where the answer block begins.
        opened: usize,
    },
    /// A second answer block.
    #[error(
        "the question has two gaps, the second one here, and may have one; write a question for each, with a blank line \
         between them. A brace that is text has to be written `\\{{`"
    )]
    TwoGaps,
    /// A title inside a question.
    #[error("a new question begins here; put a blank line before it")]
    NoBlankLine,
    /// Nothing before the answer block.
    #[error("these choices have no text before them; write the question before `{{`, with no blank line between them")]
    NoText,
    /// Text between `{` and the first mark.
    #[error(
        "a choice begins with `=` or `~`; write one of them before the first words after `{{`. A brace that is text has \
         to be written `\\{{`"
    )]
    NoMark,
    /// A mark with no text after it.
    #[error("a choice without a text; write one after its `=` or `~`, or take the mark out")]
    EmptyChoice,
    /// `#` where no feedback is meant.
    #[error("`#` begins feedback; a `#` inside a choice has to be written `\\#`")]
    HashInChoice,
    /// `=` where no choice is meant.
    #[error("the `=` inside a choice has to be written `\\=`{}; only the right choice begins with `=`", Also(.also))]
    EqualsInChoice {
        /// The other lines with one.
        also: Vec<usize>,
    },
    /// No key.
    #[error("no choice is marked as right; write `=` before the right one")]
    NoKey,
    /// Several keys.
    #[error(
        "{keys} choices are marked as right, and exactly one may be: `=` stands before it alone. An `=` inside a choice \
         has to be written `\\=`"
    )]
    SeveralKeys {
        /// How many.
        keys: usize,
    },
    /// A weight that GIFT does not know.
    #[error("a weight is a number from -100 to 100 between two `%`")]
    Weight,
    /// Too few choices or more than [`MOST_CHOICES`].
    #[error("a question has 2 to {MOST_CHOICES} choices, this one has {choices}")]
    Choices {
        /// How many it has.
        choices: usize,
    },
    /// Two choices that nobody could tell apart.
    #[error("the choice “{text}” stands here twice; change one of them, or take it out")]
    Repeated {
        /// The choice, or its first words.
        text: String,
    },
    /// A text that is longer than it may be.
    #[error("{what} may have {most} characters, this one has {length}; make it shorter")]
    TooLong {
        /// Which text.
        what: &'static str,
        /// The limit.
        most: usize,
        /// How many it has.
        length: usize,
    },
    /// A character that no database keeps.
    #[error("the character U+0000 stands here, and is no text; save the file as UTF-8")]
    Nul,
}

/// `, also on lines 2 and 3`.
struct Also<'a>(&'a [usize]);

impl fmt::Display for Also<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = &self.0[..self.0.len().min(MOST_NAMED)];
        for (place, line) in named.iter().enumerate() {
            f.write_str(match place {
                0 if named.len() == 1 => ", also on line ",
                0 => ", also on lines ",
                _ if place + 1 == named.len() => " and ",
                _ => ", ",
            })?;
            write!(f, "{line}")?;
        }
        if named.len() < self.0.len() { f.write_str(" and on others") } else { Ok(()) }
    }
}

/// A source of which no question was taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", Reasons(.0))]
pub struct NoQuestion(pub Vec<Refused>);

struct Reasons<'a>(&'a [Refused]);

impl fmt::Display for Reasons<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the file holds no question");
        }
        f.write_str("no question of the file could be taken")?;
        for refused in self.0.iter().take(MOST_NAMED) {
            write!(f, "\n{refused}")?;
        }
        match self.0.len().saturating_sub(MOST_NAMED) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

/// What is wrong, and on which line.
pub(super) struct Fault {
    pub line: usize,
    pub reason: Reason,
}

impl Fault {
    pub(super) fn new(line: usize, reason: Reason) -> Self {
        Self { line, reason }
    }
}
