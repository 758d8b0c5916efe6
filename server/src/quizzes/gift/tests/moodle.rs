//! Moodle's order of reading, told once more in the plainest way, and the reader held against it.
//!
//! Owns a second, slow reading that shares nothing with the reader: placeholders instead of glyphs, strings cut with
//! `split`. It follows Moodle step by step, but for what the reader does otherwise on purpose: a line that begins with
//! `$CATEGORY:` is a command wherever it stands and takes nothing else with it, a line `0` is text, a format's name may
//! have white space before it, and `=%100%` is a weight.

use super::chance::Chance;
use crate::quizzes::gift::{self, Reading};

/// What Moodle makes of a paragraph.
#[derive(Clone, Debug, PartialEq)]
enum Verdict {
    /// Several choices, `=` before one of them.
    Single(Pieces),
    /// Several choices, none with `=`.
    Multiple(Pieces),
    TrueFalse(Pieces),
    Other,
    Error,
}

/// What a question consists of. White space is folded: Moodle trims every line, the reader keeps indentation.
#[derive(Clone, Debug, PartialEq)]
struct Pieces {
    title: Option<String>,
    text: String,
    choices: Vec<(String, f64, Option<String>)>,
    explanation: Option<String>,
}

const ESCAPED: [(&str, &str, &str); 7] = [
    ("\\:", "\u{f001}", ":"),
    ("\\#", "\u{f002}", "#"),
    ("\\=", "\u{f003}", "="),
    ("\\{", "\u{f004}", "{"),
    ("\\}", "\u{f005}", "}"),
    ("\\~", "\u{f006}", "~"),
    ("\\n", "\u{f007}", "\n"),
];
const BACKSLASH: &str = "\u{f000}";
const BLANK: [char; 6] = [' ', '\t', '\n', '\r', '\0', '\x0b'];

/// A paragraph's first line and its lines, commands and comments left out.
type Paragraph = (usize, Vec<String>);

fn paragraphs(source: &str) -> Vec<Paragraph> {
    let end = "\u{f008}";
    let source = ["\r\r\n", "\r\n", "\n", "\r"]
        .iter()
        .fold(source.replace('\u{feff}', ""), |source, ending| source.replace(ending, end));
    let mut found: Vec<Paragraph> = Vec::new();
    let mut current = Vec::new();
    for (number, line) in source.split(end).enumerate().map(|(place, line)| (place + 1, line.trim_matches(BLANK))) {
        if line.is_empty() || line.starts_with("$CATEGORY:") {
            found.extend(paragraph(std::mem::take(&mut current)));
        } else {
            current.push((number, line.to_owned()));
        }
    }
    found.extend(paragraph(current));
    found
}

fn paragraph(lines: Vec<(usize, String)>) -> Option<Paragraph> {
    let lines: Vec<_> = lines.into_iter().filter(|(_, line)| !line.starts_with("//")).collect();
    Some((lines.first()?.0, lines.into_iter().map(|(_, line)| line).collect()))
}

fn hidden(text: &str) -> String {
    let text = text.replace("\\\\", BACKSLASH);
    ESCAPED.iter().fold(text, |text, (from, to, _)| text.replace(from, to)).replace(BACKSLASH, "\\")
}

fn shown(text: &str) -> String {
    ESCAPED.iter().fold(text.to_owned(), |text, (_, from, to)| text.replace(from, to))
}

/// Without its format's name.
fn marked(text: &str) -> String {
    let text = text.trim_start_matches(BLANK);
    let names = ["[html]", "[markdown]", "[plain]", "[moodle]"];
    shown(names.iter().find_map(|name| text.strip_prefix(name)).unwrap_or(text))
}

