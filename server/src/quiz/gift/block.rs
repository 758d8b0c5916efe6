//! The answer block: what stands between `{` and `}`.

use super::text::{find_unescaped, unescape, without_format};
use super::{Choice, GiftError};

/// What a block says.
pub(super) struct Block {
    pub choices: Vec<Choice>,
    pub explanation: Option<String>,
}

pub(super) fn parse(source: &str, line: usize) -> Result<Block, GiftError> {
    let unsupported = |kind| Err(GiftError::Unsupported { line, kind });
    let (answers, explanation) = match find_unescaped(source, "####") {
        Some(at) => (source[..at].trim(), text_of(&source[at + 4..])),
        None => (source.trim(), None),
    };
    if answers.is_empty() {
        return unsupported("essay");
    }
    if answers.starts_with('#') {
        return unsupported("numerical");
    }
    if let Some(choices) = true_or_false(answers) {
        return Ok(Block { choices, explanation });
    }
    let pieces = pieces(answers, line)?;
    if pieces.iter().any(|(mark, text)| *mark == '=' && find_unescaped(text, "->").is_some()) {
        return unsupported("matching");
    }
    if pieces.iter().all(|(mark, _)| *mark == '=') {
        return unsupported("short answer");
    }
    let choices = pieces.into_iter().map(|(mark, text)| choice(mark, text, line)).collect::<Result<_, _>>()?;
    Ok(Block { choices, explanation })
}

/// `T`, `FALSE` and the like, with feedback after `#`: first for a wrong answer, then for a right one.
fn true_or_false(answers: &str) -> Option<Vec<Choice>> {
    let (word, feedback) = match find_unescaped(answers, "#") {
        Some(at) => (&answers[..at], Some(&answers[at + 1..])),
        None => (answers, None),
    };
    let truth = match word.trim() {
        "T" | "TRUE" => true,
        "F" | "FALSE" => false,
        _ => return None,
    };
    let (wrong, right) = match feedback.map(|text| (text, find_unescaped(text, "#"))) {
        None => (None, None),
        Some((text, None)) => (text_of(text), None),
        Some((text, Some(at))) => (text_of(&text[..at]), text_of(&text[at + 1..])),
    };
    let choice = |text: &str, is_key: bool| Choice {
        text: text.to_owned(),
        is_key,
        feedback: if is_key { right.clone() } else { wrong.clone() },
    };
    Some(vec![choice("True", truth), choice("False", !truth)])
}

/// Cuts at each `=` and `~`.
fn pieces(answers: &str, line: usize) -> Result<Vec<(char, &str)>, GiftError> {
    let syntax = |problem| GiftError::Syntax { line, problem };
    let first = answers.chars().next().filter(|c| matches!(c, '=' | '~'));
    let mut mark = first.ok_or_else(|| syntax("an answer block begins with `=` or `~`"))?;
    let mut rest = &answers[1..];
    let mut pieces = Vec::new();
    loop {
        let next = [find_unescaped(rest, "="), find_unescaped(rest, "~")].into_iter().flatten().min();
        let Some(at) = next else {
            pieces.push((mark, rest));
            return Ok(pieces);
        };
        pieces.push((mark, &rest[..at]));
        mark = if rest[at..].starts_with('=') { '=' } else { '~' };
        rest = &rest[at + 1..];
    }
}

fn choice(mark: char, source: &str, line: usize) -> Result<Choice, GiftError> {
    let (weight, source) = weight(source.trim(), line)?;
    let (text, feedback) = match find_unescaped(source, "#") {
        Some(at) => (&source[..at], text_of(&source[at + 1..])),
        None => (source, None),
    };
    let is_key = match (mark, weight) {
        ('=', None | Some(100)) | (_, Some(100)) => true,
        (_, None) => false,
        (_, Some(w)) if w <= 0 => false,
        _ => return Err(GiftError::Unsupported { line, kind: "partial credit" }),
    };
    Ok(Choice { text: unescape(without_format(text)), is_key, feedback })
}

/// `%50%`, rounded down, and what comes after it.
fn weight(source: &str, line: usize) -> Result<(Option<i64>, &str), GiftError> {
    let Some(rest) = source.strip_prefix('%') else { return Ok((None, source)) };
    let problem = "a weight is written like %50%; a choice may not begin with `%` otherwise";
    let syntax = || GiftError::Syntax { line, problem };
    let (number, rest) = rest.split_once('%').ok_or_else(syntax)?;
    let weight: f64 = number.trim().parse().map_err(|_| syntax())?;
    if !(-100.0..=100.0).contains(&weight) {
        return Err(GiftError::Syntax { line, problem: "a weight is -100 to 100" });
    }
    Ok((Some(weight.floor() as i64), rest))
}

fn text_of(source: &str) -> Option<String> {
    let text = unescape(without_format(source));
    (!text.is_empty()).then_some(text)
}
