//! GIFT's characters: escapes, formats, and where the answer block stands.

/// Characters that mean themselves after a backslash.
const ESCAPED: &str = "~=#{}:\\";

/// Calls for each character that is not escaped, with its place.
fn unescaped(source: &str) -> impl Iterator<Item = (usize, char)> {
    let mut after_backslash = false;
    source.char_indices().filter(move |(_, c)| {
        let escaped = std::mem::take(&mut after_backslash);
        after_backslash = *c == '\\' && !escaped;
        !escaped && *c != '\\'
    })
}

/// The braces of a line that are not escaped.
pub(super) fn braces(line: &str) -> impl Iterator<Item = char> {
    unescaped(line).map(|(_, c)| c).filter(|c| matches!(c, '{' | '}'))
}

/// Where `mark` stands first without a backslash.
pub(super) fn find_unescaped(source: &str, mark: &str) -> Option<usize> {
    unescaped(source).map(|(place, _)| place).find(|place| source[*place..].starts_with(mark))
}

/// What stands before, in and after the answer block; `None` without one.
pub(super) fn split_block(source: &str) -> Result<Option<(&str, &str, &str)>, &'static str> {
    let Some(open) = find_unescaped(source, "{") else { return Ok(None) };
    let inside = &source[open + 1..];
    let close = find_unescaped(inside, "}").ok_or("this answer block is not closed; add a `}`")?;
    let after = &inside[close + 1..];
    if find_unescaped(after, "{").is_some() {
        return Err("a second answer block; put a blank line between two questions");
    }
    Ok(Some((&source[..open], &inside[..close], after)))
}

/// Leaves out a format marker: `[html]`, `[markdown]`, `[plain]`, `[moodle]`.
pub(super) fn without_format(source: &str) -> &str {
    let source = source.trim_start();
    ["[html]", "[markdown]", "[plain]", "[moodle]"]
        .iter()
        .find_map(|marker| source.strip_prefix(marker))
        .unwrap_or(source)
}

/// Plain text: escapes resolved, white space folded, line breaks only where `\n` says so.
pub(super) fn unescape(source: &str) -> String {
    let mut lines = vec![String::new()];
    let mut chars = source.chars();
    let push = |lines: &mut Vec<String>, c: char| {
        if let Some(line) = lines.last_mut() {
            line.push(c);
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => lines.push(String::new()),
                Some(next) if ESCAPED.contains(next) => push(&mut lines, next),
                Some(next) => {
                    push(&mut lines, '\\');
                    push(&mut lines, next);
                }
                None => push(&mut lines, '\\'),
            },
            c => push(&mut lines, c),
        }
    }
    let folded: Vec<String> = lines.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    folded.join("\n").trim().to_owned()
}
