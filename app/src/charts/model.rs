//! What a chart shows, as plain numbers and words: no pixels, no colours.

use crate::api::results::{QuestionResult, TestFigures};
use crate::state::advice::{LOW, misconception};
use crate::state::looking::Order;
use crate::state::words;

/// z of the normal distribution for an interval that holds 19 times of 20.
const Z_95: f64 = 1.959_963_984_540_054;

/// One chart.
#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
    /// Correct, per question.
    Questions(Vec<QuestionBar>),
    /// Answers per choice of one question.
    Choices(Vec<ChoiceBar>),
    /// Attempts per score.
    Scores(Vec<ScoreBar>),
}

/// One question's bar.
#[derive(Clone, Debug, PartialEq)]
pub struct QuestionBar {
    /// Names the question.
    pub id: i64,
    /// `Q4`.
    pub label: String,
    /// Correct, 0 to 1.
    pub share: f64,
    /// The range that the true share lies in, 19 times of 20.
    pub range: (f64, f64),
    /// `36 %`, or a dash before the first answer.
    pub percent: String,
    /// `n = 28`, or `void`.
    pub n: String,
    /// Below [`LOW`].
    pub is_low: bool,
    /// Counts for nothing.
    pub is_void: bool,
    /// The share in the class that this one is compared with.
    pub other: Option<f64>,
    /// The one that is shown beside the chart.
    pub is_selected: bool,
}

/// How a choice is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The key: filled, with a tick.
    Key,
    /// A wrong choice that more students gave than the key: hatched, in the colour of what is worth a look.
    Hot,
    /// Any other wrong choice: hatched.
    Wrong,
    /// Nobody says yet whether it is the key.
    Hidden,
}

/// One choice's bar.
#[derive(Clone, Debug, PartialEq)]
pub struct ChoiceBar {
    /// `A`.
    pub letter: String,
    /// The choice's words.
    pub text: String,
    /// Students who gave it, of all counted, 0 to 1.
    pub share: f64,
    /// `13`.
    pub count: String,
    /// `46 %`.
    pub percent: String,
    /// How it is drawn.
    pub mark: Mark,
}

/// One score's column.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreBar {
    /// `7`.
    pub label: String,
    /// Attempts.
    pub attempts: i64,
    /// Against the commonest score, 0 to 1.
    pub share: f64,
}

/// The Wilson score interval of `hits` in `n`, at 95 %. Wilson, E. B. (1927), JASA 22, 209–212.
#[must_use]
pub fn wilson(hits: i64, n: i64) -> (f64, f64) {
    if n <= 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (n as f64, hits as f64 / n as f64);
    let z2 = Z_95 * Z_95;
    let centre = p + z2 / (2.0 * n);
    let spread = Z_95 * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    (((centre - spread) / scale).max(0.0), ((centre + spread) / scale).min(1.0))
}

/// The bars of "Correct, per question".
#[must_use]
pub fn questions(results: &[QuestionResult], order: Order, selected: Option<i64>) -> Vec<QuestionBar> {
    ordered(results, order).into_iter().map(|q| question_bar(q, selected)).collect()
}

/// Questions in the order that they stand in.
#[must_use]
pub fn ordered(results: &[QuestionResult], order: Order) -> Vec<&QuestionResult> {
    let mut all: Vec<&QuestionResult> = results.iter().collect();
    if order == Order::HardestFirst {
        let share = |q: &QuestionResult| q.facility().unwrap_or(0.0);
        all.sort_by(|a, b| share(a).total_cmp(&share(b)));
    }
    all
}

fn question_bar(q: &QuestionResult, selected: Option<i64>) -> QuestionBar {
    let share = q.facility();
    QuestionBar {
        id: q.id,
        label: format!("Q{}", q.number),
        share: share.unwrap_or(0.0),
        range: if share.is_some() { wilson(q.correct, q.n) } else { (0.0, 0.0) },
        percent: share.map_or_else(|| "–".to_owned(), words::percent),
        n: if q.is_void { "void".to_owned() } else { format!("n = {}", words::count(q.n)) },
        is_low: share.is_some_and(|share| share < LOW) && !q.is_void,
        is_void: q.is_void,
        other: None,
        is_selected: selected == Some(q.id),
    }
}

/// The bars of one question's choices.
#[must_use]
pub fn choices(q: &QuestionResult) -> Vec<ChoiceBar> {
    let hot = misconception(q);
    q.choices
        .iter()
        .enumerate()
        .map(|(place, c)| {
            let share = if q.n > 0 { c.answers as f64 / q.n as f64 } else { 0.0 };
            let mark = match (c.is_key, hot == Some(place)) {
                (true, _) => Mark::Key,
                (false, true) => Mark::Hot,
                (false, false) => Mark::Wrong,
            };
            ChoiceBar {
                letter: words::letter(place),
                text: c.text.clone(),
                share,
                count: words::count(c.answers),
                percent: words::percent(share),
                mark,
            }
        })
        .collect()
}

