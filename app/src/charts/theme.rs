//! The colours that a chart is drawn in. Their values come from the style sheet's tokens.

use plotters::style::RGBColor;

/// Colours by meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Text and lines.
    pub ink: RGBColor,
    /// Second text.
    pub ink_2: RGBColor,
    /// Third text.
    pub ink_3: RGBColor,
    /// What a bar runs on.
    pub track: RGBColor,
    /// Lines between rows.
    pub line: RGBColor,
    /// What a chart stands on.
    pub card: RGBColor,
    /// A bar.
    pub accent: RGBColor,
    /// Behind the selected row.
    pub selected: RGBColor,
    /// The key.
    pub good: RGBColor,
    /// Worth a look.
    pub bad: RGBColor,
    /// A wrong choice.
    pub idle: RGBColor,
}

impl Theme {
    /// Reads each token by its name.
    pub fn from_tokens(token: impl Fn(&str) -> Option<String>) -> Self {
        let color = |name: &str, fallback: RGBColor| token(name).as_deref().and_then(parse).unwrap_or(fallback);
        let light = Self::LIGHT;
        Self {
            ink: color("--ink", light.ink),
            ink_2: color("--ink-2", light.ink_2),
            ink_3: color("--ink-3", light.ink_3),
            track: color("--line-2", light.track),
            line: color("--line", light.line),
            card: color("--card", light.card),
            accent: color("--accent", light.accent),
            selected: color("--accent-soft", light.selected),
            good: color("--good-fill", light.good),
            bad: color("--bad-fill", light.bad),
            idle: color("--idle-fill", light.idle),
        }
    }

    /// The light theme, for where there is no style sheet.
    pub const LIGHT: Self = Self {
        ink: RGBColor(27, 29, 33),
        ink_2: RGBColor(86, 92, 103),
        ink_3: RGBColor(107, 113, 124),
        track: RGBColor(242, 240, 236),
        line: RGBColor(227, 225, 219),
        card: RGBColor(255, 255, 255),
        accent: RGBColor(0, 114, 178),
        selected: RGBColor(227, 240, 248),
        good: RGBColor(0, 158, 115),
        bad: RGBColor(213, 94, 0),
        idle: RGBColor(115, 121, 132),
    };
}

/// `#fff`, `#1b1d21` or, as a browser writes a colour that it has worked out, `rgb(27, 29, 33)`, or
/// `rgba(27, 29, 33, 0.8)` for some of the system's, which are drawn as if nothing shone through.
fn parse(token: &str) -> Option<RGBColor> {
    let token = token.trim();
    let worked_out = token.strip_prefix("rgba(").or_else(|| token.strip_prefix("rgb("));
    if let Some(parts) = worked_out.and_then(|rest| rest.strip_suffix(')')) {
        let parts: Vec<u8> = parts.split(',').take(3).map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
        return if let [r, g, b] = parts[..] { Some(RGBColor(r, g, b)) } else { None };
    }
    let hex = token.strip_prefix('#').filter(|hex| hex.is_ascii())?;
    let digits: Vec<u8> = hex.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect::<Option<_>>()?;
    match digits[..] {
        [r, g, b] => Some(RGBColor(r * 17, g * 17, b * 17)),
        [r, rr, g, gg, b, bb] => Some(RGBColor(r * 16 + rr, g * 16 + gg, b * 16 + bb)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_as_css_writes_them() {
        assert_eq!(parse(" #fff"), Some(RGBColor(255, 255, 255)));
        assert_eq!(parse("#0072b2"), Some(RGBColor(0, 114, 178)));
        assert_eq!(parse("rgb(27, 29, 33)"), Some(RGBColor(27, 29, 33)));
        assert_eq!(parse("rgba(5, 0, 73, 0.8)"), Some(RGBColor(5, 0, 73)));
        assert_eq!(parse("rgb(0 0 0)"), None);
        assert_eq!(parse("#00é"), None);
        assert_eq!(Theme::from_tokens(|_| None), Theme::LIGHT);
    }

    const SHEET: &str = include_str!("../../../style/tokens.css");

    /// A theme as a part of the style sheet has it.
    fn theme_of(part: &str) -> Theme {
        Theme::from_tokens(|name| {
            let (_, rest) = part.split_once(&format!("{name}: ")).expect("every token of a chart");
            let value = rest.split(';').next().map(str::to_owned);
            assert!(value.as_deref().and_then(parse).is_some(), "{name} is {value:?}");
            value
        })
    }

    #[test]
    fn without_a_style_sheet_a_chart_has_its_light_colours() {
        assert_eq!(theme_of(SHEET), Theme::LIGHT);
    }

    /// WCAG 2.2, success criterion 1.4.11, asks for 3:1.
    #[test]
    fn every_bar_is_told_from_what_it_lies_on_and_the_selected_row_from_the_others() {
        let (light, dark) = SHEET.split_once("prefers-color-scheme: dark").expect("both themes");
        for theme in [light, dark].map(theme_of) {
            for bar in [theme.accent, theme.good, theme.bad, theme.idle] {
                for ground in [theme.track, theme.card] {
                    assert!(contrast(bar, ground) >= 3.0, "{bar:?} on {ground:?}: {}", contrast(bar, ground));
                }
            }
            for ground in [theme.selected, theme.card] {
                assert!(contrast(theme.accent, ground) >= 3.0, "the frame on {ground:?}");
            }
        }
    }

    /// As WCAG defines it, from 1 to 21.
    fn contrast(a: RGBColor, b: RGBColor) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn luminance(RGBColor(r, g, b): RGBColor) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }
}
