//! Draws a [`Picture`] on any plotters backend. All lengths are CSS pixels; the backend knows about the screen's.

use plotters::prelude::{DrawingBackend, IntoDrawingArea};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor, TextStyle};

use super::model::{ChoiceBar, Mark, Picture, QuestionBar, ScoreBar};
use super::shapes::{Error, Frame, Plane, diamond, framed_bar, hatch, round_bar, tick, whisker};
use super::theme::Theme;

/// The page's own font, as in `style/tokens.css`. Families by name, not `system-ui`: there is an engine that measures a
/// canvas's text in one font by that name and draws it in another.
pub const FONT: &str =
    "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Noto Sans', Cantarell, 'DejaVu Sans', Arial, sans-serif";

/// Height of a question's row: what a thumb needs.
const QUESTION_ROW: i32 = 44;
const LABEL: i32 = 46;
const FIGURES: i32 = 66;
const BAR: i32 = 22;

const BADGE: i32 = 40;
const COUNTS: i32 = 74;
const LINE: i32 = 21;
const CHOICE_TEXT: i32 = 14;
const CHOICE_BAR: i32 = 8;
const PADDING: i32 = 10;

const COLUMNS: i32 = 132;
const FOOT: i32 = 22;
const HEAD: i32 = 20;
/// A digit over or below a column, and the least gap between two figures.
const DIGIT: i32 = 8;
const GAP: i32 = 4;

/// How wide a text is at a size, in CSS pixels.
pub type Measure<'a> = &'a dyn Fn(&str, i32) -> f64;

/// How high a picture is at a width.
#[must_use]
pub fn height(picture: &Picture, width: i32, measure: Measure<'_>) -> i32 {
    match picture {
        Picture::Questions(bars) => QUESTION_ROW * bars.len() as i32,
        Picture::Choices(bars) => bars.iter().map(|bar| choice_height(&wrapped(bar, width, measure))).sum(),
        Picture::Scores(_) => HEAD + COLUMNS + FOOT,
    }
}

/// Where a bar lies, with its label and figure, for whoever lays something over it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// From the left.
    pub left: i32,
    /// From the top.
    pub top: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

/// The place of each bar of a picture, in its order.
#[must_use]
pub fn places(picture: &Picture, width: i32, measure: Measure<'_>) -> Vec<Place> {
    let row = |top, height| Place { left: 0, top, width, height };
    match picture {
        Picture::Questions(bars) => (0..).zip(bars).map(|(at, _)| row(at * QUESTION_ROW, QUESTION_ROW)).collect(),
        Picture::Choices(bars) => bars
            .iter()
            .scan(0, |top, bar| {
                let height = choice_height(&wrapped(bar, width, measure));
                *top += height;
                Some(row(*top - height, height))
            })
            .collect(),
        Picture::Scores(bars) => {
            let count = (bars.len() as i32).max(1);
            let column = |at: i32| {
                let (left, right) = (at * width / count, (at + 1) * width / count);
                Place { left, top: 0, width: right - left, height: HEAD + COLUMNS + FOOT }
            };
            (0..).zip(bars).map(|(at, _)| column(at)).collect()
        }
    }
}

/// Draws a picture over the whole of a backend's plane.
///
/// # Errors
/// If the backend fails.
pub fn draw<DB: DrawingBackend>(
    backend: DB,
    picture: &Picture,
    theme: &Theme,
    measure: Measure<'_>,
) -> Result<(), Error<DB>> {
    let plane = backend.into_drawing_area();
    plane.fill(&theme.card)?;
    match picture {
        Picture::Questions(bars) => draw_questions(&plane, bars, theme)?,
        Picture::Choices(bars) => draw_choices(&plane, bars, theme, measure)?,
        Picture::Scores(bars) => draw_scores(&plane, bars, theme)?,
    }
    plane.present()
}

fn draw_questions<DB: DrawingBackend>(plane: &Plane<DB>, bars: &[QuestionBar], theme: &Theme) -> Result<(), Error<DB>> {
    let width = plane.dim_in_pixel().0 as i32;
    for (row, bar) in bars.iter().enumerate() {
        draw_question(plane, bar, theme, row as i32 * QUESTION_ROW, width)?;
    }
    Ok(())
}

