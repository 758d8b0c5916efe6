//! Where a question's answer block stands.
//!
//! Owns which braces are the block's, and what is wrong with the others. Does not own what the block says.

use super::reason::{Fault, Reason};
use super::text::{Glyph, begins_with, cut, find, plain, trim, trim_start};

/// A source cut at its answer block.
pub(super) struct Parts<'a> {
    pub before: &'a [Glyph],
    pub inside: &'a [Glyph],
    pub after: &'a [Glyph],
    /// The line of `{`.
    pub opened: usize,
}

/// Cuts at the first `{` and the first `}`, as Moodle does; `None` where there is neither. Where other braces make
/// that doubtful, the source is refused.
pub(super) fn parts(source: &[Glyph]) -> Result<Option<Parts<'_>>, Fault> {
    let is_brace = |glyph: Glyph| glyph.is('{') || glyph.is('}');
    let braces: Vec<usize> = (0..source.len()).filter(|place| is_brace(source[*place])).collect();
    let [open, others @ ..] = &braces[..] else { return Ok(None) };
    let opened = source[*open].line;
    if source[*open].is('}') {
        return Err(Fault::new(opened, Reason::StrayBrace));
    }
    let [close, others @ ..] = others else { return Err(Fault::new(opened, Reason::OpenBrace)) };
    let (before, inside, after) = (&source[..*open], &source[open + 1..*close], &source[close + 1..]);
    if source[*close].is('{') {
        return Err(nested(inside, opened, source[*close].line));
    }
    if !others.is_empty() && !says_answers(inside) {
        return Err(Fault::new(opened, Reason::BraceInText));
    }
    check_others(source, *close, others)?;
    Ok(Some(Parts { before, inside, after, opened }))
}

/// A `{` comes before the block's `}`; `inside` is what stands between the two.
fn nested(inside: &[Glyph], opened: usize, line: usize) -> Fault {
    if title_line(inside).is_some() {
        Fault::new(opened, Reason::OpenBrace)
    } else if says_answers(inside) {
        Fault::new(line, Reason::BraceInChoice { opened })
    } else {
        Fault::new(opened, Reason::BraceInText)
    }
}

/// Braces after the block are text if they stand in pairs, hold no answers, and do not end the question.
fn check_others(source: &[Glyph], close: usize, others: &[usize]) -> Result<(), Fault> {
    for pair in others.chunks(2) {
        let open = pair[0];
        let line = source[open].line;
        if source[open].is('}') {
            return Err(Fault::new(line, Reason::StrayBrace));
        }
        let end = pair.get(1).copied().unwrap_or(source.len());
        if says_answers(&source[open + 1..end]) {
            let title = title_line(&source[close + 1..open]);
            let gap = Fault::new(line, Reason::TwoGaps);
            return Err(title.map_or(gap, |line| Fault::new(line, Reason::NoBlankLine)));
        }
        if end + 1 >= source.len() || source[end].is('{') {
            return Err(Fault::new(line, Reason::BraceInText));
        }
    }
    Ok(())
}

/// Whether this is what stands in an answer block, and not in a formula, where `{i=1}` and `{Fig.~1}` are common.
fn says_answers(inside: &[Glyph]) -> bool {
    let inside = trim(inside);
    let has = |mark| find(inside, mark).is_some();
    inside.is_empty()
        || ["=", "~", "#"].iter().any(|mark| begins_with(inside, mark))
        || (has("=") && has("~"))
        || truth(inside).is_some()
}

/// Whether `T`, `FALSE` and the like stand here, with or without feedback.
pub(super) fn truth(answers: &[Glyph]) -> Option<bool> {
    match plain(trim(cut(answers, "#").0)).as_str() {
        "T" | "TRUE" => Some(true),
        "F" | "FALSE" => Some(false),
        _ => None,
    }
}

/// The line on which a title begins, other than the first.
fn title_line(source: &[Glyph]) -> Option<usize> {
    let breaks = source.iter().enumerate().filter(|(_, glyph)| glyph.is('\n'));
    breaks.map(|(place, _)| trim_start(&source[place..])).find(|rest| begins_with(rest, "::")).map(|rest| rest[0].line)
}