fn folded(text: &str) -> String {
    let lines = text.split('\n').map(|line| line.trim_matches(BLANK).trim_end());
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn some(text: &str) -> Option<String> {
    Some(folded(text)).filter(|text| !text.is_empty())
}

fn verdict(lines: &[String]) -> Verdict {
    let text = hidden(lines.join("\n").trim_matches(BLANK));
    let mut rest = text.as_str();
    let mut title = None;
    if let Some(named) = rest.strip_prefix("::") {
        rest = named;
        if let Some((name, after)) = named.split_once("::") {
            title = Some(shown(name).split_whitespace().collect::<Vec<_>>().join(" ")).filter(|name| !name.is_empty());
            rest = after.trim_matches(BLANK);
        }
    }
    let (start, end) = match (rest.find('{'), rest.find('}')) {
        (None, None) => return Verdict::Other,
        (Some(start), Some(end)) if start < end => (start, end),
        _ => return Verdict::Error,
    };
    let mut answers = rest[start + 1..end].trim_matches(BLANK);
    let blank = if rest.ends_with('}') { "" } else { "_____" };
    let text = folded(&marked(&format!("{}{blank}{}", &rest[..start], &rest[end + 1..])));
    let mut explanation = None;
    if let Some(place) = answers.rfind("####") {
        explanation = some(&marked(&answers[place + 4..]));
        answers = answers[..place].trim_matches(BLANK);
    }
    let pieces = |choices| Pieces { title, text, choices, explanation };
    if answers.is_empty() || answers.starts_with('#') {
        return Verdict::Other;
    }
    if answers.contains('~') {
        let choices = choices(answers);
        let enough = choices.len() > 1;
        return match answers.contains('=') {
            _ if !enough => Verdict::Error,
            true => Verdict::Single(pieces(choices)),
            false => Verdict::Multiple(pieces(choices)),
        };
    }
    if answers.contains('=') && answers.contains("->") {
        return Verdict::Other;
    }
    true_or_false(answers).map_or(Verdict::Other, |choices| Verdict::TrueFalse(pieces(choices)))
}

fn choices(answers: &str) -> Vec<(String, f64, Option<String>)> {
    let answers = answers.replace('=', "~=");
    let mut pieces: Vec<&str> = answers.split('~').map(|piece| piece.trim_matches(BLANK)).collect();
    if pieces[0].is_empty() {
        pieces.remove(0);
    }
    let read = |piece: &&str| {
        let (is_right, piece) =
            piece.strip_prefix('=').map_or((false, *piece), |rest| (true, rest.trim_matches(BLANK)));
        let (weight, piece) = weighted(piece).unwrap_or((f64::from(is_right), piece));
        let (text, feedback) = piece.split_once('#').unwrap_or((piece, ""));
        (folded(&marked(text)), weight, some(&marked(feedback)))
    };
    // What has no text is not saved.
    pieces.iter().map(read).filter(|(text, _, _)| !text.is_empty()).collect()
}

fn weighted(piece: &str) -> Option<(f64, &str)> {
    let (number, rest) = piece.strip_prefix('%')?.split_once('%')?;
    let digits = number.trim_start_matches('-').as_bytes();
    let is_number = digits.first().is_some_and(u8::is_ascii_digit);
    let whole = number.parse::<f64>().ok().filter(|_| is_number && !number.contains(['e', 'E']))?;
    Some((whole / 100.0, rest))
}

fn true_or_false(answers: &str) -> Option<Vec<(String, f64, Option<String>)>> {
    let mut parts = answers.splitn(3, '#').map(|part| part.trim_matches(BLANK));
    let truth = match parts.next()? {
        "T" | "TRUE" => true,
        "F" | "FALSE" => false,
        _ => return None,
    };
    let (wrong, right) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let said = |word: &str, is_right| {
        let feedback = if is_right { right } else { wrong };
        (word.to_owned(), f64::from(is_right), some(&marked(feedback)))
    };
    Some(vec![said("True", truth), said("False", !truth)])
}

fn pieces_of(question: &gift::Question) -> Pieces {
    let choice = |choice: &gift::Choice| {
        let feedback = choice.feedback.as_ref().and_then(|feedback| some(&feedback.source));
        (folded(&choice.text.source), f64::from(choice.is_key), feedback)
    };
    Pieces {
        title: question.title.clone(),
        text: folded(&question.text.source),
        choices: question.choices.iter().map(choice).collect(),
        explanation: question.explanation.as_ref().and_then(|explanation| some(&explanation.source)),
    }
}

/// Whether the reader may say `taken` of what Moodle reads as `verdict`.
fn is_right(verdict: &Verdict, taken: &Pieces) -> bool {
    let (Verdict::Single(pieces) | Verdict::Multiple(pieces) | Verdict::TrueFalse(pieces)) = verdict else {
        return false;
    };
    // A weight of nothing, or less, is a wrong choice.
    let choices =
        pieces.choices.iter().map(|(text, weight, feedback)| (text.clone(), weight.max(0.0), feedback.clone()));
    Pieces { choices: choices.collect(), ..pieces.clone() } == *taken
}

/// Holds the reader against Moodle; returns how many questions both take.
fn compare(source: &str) -> usize {
    let Reading { questions, refused } = gift::read(source);
    let paragraphs = paragraphs(source);
    let mut taken = questions.iter().peekable();
    let mut left = refused.iter().peekable();
    let mut both = 0;
    let mut place = 0;
    while let Some((line, lines)) = paragraphs.get(place) {
        place += 1;
        let mut lines = lines.clone();
        let mut verdict = verdict(&lines);
        let next = [taken.peek().map(|question| question.line), left.peek().map(|refused| refused.begins)];
        let asked = next.into_iter().flatten().min();
        assert_eq!(asked, Some(*line), "a paragraph was left out\n{source:?}\n{questions:?}\n{refused:?}");
        let question = taken.next_if(|question| question.line == *line);
        if question.is_none() {
            left.next();
        }
        // A blank line inside a block: to Moodle an error, and the reader goes on in the next paragraph.
        let rest = [taken.peek().map(|question| question.line), left.peek().map(|refused| refused.begins)];
        let rest = rest.into_iter().flatten().min().unwrap_or(usize::MAX);
        while let Some((_, more)) = paragraphs.get(place).filter(|(line, _)| *line < rest) {
            assert!(question.is_none() || verdict == Verdict::Error, "{source:?}\n{verdict:?}\n{question:?}");
            let alone = self::verdict(more);
            assert!(
                matches!(alone, Verdict::Other | Verdict::Error),
                "a question was swallowed\n{source:?}\n{alone:?}"
            );
            lines.extend_from_slice(more);
            verdict = self::verdict(&lines);
            place += 1;
        }
        if let Some(question) = question {
            assert!(is_right(&verdict, &pieces_of(question)), "{source:?}\n{verdict:?}\n{question:?}");
            both += 1;
        }
    }
    assert!(taken.next().is_none() && left.next().is_none(), "more than there is\n{source:?}");
    both
}

const SOUP: [&str; 48] = [
    "=",
    "=",
    "=",
    "~",
    "~",
    "~",
    "{",
    "{",
    "}",
    "}",
    "#",
    "####",
    "::",
    ":",
    "\\",
    "\\\\",
    "\\n",
    "\\=",
    "\\~",
    "\\{",
    "\\}",
    "\\#",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    "\n//",
    "\n$CATEGORY:",
    "$",
    "%",
    "%50%",
    "%100%",
    "%-5.5%",
    "%0%",
    "->",
    "[html]",
    "[plain]",
    " ",
    " ",
    "  ",
    "\t",
    "\u{a0}",
    "\u{feff}",
    "T",
    "0",
    "é",
    "x",
];

/// Pieces of good questions, to be spoilt.
const GOOD: [&[&str]; 5] = [
    &["::", "a", "::", " ", "b", " ", "{", "=", "c", "#", "d", " ", "~", "e", "\n", "####", "f", "}", "\n\n"],
    &["[html]", "x", " ", "{", "~", "%0%", "y", "~", "=", "z", "\n", "~", "w", "}", " ", ".", "\r\n", "\r\n"],
    &["Is it", "?", "{", "TRUE", "#", "no", "#", "yes", "}", "\n\n"],
    &["$5 a", "\n", "    b", "\n", "{", "\n", "=", "[plain]", "$5", "\n", "~", "$4", "\n", "}", "\n", "\n"],
    &["m", " ", "{", "~", "%100%", "n", "\n\n", "~", "%-50%", "o", "\n//", "p", "\n", "}", "\n\n"],
];

#[test]
fn the_reader_says_what_moodle_says_or_refuses_whatever_the_characters() {
    let mut chance = Chance::new(2027);
    let mut both = 0;
    for _ in 0..40_000 {
        let mut soup = |most: usize| (0..chance.below(most)).map(|_| chance.one_of(&SOUP)).collect::<String>();
        let source = format!("{}{{={}~{}}}{}", soup(6), soup(6), soup(6), soup(6));
        both += compare(&source);
    }
    assert!(both > 1_000, "{both} questions were taken");
}

#[test]
fn the_reader_says_what_moodle_says_or_refuses_of_spoilt_questions() {
    let mut chance = Chance::new(2028);
    let (mut both, mut refused) = (0, 0);
    for _ in 0..25_000 {
        let mut tokens: Vec<&str> = (0..3).flat_map(|_| chance.one_of(&GOOD).iter().copied()).collect();
        for _ in 0..chance.below(6) {
            let place = chance.below(tokens.len());
            match chance.below(3) {
                0 => drop(tokens.remove(place)),
                1 => tokens[place] = chance.one_of(&SOUP),
                _ => tokens.insert(place, chance.one_of(&SOUP)),
            }
        }
        let source = tokens.concat();
        let good = compare(&source);
        both += good;
        refused += 3_usize.saturating_sub(good);
    }
    assert!(both > 25_000 && refused > 8_000, "{both} questions were taken, {refused} were not");
}
