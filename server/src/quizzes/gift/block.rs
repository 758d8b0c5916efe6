//! The answer block: what stands between `{` and `}`.
//!
//! Owns which kind of question a block makes, its choices, weights and feedback. Does not own where the block stands.

use super::braces::{Parts, truth};
use super::reason::{Fault, Kind, Reason};
use super::text::{
    Format, Glyph, Text, begins_with, cut, find, indented, plain, rfind, shortened, text, trim, trim_start,
};
use super::{Choice, MOST_CHOICES};

/// What a block says.
pub(super) struct Block {
    pub choices: Vec<Choice>,
    pub explanation: Option<Text>,
}

/// Reads the block of a question that begins on `line`, and whose text has `format`.
pub(super) fn read(parts: &Parts<'_>, format: Format, line: usize) -> Result<Block, Fault> {
    let (answers, explanation) = match rfind(parts.inside, "####") {
        Some(at) => (trim(&parts.inside[..at]), some_text(&parts.inside[at + 4..], format)),
        None => (trim(parts.inside), None),
    };
    let unsupported = |kind| Err(Fault::new(line, Reason::Unsupported(kind)));
    if answers.is_empty() {
        return unsupported(Kind::Essay);
    }
    if begins_with(answers, "#") {
        return unsupported(Kind::Numerical);
    }
    if find(answers, "~").is_some() {
        return Ok(Block { choices: choices(answers, format, line)?, explanation });
    }
    if find(answers, "=").is_some() && plain(answers).contains("->") {
        return unsupported(Kind::Matching);
    }
    if let Some(choices) = true_or_false(answers, format) {
        return Ok(Block { choices, explanation });
    }
    if begins_with(answers, "=") {
        return unsupported(Kind::ShortAnswer);
    }
    let is_at_end = trim(parts.after).is_empty();
    Err(Fault::new(parts.opened, if is_at_end { Reason::NoMark } else { Reason::BraceInText }))
}

/// `T`, `FALSE` and the like, with feedback after `#`: first for a wrong answer, then for a right one.
fn true_or_false(answers: &[Glyph], format: Format) -> Option<Vec<Choice>> {
    let truth = truth(answers)?;
    let (wrong, right) = cut(answers, "#").1.map_or((None, None), |feedback| {
        let (wrong, right) = cut(feedback, "#");
        (some_text(wrong, format), right.and_then(|right| some_text(right, format)))
    });
    let choice = |word: &str, is_key: bool| Choice {
        text: Text { format: Format::Plain, source: word.to_owned() },
        is_key,
        feedback: if is_key { right.clone() } else { wrong.clone() },
    };
    Some(vec![choice("True", truth), choice("False", !truth)])
}

/// What one mark begins.
struct Piece<'a> {
    /// The line of its mark.
    line: usize,
    /// Whether its mark is `=`.
    is_right: bool,
    /// Whether its `=` stands where one stands inside a choice.
    is_inside: bool,
    weight: Option<f64>,
    text: &'a [Glyph],
    feedback: Option<&'a [Glyph]>,
}

impl<'a> Piece<'a> {
    fn new(answers: &'a [Glyph], mark: usize, end: usize) -> Self {
        let (weight, rest) = weight(&answers[mark + 1..end]);
        let (text, feedback) = cut(rest, "#");
        let is_right = answers[mark].is('=');
        let is_inside = is_right && is_inside_choice(answers, mark);
        Self { line: answers[mark].line, is_right, is_inside, weight, text, feedback }
    }

    /// Nothing at all: what stands before the `=` of `~=`.
    fn is_left_out(&self) -> bool {
        !self.is_right && self.weight.is_none() && self.feedback.is_none() && trim(self.text).is_empty()
    }

    fn is_key(&self) -> bool {
        self.is_right || self.weight == Some(100.0)
    }

    fn has_feedback(&self) -> bool {
        self.feedback.is_some_and(|feedback| !trim(feedback).is_empty())
    }

    fn check_weight(&self, is_single: bool) -> Result<(), Reason> {
        let partial = if is_single { Kind::PartialCredit } else { Kind::MultipleAnswer };
        match self.weight {
            Some(weight) if !(-100.0..=100.0).contains(&weight) => Err(Reason::Weight),
            Some(weight) if weight < 100.0 && (self.is_right || weight > 0.0) => Err(Reason::Unsupported(partial)),
            _ => Ok(()),
        }
    }

    /// Whether its `#` looks like a part of the choice: a colour, a note, a language, HTML's `&#…;`. Feedback may be empty
    /// where every choice has its `#`.
    fn has_stray_hash(&self, all_have_feedback: bool) -> bool {
        self.feedback.is_some_and(|feedback| {
            trim(self.text).is_empty()
                || self.text.last().is_some_and(|last| last.is('&'))
                || begins_with(trim(feedback), "#")
                || (!all_have_feedback && !self.has_feedback())
        })
    }
}

/// Cuts the answers at each `=` and `~`, and reads the pieces as choices.
fn choices(answers: &[Glyph], format: Format, line: usize) -> Result<Vec<Choice>, Fault> {
    let pieces = pieces(answers)?;
    check_pieces(&pieces, line)?;
    let mut choices = Vec::with_capacity(pieces.len());
    for piece in &pieces {
        let text = text(piece.text, format);
        if text.source.is_empty() {
            return Err(Fault::new(piece.line, Reason::EmptyChoice));
        }
        let feedback = piece.feedback.and_then(|feedback| some_text(feedback, format));
        choices.push(Choice { text, is_key: piece.is_key(), feedback });
    }
    tell_apart(&mut choices, &pieces)?;
    Ok(choices)
}

