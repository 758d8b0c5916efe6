//! Questions that were made up, written as GIFT in every way that the format allows, and read back.
//!
//! Owns the model of a question and how it can be written. Does not own what becomes of sources that nobody would write.

use super::chance::Chance;
use crate::quizzes::gift::{self, Choice, Format, Kind, Question, Reason, Text};

const WORDS: [&str; 34] = [
    "a",
    "b",
    "water",
    "é",
    "שלום",
    "0",
    "$x^2$",
    "$5",
    "%d",
    "100%",
    "->",
    "a=b",
    "=",
    "~",
    "#f00",
    "C#",
    "{",
    "}",
    "{1}",
    ":",
    "::",
    "\\",
    "\\n",
    "\\frac{1}{2}",
    "[x]",
    "]",
    "//",
    "$CATEGORY:",
    "&",
    "<b>x</b>",
    "`x`",
    "T",
    "####",
    "\u{a0}x",
];
const FORMATS: [(&str, Format); 4] = [
    ("[html]", Format::Html),
    ("[markdown]", Format::Markdown),
    ("[plain]", Format::Plain),
    ("[moodle]", Format::Moodle),
];

/// Words on one line. The first one says that this is no comment, command or format.
fn line(chance: &mut Chance) -> String {
    let first = ["x", "Why", "$x^2$", "%d", "é", "0"];
    let more = (0..chance.below(5)).map(|_| chance.one_of(&WORDS)).collect::<Vec<_>>();
    std::iter::once(chance.one_of(&first)).chain(more).collect::<Vec<_>>().join(" ")
}

