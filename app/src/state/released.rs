//! What a student is told of each question once the right answers are released.

use super::words::{letter, of};
use crate::api::attempts::{AttemptView, QuestionView, Released};

/// How a question went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The key was given, or another choice that is right.
    Right,
    /// Another choice was given.
    Wrong,
    /// None was given.
    LeftOut,
    /// It counts for nobody.
    Void,
}

impl Verdict {
    /// In words.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Right => "Right",
            Self::Wrong => "Wrong",
            Self::LeftOut => "Left out",
            Self::Void => "Does not count: your teacher has left this question out of everyone’s score.",
        }
    }
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How it went.
    pub verdict: Verdict,
    /// Its place in the quiz and its text.
    pub text: String,
    /// The choice that was given, where it was not right.
    pub given: Option<String>,
    /// What is right; absent where it does not count.
    pub right: Option<String>,
    /// Why the key is right.
    pub explanation: Option<String>,
}

/// Each question of the quiz. One that is not among the released ones counts for nobody; the quiz as it was taken still has
/// it, and leaving it out without a word would make the numbers of the others a riddle.
#[must_use]
pub fn lines(view: &AttemptView) -> Vec<Line> {
    let released = view.released.as_deref().unwrap_or_default();
    let line = |(place, question): (usize, &QuestionView)| {
        line(place, question, released.iter().find(|r| r.question == question.id))
    };
    view.questions.iter().enumerate().map(line).collect()
}

fn line(place: usize, question: &QuestionView, released: Option<&Released>) -> Line {
    let text = format!("{}. {}", place + 1, question.text);
    let Some(released) = released else {
        return Line { verdict: Verdict::Void, text, given: None, right: None, explanation: None };
    };
    let choice = |id: i64| {
        let at = question.choices.iter().position(|c| c.id == id)?;
        Some(format!("{}. {}", letter(at), question.choices.get(at)?.text))
    };
    let is_right = |given| given == released.key || released.also.contains(&given);
    let verdict = match released.given {
        None => Verdict::LeftOut,
        Some(given) if is_right(given) => Verdict::Right,
        Some(_) => Verdict::Wrong,
    };
    Line {
        verdict,
        text,
        given: released.given.filter(|_| verdict == Verdict::Wrong).and_then(choice),
        right: [released.key]
            .iter()
            .chain(&released.also)
            .filter_map(|id| choice(*id))
            .reduce(|all, one| all + " / " + &one),
        explanation: released.explanation.clone(),
    }
}

/// How many were right, of those that count.
#[must_use]
pub fn total(lines: &[Line]) -> String {
    let right = lines.iter().filter(|line| line.verdict == Verdict::Right).count();
    let void = lines.iter().filter(|line| line.verdict == Verdict::Void).count();
    let counting = lines.len() - void;
    match void {
        0 => format!("{right} of {counting} right"),
        n => format!("{right} of {counting} right, {} not counted", of(n as i64, "question")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::attempt::tests::attempt;

    /// A quiz of two questions with the choices 10, 11 and 20, 21.
    fn released(released: Vec<Released>) -> Vec<Line> {
        let view = attempt().view.expect("a quiz");
        lines(&AttemptView { released: Some(released), ..view })
    }

    fn of_first(given: Option<i64>) -> Released {
        Released { question: 1, key: 10, also: Vec::new(), given, explanation: None }
    }

    #[test]
    fn each_question_is_right_or_wrong_or_left_out() {
        for (given, verdict, says) in [
            (Some(10), Verdict::Right, None),
            (Some(11), Verdict::Wrong, Some("B. choice 11")),
            (None, Verdict::LeftOut, None),
        ] {
            let line = released(vec![of_first(given)]).remove(0);
            assert_eq!((line.verdict, line.given.as_deref()), (verdict, says));
            assert_eq!(line.right.as_deref(), Some("A. choice 10"));
            assert_eq!(line.text, "1. question 1");
        }
    }

    #[test]
    fn two_choices_are_right_by_a_ruling() {
        for given in [10, 11] {
            let line = released(vec![Released { also: vec![11], ..of_first(Some(given)) }]).remove(0);
            assert_eq!(line.verdict, Verdict::Right);
            assert_eq!(line.right.as_deref(), Some("A. choice 10 / B. choice 11"));
        }
    }

    #[test]
    fn a_void_question_says_so_and_does_not_count() {
        let lines = released(vec![of_first(Some(10))]);
        assert_eq!(lines[1].verdict, Verdict::Void);
        assert_eq!((&lines[1].right, lines[1].text.as_str()), (&None, "2. question 2"));
        assert_eq!(total(&lines), "1 of 1 right, 1 question not counted");
        assert_eq!(total(&lines[..1]), "1 of 1 right");
    }
}
