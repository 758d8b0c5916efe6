//! A file's paragraphs: one question each.
//!
//! Owns line ends, comments, the one command that GIFT has, and where a question begins and ends. Does not own what stands
//! in it.

use super::text::{glyphs, is_blank};

const COMMENT: &str = "//";
const COMMAND: &str = "$CATEGORY:";

/// The source of one question: numbered lines, the first and the last of them not blank.
#[derive(Debug)]
pub(super) struct Paragraph<'a> {
    pub line: usize,
    pub lines: Vec<(usize, &'a str)>,
    /// Whether white space alone stands between it and the paragraph before it.
    follows_blank: bool,
    /// The first brace that is not escaped.
    first_brace: Option<char>,
    /// Whether a `}` is among them.
    is_closed: bool,
}

/// Cuts the source at blank lines and commands, and leaves comments out.
///
/// A blank line inside an answer block is taken as a mistake of layout: where a block is still open and the next paragraph
/// can only be its continuation, the two are one. Moodle reads neither of them.
pub(super) fn paragraphs(source: &str) -> Vec<Paragraph<'_>> {
    let mut found: Vec<Paragraph<'_>> = Vec::new();
    let mut is_inside = false;
    let mut follows_blank = false;
    for (line, text) in (1..).zip(lines(source)) {
        let words = text.trim_start_matches(is_blank);
        let is_command = words.starts_with(COMMAND);
        if words.is_empty() || is_command {
            follows_blank = !is_command && (is_inside || follows_blank);
            is_inside = false;
        } else if !words.starts_with(COMMENT) {
            match found.last_mut().filter(|_| is_inside) {
                Some(paragraph) => paragraph.push(line, text),
                None => found.push(Paragraph::new(line, text, follows_blank)),
            }
            is_inside = true;
        }
    }
    joined(found)
}

/// The lines of a source, whatever ends them: `\n`, `\r\n`, `\r`, or a `\r\n` that was converted twice.
fn lines(source: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(source);
    std::iter::from_fn(move || {
        let source = rest?;
        let Some(end) = source.find(['\n', '\r']) else {
            rest = None;
            return Some(source);
        };
        let after = &source[end..];
        rest = ["\r\r\n", "\r\n", "\n", "\r"].iter().find_map(|ending| after.strip_prefix(ending));
        Some(&source[..end])
    })
}

fn joined(paragraphs: Vec<Paragraph<'_>>) -> Vec<Paragraph<'_>> {
    let mut whole: Vec<Paragraph<'_>> = Vec::with_capacity(paragraphs.len());
    for paragraph in paragraphs {
        match whole.last_mut().filter(|before| paragraph.goes_on(before)) {
            Some(before) => before.join(paragraph),
            None => whole.push(paragraph),
        }
    }
    whole
}

impl<'a> Paragraph<'a> {
    fn new(line: usize, text: &'a str, follows_blank: bool) -> Self {
        let mut paragraph = Self { line, lines: Vec::new(), follows_blank, first_brace: None, is_closed: false };
        paragraph.push(line, text);
        paragraph
    }

    fn push(&mut self, line: usize, text: &'a str) {
        for brace in glyphs(&[(line, text)]).iter().filter(|glyph| glyph.is('{') || glyph.is('}')) {
            self.first_brace.get_or_insert(brace.c);
            self.is_closed |= brace.c == '}';
        }
        self.lines.push((line, text));
    }

    /// Whether this can only be more of the answer block that `before` leaves open.
    fn goes_on(&self, before: &Self) -> bool {
        let is_continuation = self
            .lines
            .first()
            .is_some_and(|(_, line)| line.trim_start_matches(is_blank).starts_with(['=', '~', '#', '}']));
        let is_left_open = before.first_brace.is_some() && !before.is_closed;
        is_continuation && self.follows_blank && is_left_open && self.first_brace != Some('{')
    }

    fn join(&mut self, next: Self) {
        self.lines.push((next.line - 1, ""));
        self.lines.extend(next.lines);
        self.is_closed |= next.is_closed;
    }
}