fn draw_question<DB: DrawingBackend>(
    plane: &Plane<DB>,
    bar: &QuestionBar,
    theme: &Theme,
    top: i32,
    width: i32,
) -> Result<(), Error<DB>> {
    let middle = top + QUESTION_ROW / 2;
    if bar.is_selected {
        // Where a reader has chosen the colours, the ground alone is that of every other row.
        let row = Frame(0, top + 1, width, top + QUESTION_ROW - 1);
        framed_bar(plane, row, 9, theme.accent, theme.selected)?;
    }
    plane.draw_text(&bar.label, &text(15, FontStyle::Bold, theme.ink_2, HPos::Left), (10, middle))?;
    let track = Frame(LABEL + 10, middle - BAR / 2, width - FIGURES - 10, middle + BAR / 2);
    round_bar(plane, track, 6, theme.track)?;
    let at = |share: f64| track.0 + (f64::from(track.2 - track.0) * share).round() as i32;
    if bar.share > 0.0 {
        let fill = Frame(track.0, track.1, at(bar.share).max(track.0 + 2), track.3);
        let color = match (bar.is_void, bar.is_low) {
            (true, _) => theme.idle,
            (false, true) => theme.bad,
            (false, false) => theme.accent,
        };
        round_bar(plane, fill, 6, color)?;
        if bar.is_void {
            hatch(plane, fill, blend(color, theme.card, 0.35))?;
        }
    }
    if bar.range.1 > bar.range.0 {
        whisker(plane, (at(bar.range.0), at(bar.range.1) - 1), middle, theme)?;
    }
    if let Some(other) = bar.other {
        diamond(plane, (at(other), middle), theme.ink, theme.card)?;
    }
    plane.draw_text(&bar.percent, &text(15, FontStyle::Bold, theme.ink, HPos::Right), (width - 10, middle - 7))?;
    // The third ink is too light for the ground of the selected row.
    let quiet = if bar.is_selected { theme.ink_2 } else { theme.ink_3 };
    plane.draw_text(&bar.n, &text(11, FontStyle::Normal, quiet, HPos::Right), (width - 10, middle + 9))
}

fn draw_choices<DB: DrawingBackend>(
    plane: &Plane<DB>,
    bars: &[ChoiceBar],
    theme: &Theme,
    measure: Measure<'_>,
) -> Result<(), Error<DB>> {
    let width = plane.dim_in_pixel().0 as i32;
    let mut top = 0;
    for bar in bars {
        let lines = wrapped(bar, width, measure);
        draw_choice(plane, bar, &lines, theme, top, width, measure)?;
        top += choice_height(&lines);
    }
    Ok(())
}

fn draw_choice<DB: DrawingBackend>(
    plane: &Plane<DB>,
    bar: &ChoiceBar,
    lines: &[String],
    theme: &Theme,
    top: i32,
    width: i32,
    measure: Measure<'_>,
) -> Result<(), Error<DB>> {
    let middle = top + choice_height(lines) / 2;
    round_bar(plane, Frame(0, top, width, top + 1), 0, theme.line)?;
    draw_badge(plane, bar, theme, middle)?;
    for (line, words) in lines.iter().enumerate() {
        let y = top + PADDING + line as i32 * LINE + LINE / 2;
        plane.draw_text(words, &text(CHOICE_TEXT, FontStyle::Normal, theme.ink, HPos::Left), (BADGE, y))?;
    }
    let y = top + PADDING + lines.len() as i32 * LINE + 5;
    let track = Frame(BADGE, y, width - COUNTS, y + CHOICE_BAR);
    round_bar(plane, track, 4, theme.track)?;
    let end = track.0 + (f64::from(track.2 - track.0) * bar.share).round() as i32;
    if bar.share > 0.0 {
        draw_share(plane, Frame(track.0, track.1, end.max(track.0 + 2), track.3), bar.mark, theme)?;
    }
    let percent = text(12, FontStyle::Normal, theme.ink_3, HPos::Right);
    plane.draw_text(&bar.percent, &percent, (width, middle))?;
    let left_of_percent = width - measure(&bar.percent, 12).ceil() as i32 - 6;
    plane.draw_text(&bar.count, &text(15, FontStyle::Bold, theme.ink, HPos::Right), (left_of_percent, middle))
}

/// A column a score. Figures stand over the columns where there is room, scores below as often as there is room.
fn draw_scores<DB: DrawingBackend>(plane: &Plane<DB>, bars: &[ScoreBar], theme: &Theme) -> Result<(), Error<DB>> {
    let width = plane.dim_in_pixel().0 as i32;
    let count = (bars.len() as i32).max(1);
    let left_of = |place: i32| place * width / count;
    let every = labels_every(bars, width);
    let base = HEAD + COLUMNS;
    for (place, bar) in (0..).zip(bars) {
        let (left, right) = (left_of(place), left_of(place + 1));
        let gap = ((right - left) / 8).clamp(1, 6);
        let top = base - (f64::from(COLUMNS) * bar.share).round() as i32;
        if bar.attempts > 0 {
            round_bar(plane, Frame(left + gap, top.min(base - 2), right - gap, base), 4, theme.accent)?;
        }
        let middle = (left + right) / 2;
        if bar.attempts > 0 && right - left >= room_of(bar.attempts.to_string().len()) {
            let figure = text(12, FontStyle::Bold, theme.ink, HPos::Center);
            plane.draw_text(&bar.attempts.to_string(), &figure, (middle, top.min(base - 2) - 9))?;
        }
        if place % every == 0 {
            let label = text(12, FontStyle::Normal, theme.ink_3, HPos::Center);
            plane.draw_text(&bar.label, &label, (middle, base + 13))?;
        }
    }
    round_bar(plane, Frame(0, base, width, base + 1), 0, theme.line)
}

