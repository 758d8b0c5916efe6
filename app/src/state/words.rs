//! Figures in words, as a colleague would say them. Units stand after a no-break space.

use crate::api::results::Participation;

/// `1204` → `1,204`.
#[must_use]
pub fn count(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::from(if n < 0 { "−" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `count(n)` and the noun, in the right number: `1 answer`, `4 answers`.
#[must_use]
pub fn of(n: i64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n.abs() == 1 { "" } else { "s" })
}

/// A share of 0 to 1: `36 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{}\u{a0}%", (share * 100.0).round())
}

/// Milliseconds as minutes and seconds: `6:20`.
#[must_use]
pub fn minutes(ms: i64) -> String {
    let seconds = (ms.max(0) + 500) / 1_000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// How long ago, in the coarsest unit that still says something: `8 s`, `12 min`, `3 h`.
#[must_use]
pub fn age(ms: i64) -> String {
    match ms.max(0) / 1_000 {
        s @ 0..120 => format!("{s}\u{a0}s"),
        s @ 120..7_200 => format!("{}\u{a0}min", s / 60),
        s => format!("{}\u{a0}h", s / 3_600),
    }
}

/// A score: whole where it is whole, else with one digit.
#[must_use]
pub fn score(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value}") } else { format!("{value:.1}") }
}

/// An index of −100 to 100: `41`, `−8`.
#[must_use]
pub fn index(value: f64) -> String {
    let rounded = value.round() as i64;
    count(rounded)
}

/// A figure with so many digits behind the point; `−` for minus.
#[must_use]
pub fn figure(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().any(|b| b.is_ascii_digit() && b != b'0') => format!("−{rest}"),
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// How far two shares lie apart: `+8 points`, `−3 points`, `equal`.
#[must_use]
pub fn points(from: f64, to: f64) -> String {
    match ((to - from) * 100.0).round() as i64 {
        0 => "equal".to_owned(),
        n if n > 0 => format!("+{}", of(n, "point")),
        n => of(n, "point"),
    }
}

/// A time of day, with its date before it where that is not today's: `10:41`, `2026-01-31 10:41`.
#[must_use]
pub fn dated(date: &str, time: &str, today: &str) -> String {
    if date == today { time.to_owned() } else { format!("{date} {time}") }
}

/// From when to when, each a date and a time of day: `10:41 to 11:20`, `2026-01-31 10:41 to 11:20`. Two days have both
/// their dates.
#[must_use]
pub fn span(from: (&str, &str), to: (&str, &str), today: &str) -> String {
    if from.0 == to.0 {
        format!("{} to {}", dated(from.0, from.1, today), to.1)
    } else {
        format!("{} {} to {} {}", from.0, from.1, to.0, to.1)
    }
}

/// Sizes: `220 B`, `10.8 kB`.
#[must_use]
pub fn bytes(n: i64) -> String {
    match n {
        ..1_000 => format!("{n}\u{a0}B"),
        1_000..1_000_000 => format!("{:.1}\u{a0}kB", n as f64 / 1e3),
        _ => format!("{:.1}\u{a0}MB", n as f64 / 1e6),
    }
}

/// A list in a sentence: `4`, `4 and 9`, `2, 4 and 9`.
#[must_use]
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// `27 of 31 submitted`.
#[must_use]
pub fn submitted(class: Participation) -> String {
    format!("{} of {} submitted", count(class.submitted), count(class.students))
}

/// A text that begins small and ends without a stop, as a sentence.
#[must_use]
pub fn sentence(text: &str) -> String {
    let text = text.trim_end().trim_end_matches('.');
    if text.is_empty() { String::new() } else { format!("{}.", capital(text)) }
}

/// A text with a capital letter at its beginning.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| format!("{}{}", first.to_uppercase(), chars.as_str())).unwrap_or_default()
}

/// A, B, C, … for the choices of a question.
#[must_use]
pub fn letter(place: usize) -> String {
    char::from_u32('A' as u32 + u32::try_from(place % 26).unwrap_or(0)).unwrap_or('?').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!([count(0), count(999), count(1_204), count(1_234_567)], ["0", "999", "1,204", "1,234,567"]);
        assert_eq!([of(1, "answer"), of(4, "answer")], ["1 answer", "4 answers"]);
        assert_eq!(percent(0.357), "36\u{a0}%");
        assert_eq!([minutes(380_000), minutes(999), minutes(-5)], ["6:20", "0:01", "0:00"]);
        assert_eq!(
            [age(8_999), age(119_000), age(120_000), age(7_200_000)],
            ["8\u{a0}s", "119\u{a0}s", "2\u{a0}min", "2\u{a0}h"]
        );
        assert_eq!([score(8.0), score(7.5)], ["8", "7.5"]);
        assert_eq!([bytes(220), bytes(10_819)], ["220\u{a0}B", "10.8\u{a0}kB"]);
        assert_eq!([index(41.4), index(-8.0), index(0.2)], ["41", "−8", "0"]);
        assert_eq!([figure(1.234, 2), figure(-0.501, 1), figure(-0.04, 1)], ["1.23", "−0.5", "0.0"]);
        assert_eq!([points(0.36, 0.44), points(0.5, 0.49), points(0.5, 0.501)], ["+8 points", "−1 point", "equal"]);
        assert_eq!(list(&["2".into(), "4".into(), "9".into()]), "2, 4 and 9");
        assert_eq!([letter(0), letter(3)], ["A", "D"]);
        assert_eq!([sentence("no such code"), sentence("No room. "), sentence("")], ["No such code.", "No room.", ""]);
    }

    #[test]
    fn a_time_of_day_has_its_date_where_it_is_not_today_s_and_not_twice() {
        let (day, other, today) = ("2026-01-30", "2026-01-31", "2026-02-20");
        assert_eq!(dated(today, "10:41", today), "10:41");
        assert_eq!(dated(day, "10:41", today), "2026-01-30 10:41");
        assert_eq!(span((today, "10:41"), (today, "11:20"), today), "10:41 to 11:20");
        assert_eq!(span((day, "10:41"), (day, "11:20"), today), "2026-01-30 10:41 to 11:20");
        assert_eq!(span((day, "10:41"), (other, "09:00"), today), "2026-01-30 10:41 to 2026-01-31 09:00");
        assert_eq!(span((day, "10:41"), (today, "09:00"), today), "2026-01-30 10:41 to 2026-02-20 09:00");
    }
}