/// The same bars, before anybody is told which choice is the key.
#[must_use]
pub fn without_key(mut bars: Vec<ChoiceBar>) -> Vec<ChoiceBar> {
    bars.iter_mut().for_each(|bar| bar.mark = Mark::Hidden);
    bars
}

/// The columns of the score distribution: attempts with 0, 1, 2, … questions right.
#[must_use]
pub fn scores(attempts: &[i64]) -> Vec<ScoreBar> {
    let most = attempts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let bar = |(score, attempts): (usize, &i64)| ScoreBar {
        label: score.to_string(),
        attempts: *attempts,
        share: *attempts as f64 / most,
    };
    attempts.iter().enumerate().map(bar).collect()
}

/// What the score distribution says.
#[must_use]
pub fn scores_caption(test: &TestFigures, bars: &[ScoreBar]) -> String {
    let (Some(mean), Some(median)) = (test.mean, test.median) else { return nobody_chose(0) };
    let most = bars.iter().map(|bar| bar.attempts).max().unwrap_or(0);
    let at: Vec<String> = bars.iter().filter(|bar| bar.attempts == most).map(|bar| bar.label.clone()).collect();
    let commonest = match at.len() {
        1 => format!(" The commonest score is {}.", words::list(&at)),
        2 | 3 => format!(" The commonest scores are {}.", words::list(&at)),
        // With so many none is common.
        _ => String::new(),
    };
    format!("The mean score is {}, the median {}.{commonest}", words::figure(mean, 1), words::score(median))
}

/// What a chart says in which nobody chose anything, of `n` attempts.
#[must_use]
pub fn nobody_chose(n: i64) -> String {
    if n > 0 { "Everybody left it out.".to_owned() } else { "No answers yet.".to_owned() }
}

/// A picture on the way from one to another: bars glide, words jump. `t` is 0 to 1.
#[must_use]
pub fn between(from: &Picture, to: &Picture, t: f64) -> Picture {
    let glide = |a: f64, b: f64| a + (b - a) * t;
    match (from, to) {
        (Picture::Questions(from), Picture::Questions(to)) => Picture::Questions(
            to.iter()
                .map(|bar| match from.iter().find(|old| old.id == bar.id) {
                    None => bar.clone(),
                    Some(old) => QuestionBar {
                        share: glide(old.share, bar.share),
                        range: (glide(old.range.0, bar.range.0), glide(old.range.1, bar.range.1)),
                        ..bar.clone()
                    },
                })
                .collect(),
        ),
        (Picture::Choices(from), Picture::Choices(to)) if same_question(from, to) => Picture::Choices(
            to.iter()
                .zip(from)
                .map(|(bar, old)| ChoiceBar { share: glide(old.share, bar.share), ..bar.clone() })
                .collect(),
        ),
        (Picture::Scores(from), Picture::Scores(to)) if from.len() == to.len() => Picture::Scores(
            to.iter()
                .zip(from)
                .map(|(bar, old)| ScoreBar { share: glide(old.share, bar.share), ..bar.clone() })
                .collect(),
        ),
        _ => to.clone(),
    }
}