/// The room that a figure of so many digits needs.
const fn room_of(digits: usize) -> i32 {
    GAP + DIGIT * digits as i32
}

/// Under one of how many columns a score stands: under each, wherever there is room for its digits.
fn labels_every(bars: &[ScoreBar], width: i32) -> i32 {
    let digits = bars.iter().map(|bar| bar.label.len()).max().unwrap_or(1);
    let needed = room_of(digits) * bars.len() as i32;
    (needed + width.max(1) - 1).max(1) / width.max(1)
}

fn draw_badge<DB: DrawingBackend>(plane: &Plane<DB>, bar: &ChoiceBar, theme: &Theme, y: i32) -> Result<(), Error<DB>> {
    use plotters::element::Circle;
    if bar.mark == Mark::Key {
        plane.draw(&Circle::new((14, y), 13, theme.good.filled()))?;
        return tick(plane, (14, y), theme.card);
    }
    plane.draw(&Circle::new((14, y), 13, theme.line.stroke_width(2)))?;
    plane.draw_text(&bar.letter, &text(13, FontStyle::Bold, theme.ink, HPos::Center), (14, y + 1))
}

fn draw_share<DB: DrawingBackend>(plane: &Plane<DB>, frame: Frame, mark: Mark, theme: &Theme) -> Result<(), Error<DB>> {
    let color = match mark {
        Mark::Key => theme.good,
        Mark::Hot => theme.bad,
        Mark::Wrong => theme.idle,
        Mark::Hidden => theme.accent,
    };
    round_bar(plane, frame, 4, color)?;
    if mark == Mark::Key || mark == Mark::Hidden {
        return Ok(());
    }
    hatch(plane, frame, blend(color, theme.card, 0.35))
}

fn choice_height(lines: &[String]) -> i32 {
    PADDING + lines.len() as i32 * LINE + 5 + CHOICE_BAR + PADDING
}

fn wrapped(bar: &ChoiceBar, width: i32, measure: Measure<'_>) -> Vec<String> {
    wrap(&bar.text, f64::from(width - BADGE - COUNTS), |words| measure(words, CHOICE_TEXT))
}

/// Breaks a text at spaces so that no line is wider than `width`; a word that is wider alone is cut.
#[must_use]
pub fn wrap(text: &str, width: f64, measure: impl Fn(&str) -> f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if measure(&longer) <= width {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for c in word.chars() {
            line.push(c);
            if measure(&line) > width && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::take(&mut line));
                line.push(c);
            }
        }
    }
    lines.push(line);
    lines
}

fn text(size: i32, style: FontStyle, color: RGBColor, align: HPos) -> TextStyle<'static> {
    TextStyle {
        font: FontDesc::new(FontFamily::Name(FONT), f64::from(size), style),
        color: color.to_backend_color(),
        pos: Pos::new(align, VPos::Center),
    }
}

/// `share` of `over` on `under`.
fn blend(under: RGBColor, over: RGBColor, share: f64) -> RGBColor {
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
    RGBColor(mix(under.0, over.0), mix(under.1, over.1), mix(under.2, over.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half an em a character.
    fn measure(words: &str) -> f64 {
        words.chars().count() as f64 * 7.0
    }

    #[test]
    fn a_chart_has_the_font_of_its_page_by_the_names_of_families() {
        let tokens = include_str!("../../../style/tokens.css").replace('"', "'");
        assert!(tokens.contains(&format!("--font: {FONT};")), "{FONT}");
        assert!(!FONT.contains("system-ui"));
    }

    #[test]
    fn every_score_is_named_where_there_is_room_as_on_paper() {
        let every = |scores: usize, width| labels_every(&crate::charts::model::scores(&vec![1; scores]), width);
        assert_eq!([every(11, 480), every(11, 261), every(11, 220)], [1, 1, 1]);
        assert_eq!([every(31, 261), every(101, 261), every(1, 0)], [3, 11, 12]);
        // And how many got it stands over each, where a column has room for that.
        assert!(261 / 11 >= room_of(2), "two digits");
    }

    #[test]
    fn text_breaks_at_spaces_and_long_words_are_cut() {
        assert_eq!(wrap("one two three", 56.0, measure), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 28.0, measure), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("", 28.0, measure), [""]);
        assert!(wrap("é ".repeat(50).trim(), 1.0, measure).len() == 50, "no width is too small");
    }
}