fn pieces(answers: &[Glyph]) -> Result<Vec<Piece<'_>>, Fault> {
    let is_mark = |place: &usize| answers[*place].is('=') || answers[*place].is('~');
    let marks: Vec<usize> = (0..answers.len()).filter(is_mark).collect();
    if marks.first() != Some(&0) {
        return Err(Fault::new(answers[0].line, Reason::NoMark));
    }
    let ends = marks.iter().skip(1).copied().chain([answers.len()]);
    let pieces = marks.iter().zip(ends).map(|(mark, end)| Piece::new(answers, *mark, end));
    Ok(pieces.filter(|piece| !piece.is_left_out()).collect())
}

/// Whether an `=` stands as it does in `a=b` or in `a = b`. `~=` begins a choice.
fn is_inside_choice(answers: &[Glyph], mark: usize) -> bool {
    let Some(before) = mark.checked_sub(1).map(|place| answers[place]) else { return false };
    let is_spaced = || {
        let first = answers[..mark].iter().rposition(|glyph| !glyph.is(' ') && !glyph.is('\t'));
        let is_first = first.is_none_or(|place| answers[place].is('\n'));
        !is_first && answers.get(mark + 1).is_some_and(|after| after.is_blank())
    };
    if before.is_blank() { is_spaced() } else { !before.is('~') }
}

fn check_pieces(pieces: &[Piece<'_>], line: usize) -> Result<(), Fault> {
    let keys = pieces.iter().filter(|piece| piece.is_key()).count();
    let is_single = pieces.iter().any(|piece| piece.is_right);
    let mut inside: Vec<usize> = pieces.iter().filter(|piece| piece.is_inside).map(|piece| piece.line).collect();
    inside.dedup();
    if let ([first, also @ ..], true) = (&inside[..], keys > 1) {
        return Err(Fault::new(*first, Reason::EqualsInChoice { also: also.to_vec() }));
    }
    let all_have_feedback =
        pieces.iter().all(|piece| piece.feedback.is_some()) && pieces.iter().any(Piece::has_feedback);
    for piece in pieces {
        piece.check_weight(is_single).map_err(|reason| Fault::new(piece.line, reason))?;
        if piece.has_stray_hash(all_have_feedback) {
            return Err(Fault::new(piece.line, Reason::HashInChoice));
        }
    }
    if !(2..=MOST_CHOICES).contains(&pieces.len()) {
        return Err(Fault::new(line, Reason::Choices { choices: pieces.len() }));
    }
    match keys {
        0 => Err(Fault::new(line, Reason::NoKey)),
        1 => Ok(()),
        _ if !is_single => Err(Fault::new(line, Reason::Unsupported(Kind::MultipleAnswer))),
        keys => Err(Fault::new(line, Reason::SeveralKeys { keys })),
    }
}

/// Choices that are alike but for the indentation of their first line keep it; choices that are alike are refused.
fn tell_apart(choices: &mut [Choice], pieces: &[Piece<'_>]) -> Result<(), Fault> {
    let with_indent: Vec<String> = pieces.iter().map(|piece| indented(piece.text)).collect();
    let mut is_indent_needed = vec![false; choices.len()];
    for (later, piece) in pieces.iter().enumerate() {
        for earlier in 0..later {
            let is_alike = choices[earlier].text.source == choices[later].text.source;
            let is_html = [earlier, later].iter().any(|place| choices[*place].text.format == Format::Html);
            if with_indent[earlier] == with_indent[later] || (is_alike && is_html) {
                let text = shortened(&choices[later].text.source);
                return Err(Fault::new(piece.line, Reason::Repeated { text }));
            }
            is_indent_needed[earlier] |= is_alike;
            is_indent_needed[later] |= is_alike;
        }
    }
    for ((choice, source), _) in choices.iter_mut().zip(with_indent).zip(is_indent_needed).filter(|(_, needed)| *needed)
    {
        choice.text.source = source;
    }
    Ok(())
}

/// `%50%`, and what comes after it. Anything else that begins with `%` is text.
fn weight(source: &[Glyph]) -> (Option<f64>, &[Glyph]) {
    let trimmed = trim_start(source);
    let number = || {
        let [first, rest @ ..] = trimmed else { return None };
        let end = rest.iter().position(|glyph| glyph.is('%')).filter(|_| first.is('%'))?;
        let number = plain(&rest[..end]);
        let digits = number.strip_prefix('-').unwrap_or(&number);
        let is_number =
            digits.starts_with(|c: char| c.is_ascii_digit()) && digits.chars().all(|c| c == '.' || c.is_ascii_digit());
        is_number.then(|| number.parse().ok()).flatten().map(|weight| (weight, &rest[end + 1..]))
    };
    number().map_or((None, source), |(weight, rest)| (Some(weight), rest))
}

fn some_text(source: &[Glyph], format: Format) -> Option<Text> {
    let text = text(source, format);
    (!text.source.is_empty()).then_some(text)
}