fn text(chance: &mut Chance, most_lines: usize) -> String {
    let lines = (0..=chance.below(most_lines)).map(|place| {
        let indent = if place == 0 { "" } else { chance.one_of(&["", "", "    ", "\t"]) };
        format!("{indent}{}", line(chance))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Its own format, or else the one that it inherits; and how that is written.
fn format(chance: &mut Chance, inherited: Format) -> (&'static str, Format) {
    if chance.once_in(4) { chance.one_of(&FORMATS) } else { ("", inherited) }
}

/// A text with every mark escaped, and backslashes where they have to be. Line breaks stand as they are, or as `\n`.
fn escaped(chance: &mut Chance, text: &str) -> String {
    let mut written = String::new();
    for c in text.chars() {
        match c {
            '~' | '=' | '#' | '{' | '}' | ':' | '\\' => written.extend(['\\', c]),
            '\n' if chance.once_in(3) => written.push_str("\\n"),
            c => written.push(c),
        }
    }
    written
}

/// White space that means nothing before a mark; inside a block, blank lines and comments too.
fn gap(chance: &mut Chance) -> &'static str {
    chance.one_of(&["", "", " ", "\n", "\n\t", "\n  ", " \n// a {comment} =here\n", "\n \n"])
}

/// A text that stands after a mark.
fn after_mark(chance: &mut Chance, inherited: Format) -> (Text, String) {
    let (name, format) = format(chance, inherited);
    let source = text(chance, 3);
    let space = chance.one_of(&["", " ", "\n"]);
    let written = format!("{space}{name}{}", escaped(chance, &source));
    (Text { format, source }, written)
}

fn choices(chance: &mut Chance, inherited: Format) -> (Vec<Choice>, String) {
    let count = 2 + chance.below(5);
    let key = chance.below(count);
    let key_mark = chance.one_of(&["=", "=", "~=", "~ \n=", "~%100%", "~%100.0%", "=%100%"]);
    let (mut choices, mut written) = (Vec::new(), String::new());
    for place in 0..count {
        let (mut text, mut source) = after_mark(chance, inherited);
        text.source.push_str(&format!(" {place}"));
        source.push_str(&format!(" {place}"));
        let mark = if place == key { key_mark } else { chance.one_of(&["~", "~", "~%0%", "~ %-50%", "~%-33.333%"]) };
        let feedback = chance.once_in(3).then(|| after_mark(chance, inherited));
        written.push_str(&format!("{}{mark}{source}", gap(chance)));
        if let Some((_, feedback)) = &feedback {
            written.push_str(&format!("{}#{feedback}", chance.one_of(&["", " "])));
        }
        choices.push(Choice { text, is_key: place == key, feedback: feedback.map(|(text, _)| text) });
    }
    (choices, written)
}

fn truth(chance: &mut Chance, inherited: Format) -> (Vec<Choice>, String) {
    let (word, truth) = chance.one_of(&[("T", true), ("TRUE", true), ("F", false), ("FALSE", false)]);
    let wrong = chance.once_in(2).then(|| after_mark(chance, inherited));
    let right = wrong.as_ref().and_then(|_| chance.once_in(2).then(|| after_mark(chance, inherited)));
    let feedback = [&wrong, &right].into_iter().flatten().map(|(_, written)| format!("#{written}"));
    let written = format!(" {word} {}", feedback.collect::<String>());
    let feedback = |is_key| if is_key { &right } else { &wrong }.as_ref().map(|(text, _)| text.clone());
    let choice = |word: &str, is_key| {
        let text = Text { format: Format::Plain, source: word.to_owned() };
        Choice { text, is_key, feedback: feedback(is_key) }
    };
    (vec![choice("True", truth), choice("False", !truth)], written)
}

/// A question that begins on line 1, and its source.
fn question(chance: &mut Chance) -> (Question, String) {
    let title = chance.once_in(2).then(|| line(chance));
    let head = title.as_ref().map_or(String::new(), |title| {
        let space = chance.one_of(&["", " ", "\n"]);
        format!("::{}::{space}", escaped(chance, title))
    });
    let title = title.map(|title| title.split_whitespace().collect::<Vec<_>>().join(" "));
    let (name, format) = format(chance, Format::Moodle);
    let before = text(chance, 4);
    let (choices, answers) = if chance.once_in(8) { truth(chance, format) } else { choices(chance, format) };
    let explanation = chance.once_in(2).then(|| after_mark(chance, format));
    let after = chance.once_in(3).then(|| chance.one_of(&[".", " and so on.", "\nof the day", " {as} in a text."]));
    let mut source = format!("{head}{name}{} {{{answers}", escaped(chance, &before));
    if let Some((_, explanation)) = &explanation {
        source.push_str(&format!("{}####{explanation}", gap(chance)));
    }
    source.push_str(&format!("{}}}{}", gap(chance), after.unwrap_or_default()));
    let text = after.map_or(before.clone(), |after| format!("{before} _____{after}"));
    let text = Text { format, source: text };
    (Question { line: 1, title, text, choices, explanation: explanation.map(|(text, _)| text) }, source)
}

/// Parts that are no question of Freshmark's, on one line each.
const REFUSED: [(&str, Reason); 8] = [
    ("Read the text and answer.", Reason::Unsupported(Kind::Description)),
    ("Say what you think. {}", Reason::Unsupported(Kind::Essay)),
    ("When? {#1822:5}", Reason::Unsupported(Kind::Numerical)),
    ("::Pairs:: Match {=a -> 1 =b -> 2 =c -> 3}", Reason::Unsupported(Kind::Matching)),
    ("Who? {=she =he}", Reason::Unsupported(Kind::ShortAnswer)),
    ("Which? {~%50%a ~%50%b ~c}", Reason::Unsupported(Kind::MultipleAnswer)),
    ("Which? {~a ~b}", Reason::NoKey),
    ("Which? {=a ~b", Reason::OpenBrace),
];

#[test]
fn made_up_questions_come_back_as_they_were_made_up() {
    let mut chance = Chance::new(1822);
    for _ in 0..8_000 {
        let mut source = String::new();
        let (mut questions, mut refused) = (Vec::new(), Vec::new());
        for _ in 0..=chance.below(5) {
            let line = 1 + source.matches('\n').count();
            if chance.once_in(6) {
                let (written, reason) = &REFUSED[chance.below(REFUSED.len())];
                refused.push((line, reason.clone()));
                source.push_str(written);
            } else {
                let (question, written) = question(&mut chance);
                questions.push(Question { line, ..question });
                source.push_str(&written);
            }
            source.push_str(chance.one_of(&[
                "\n\n",
                "\n \t\n\n",
                "\n\n// {a comment}\n",
                "\n\n$CATEGORY: a/b\n\n",
                "\n$CATEGORY:\n",
            ]));
        }
        let written = source.replace('\n', chance.one_of(&["\n", "\r\n", "\r", "\r\r\n"]));
        let mark = if chance.once_in(4) { "\u{feff}" } else { "" };
        let reading = gift::read(&format!("{mark}{}", written.replace("$CATEGORY: a", &format!("{mark}$CATEGORY: a"))));
        assert_eq!(reading.questions, questions, "{written:?}\n{:?}", reading.refused);
        let found: Vec<_> = reading.refused.into_iter().map(|refused| (refused.line, refused.reason)).collect();
        assert_eq!(found, refused, "{written:?}");
    }
}
