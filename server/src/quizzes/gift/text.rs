//! GIFT's characters: escapes, formats, and the layout of a text.
//!
//! Owns what a backslash and a format's name mean, and which white space belongs to a text. Does not own where a title or
//! an answer block stands.

/// Characters that have a meaning of their own unless a backslash stands before them.
const MARKS: &str = "~=#{}:";
/// Characters by which a text is named.
const MOST_NAMED: usize = 60;
const FORMATS: [(&str, Format); 4] = [
    ("[html]", Format::Html),
    ("[markdown]", Format::Markdown),
    ("[plain]", Format::Plain),
    ("[moodle]", Format::Moodle),
];

/// How a text is marked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Moodle's own, and what a text has that names none: lines of text, with HTML's tags among them.
    #[default]
    Moodle,
    /// HTML.
    Html,
    /// Markdown.
    Markdown,
    /// No markup at all.
    Plain,
}

/// A text as it was written: escapes resolved, line breaks and indentation kept, markup untouched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Its own format, or the question's.
    pub format: Format,
    /// Its characters.
    pub source: String,
}

/// A character of the source after its escape has been resolved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glyph {
    pub c: char,
    pub is_escaped: bool,
    pub line: usize,
}

impl Glyph {
    /// Whether this is `mark`, with the meaning that GIFT gives it.
    pub(super) fn is(self, mark: char) -> bool {
        self.c == mark && !self.is_escaped
    }

    /// White space that stands in the source as it is; `\n` is text.
    pub(super) fn is_blank(self) -> bool {
        is_blank(self.c) && !self.is_escaped
    }
}

/// The white space that Moodle trims. A no-break space is text.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\0' | '\x0b')
}

/// The characters of numbered lines, with a line break between two lines.
pub(super) fn glyphs(lines: &[(usize, &str)]) -> Vec<Glyph> {
    let mut glyphs = Vec::new();
    for (place, (line, source)) in lines.iter().enumerate() {
        if place > 0 {
            glyphs.push(Glyph { c: '\n', is_escaped: false, line: *line });
        }
        push_line(&mut glyphs, *line, source.trim_end_matches(is_blank));
    }
    glyphs
}

fn push_line(glyphs: &mut Vec<Glyph>, line: usize, source: &str) {
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = match chars.peek() {
            Some('n') if c == '\\' => Some('\n'),
            Some(next) if c == '\\' && (*next == '\\' || MARKS.contains(*next)) => Some(*next),
            _ => None,
        };
        if escaped.is_some() {
            chars.next();
        }
        glyphs.push(Glyph { c: escaped.unwrap_or(c), is_escaped: escaped.is_some(), line });
    }
}

/// Without white space at both ends.
pub(super) fn trim(source: &[Glyph]) -> &[Glyph] {
    let source = trim_start(source);
    let end = source.iter().rposition(|glyph| !glyph.is_blank()).map_or(0, |last| last + 1);
    &source[..end]
}

/// Without white space at the beginning.
pub(super) fn trim_start(source: &[Glyph]) -> &[Glyph] {
    let start = source.iter().position(|glyph| !glyph.is_blank()).unwrap_or(source.len());
    &source[start..]
}

/// Where the run of marks stands first.
pub(super) fn find(source: &[Glyph], marks: &str) -> Option<usize> {
    (0..source.len()).find(|place| begins_with(&source[*place..], marks))
}

/// Where the run of marks stands last.
pub(super) fn rfind(source: &[Glyph], marks: &str) -> Option<usize> {
    (0..source.len()).rfind(|place| begins_with(&source[*place..], marks))
}

/// What stands before the first run of marks, and what after it.
pub(super) fn cut<'a>(source: &'a [Glyph], marks: &str) -> (&'a [Glyph], Option<&'a [Glyph]>) {
    match find(source, marks) {
        Some(at) => (&source[..at], Some(&source[at + marks.len()..])),
        None => (source, None),
    }
}

/// Whether the run of marks stands at the beginning.
pub(super) fn begins_with(source: &[Glyph], marks: &str) -> bool {
    let mut glyphs = source.iter();
    marks.chars().all(|mark| glyphs.next().is_some_and(|glyph| glyph.is(mark)))
}

/// The characters, as they stand.
pub(super) fn plain(source: &[Glyph]) -> String {
    source.iter().map(|glyph| glyph.c).collect()
}

/// The characters on one line, white space folded.
pub(super) fn folded(source: &[Glyph]) -> String {
    plain(source).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first words, for a sentence that names a text.
pub(super) fn shortened(words: &str) -> String {
    match words.char_indices().nth(MOST_NAMED) {
        Some((end, _)) => format!("{}…", words[..end].trim_end()),
        None => words.to_owned(),
    }
}

/// A text that follows a mark on its line. `format` is what it has unless it names its own.
pub(super) fn text(source: &[Glyph], format: Format) -> Text {
    text_at(source, format, false)
}

/// The same, where `starts_line` says whether the source begins at the beginning of a line.
pub(super) fn text_at(source: &[Glyph], format: Format, starts_line: bool) -> Text {
    match own_format(source) {
        Some((own, rest)) => {
            let indent =
                if matches!(own, Format::Plain | Format::Markdown) { Indent::Kept } else { Indent::AtLineStart };
            Text { format: own, source: layout(rest, indent, false) }
        }
        None => Text { format, source: layout(source, Indent::AtLineStart, starts_line) },
    }
}

/// The same text with the indentation of its first line, wherever that stands.
pub(super) fn indented(source: &[Glyph]) -> String {
    layout(without_format(source), Indent::Kept, false)
}

/// What comes after a format's name, or all.
pub(super) fn without_format(source: &[Glyph]) -> &[Glyph] {
    own_format(source).map_or(source, |(_, rest)| rest)
}

/// The format that a text names, and what comes after the name.
fn own_format(source: &[Glyph]) -> Option<(Format, &[Glyph])> {
    let source = trim_start(source);
    FORMATS.iter().find_map(|(name, format)| begins_with(source, name).then(|| (*format, &source[name.len()..])))
}

/// What becomes of white space before the first word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Indent {
    /// It is kept where it begins one of several lines.
    AtLineStart,
    /// It is kept too where more than one space follows a mark.
    Kept,
}

/// Without white space at the ends of lines, and without empty lines at both ends. Indentation stays.
fn layout(source: &[Glyph], indent: Indent, starts_line: bool) -> String {
    let source = plain(source);
    let mut lines: Vec<&str> = source.split('\n').map(str::trim_end).collect();
    let end = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    lines.truncate(end);
    let start = lines.iter().position(|line| !line.is_empty()).unwrap_or(0);
    lines.drain(..start);
    let is_kept = (lines.len() > 1 && (starts_line || start > 0))
        || (indent == Indent::Kept && lines.first().is_some_and(|line| is_indented(line)));
    if let Some(first) = lines.first_mut().filter(|_| !is_kept) {
        *first = first.trim_start_matches(is_blank);
    }
    lines.join("\n")
}

/// One space after a mark is no indentation; two are, or a tab.
fn is_indented(line: &str) -> bool {
    line.starts_with("  ") || line.starts_with('\t')
}