fn same_question(a: &[ChoiceBar], b: &[ChoiceBar]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.text == b.text)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::api::freshness::{Freshness, Thresholds};
    use crate::api::results::{
        Attempts, ChoiceResult, ClassResults, ItemFigures, Participation, QuestionResult, TestFigures,
    };

    /// Results of these questions and nothing else.
    pub(crate) fn results(questions: Vec<QuestionResult>) -> ClassResults {
        ClassResults {
            assignment: 1,
            quiz: 1,
            attempts: Attempts::First,
            as_of: None,
            class_name: String::new(),
            quiz_title: String::new(),
            join_code: String::new(),
            opened_at: 0,
            closed_at: None,
            also_open: Vec::new(),
            participation: Participation::default(),
            counted: questions.iter().map(|q| q.n).max().unwrap_or(0),
            scores: Vec::new(),
            typical_ms: None,
            test: TestFigures::default(),
            questions,
            rulings: Vec::new(),
            freshness: Freshness {
                measured_at: 0,
                accepted: 0,
                landed: 0,
                complete_through: 0,
                oldest_waiting: None,
                closed: false,
                submissions: 0,
                submissions_waiting: 0,
                last_submitted_at: None,
                thresholds: Thresholds::default(),
            },
        }
    }

    /// A question with so many answers for A, B, C and D.
    pub(crate) fn question(number: i64, key: usize, answers: [i64; 4], omitted: i64) -> QuestionResult {
        let choices = answers.iter().enumerate().map(|(place, answers)| ChoiceResult {
            id: number * 10 + place as i64,
            text: format!("choice {place}"),
            is_key: place == key,
            answers: *answers,
            rest_mean: None,
        });
        QuestionResult {
            id: number,
            number,
            text: String::new(),
            choices: choices.collect(),
            n: answers.iter().sum::<i64>() + omitted,
            correct: answers[key],
            omitted,
            is_void: false,
            median_ms: None,
            figures: ItemFigures::default(),
        }
    }

    /// The figures were found without the closed form, by halving: the p at which |hits/n − p| = z·√(p(1−p)/n).
    #[test]
    fn wilson_intervals_solve_the_score_equation() {
        for (hits, n, low, high) in
            [(10, 28, 0.207_058, 0.541_697), (28, 28, 0.879_357, 1.0), (0, 10, 0.0, 0.277_533), (1, 1, 0.206_549, 1.0)]
        {
            let (a, b) = wilson(hits, n);
            assert!((a - low).abs() < 1e-6 && (b - high).abs() < 1e-6, "{hits} of {n}: {a} {b}");
        }
        assert_eq!(wilson(0, 0), (0.0, 1.0));
    }

    #[test]
    fn a_wrong_choice_hotter_than_the_key_is_marked() {
        let q = question(4, 2, [3, 13, 10, 2], 0);
        let marks: Vec<Mark> = choices(&q).iter().map(|c| c.mark).collect();
        assert_eq!(marks, [Mark::Wrong, Mark::Hot, Mark::Key, Mark::Wrong]);
        assert_eq!(choices(&q)[1].percent, "46\u{a0}%");
        assert!(without_key(choices(&q)).iter().all(|bar| bar.mark == Mark::Hidden), "nothing tells the key");
    }

    #[test]
    fn an_unanswered_question_has_a_dash_and_a_void_one_says_so() {
        let bar = question_bar(&question(1, 0, [0, 0, 0, 0], 0), None);
        assert_eq!((bar.percent.as_str(), bar.n.as_str(), bar.is_low), ("–", "n = 0", false));
        let void = QuestionResult { is_void: true, ..question(1, 0, [1, 9, 0, 0], 0) };
        let bar = question_bar(&void, None);
        assert_eq!((bar.percent.as_str(), bar.n.as_str(), bar.is_low, bar.is_void), ("10\u{a0}%", "void", false, true));
    }

    #[test]
    fn the_commonest_score_has_the_highest_column() {
        let columns = scores(&[0, 1, 4]);
        let seen: Vec<(&str, i64, f64)> = columns.iter().map(|c| (c.label.as_str(), c.attempts, c.share)).collect();
        assert_eq!(seen, [("0", 0, 0.0), ("1", 1, 0.25), ("2", 4, 1.0)]);
        assert_eq!(scores(&[0, 0])[0].share, 0.0);
    }

    #[test]
    fn scores_that_are_equally_common_are_spoken_of_as_several() {
        let says = |attempts: &[i64]| {
            let test = TestFigures { mean: Some(1.25), median: Some(1.5), ..TestFigures::default() };
            scores_caption(&test, &scores(attempts))
        };
        let figures = "The mean score is 1.2, the median 1.5.";
        assert_eq!(says(&[0, 1, 4]), format!("{figures} The commonest score is 2."));
        assert_eq!(says(&[0, 4, 4]), format!("{figures} The commonest scores are 1 and 2."));
        assert_eq!(says(&[4, 4, 4, 4]), figures, "none is common");
        assert_eq!(scores_caption(&TestFigures::default(), &scores(&[0, 0])), "No answers yet.");
    }

    #[test]
    fn a_question_that_everybody_left_out_is_not_said_to_have_no_answers_yet() {
        let said = |q: &QuestionResult| (choices(q).iter().all(|bar| bar.share == 0.0), nobody_chose(q.n));
        assert_eq!(said(&question(1, 0, [0, 0, 0, 0], 28)), (true, "Everybody left it out.".to_owned()));
        assert_eq!(said(&question(1, 0, [0, 0, 0, 0], 0)), (true, "No answers yet.".to_owned()));
    }

    #[test]
    fn omitted_answers_count_as_wrong() {
        let q = question(1, 0, [5, 0, 0, 0], 5);
        assert_eq!(q.facility(), Some(0.5));
        assert_eq!(choices(&q)[0].percent, "50\u{a0}%");
    }

    #[test]
    fn bars_glide_and_end_where_they_should() {
        let picture = |answers| Picture::Choices(choices(&question(1, 0, answers, 0)));
        let (from, to) = (picture([1, 1, 1, 1]), picture([4, 0, 0, 0]));
        assert_eq!(between(&from, &to, 1.0), to);
        let Picture::Choices(half) = between(&from, &to, 0.5) else { panic!("the kind changed") };
        assert!((half[0].share - 0.625).abs() < 1e-12);
        assert_eq!(half[0].count, "4", "words do not glide");
    }
}
