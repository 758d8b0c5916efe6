//! One question: its title, its text, and its limits.
//!
//! Owns what is checked after the pieces have been read. Does not own where a question ends, nor its answer block.

use super::paragraph::Paragraph;
use super::reason::{Fault, Kind, Reason};
use super::text::{
    Format, Glyph, Text, begins_with, find, folded, glyphs, shortened, text_at, trim, trim_start, without_format,
};
use super::{MOST_CHOICE_TEXT, MOST_TEXT, MOST_TITLE, Question, block, braces};

/// What stands where a word is missing.
const BLANK: &str = "_____";

/// Reads a paragraph as one question.
pub(super) fn read(paragraph: &Paragraph<'_>) -> Result<Question, Fault> {
    let line = paragraph.line;
    let source = glyphs(&paragraph.lines);
    if let Some(nul) = source.iter().find(|glyph| glyph.c == '\0') {
        return Err(Fault::new(nul.line, Reason::Nul));
    }
    let (title, rest) = title(&source, line)?;
    let unsupported = || Fault::new(line, Reason::Unsupported(Kind::Description));
    let parts = braces::parts(rest)?.ok_or_else(unsupported)?;
    let text = text_around(&parts, title.is_none());
    let block = block::read(&parts, text.format, line)?;
    if is_empty(&text) {
        return Err(Fault::new(parts.opened, Reason::NoText));
    }
    let question = Question { line, title, text, choices: block.choices, explanation: block.explanation };
    check_lengths(&question)?;
    Ok(question)
}

/// A title, or the first words, to recognise a refused question by.
pub(super) fn name(paragraph: &Paragraph<'_>) -> String {
    let source = glyphs(&paragraph.lines);
    let words = match title(&source, paragraph.line) {
        Ok((Some(title), _)) => title,
        Ok((None, rest)) => before_block(rest),
        Err(_) => before_block(&source),
    };
    shortened(&words)
}

fn before_block(source: &[Glyph]) -> String {
    let before = find(source, "{").map_or(source, |open| &source[..open]);
    folded(without_format(if trim(before).is_empty() { source } else { before }))
}

/// `::title::`, and what comes after it.
fn title(source: &[Glyph], line: usize) -> Result<(Option<String>, &[Glyph]), Fault> {
    let trimmed = trim_start(source);
    if !begins_with(trimmed, "::") {
        return Ok((None, source));
    }
    let rest = &trimmed[2..];
    let end = find(rest, "::").ok_or_else(|| Fault::new(line, Reason::OpenTitle))?;
    let title = folded(&rest[..end]);
    Ok(((!title.is_empty()).then_some(title), &rest[end + 2..]))
}

/// The text before and after the answer block. A blank marks its place, unless it is the end.
fn text_around(parts: &braces::Parts<'_>, starts_line: bool) -> Text {
    if trim(parts.after).is_empty() {
        return text_at(parts.before, Format::default(), starts_line);
    }
    let blank = BLANK.chars().map(|c| Glyph { c, is_escaped: false, line: parts.opened });
    let around: Vec<Glyph> = parts.before.iter().copied().chain(blank).chain(parts.after.iter().copied()).collect();
    text_at(&around, Format::default(), starts_line)
}

/// Nothing to read, or a blank alone.
fn is_empty(text: &Text) -> bool {
    text.source.trim().is_empty() || text.source == BLANK
}

fn check_lengths(question: &Question) -> Result<(), Fault> {
    let title = question.title.as_deref().map(|title| ("a title", title, MOST_TITLE));
    let explanation = question.explanation.as_ref().map(|text| ("an explanation", text.source.as_str(), MOST_TEXT));
    let choices = question.choices.iter().flat_map(|choice| {
        let feedback = choice.feedback.as_ref().map(|text| ("feedback", text.source.as_str(), MOST_TEXT));
        [Some(("a choice", choice.text.source.as_str(), MOST_CHOICE_TEXT)), feedback].into_iter().flatten()
    });
    let text = ("a question", question.text.source.as_str(), MOST_TEXT);
    for (what, text, most) in [text].into_iter().chain(title).chain(explanation).chain(choices) {
        let length = text.chars().count();
        if length > most {
            return Err(Fault::new(question.line, Reason::TooLong { what, most, length }));
        }
    }
    Ok(())
}
