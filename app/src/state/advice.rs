//! What the figures say, in plain words: what to reteach, and which questions to doubt. Each with its reason and its
//! figure. Judges nothing that rests on too few attempts.

use super::words;
use crate::api::results::{ChoiceResult, ClassResults, LEAST_N, QuestionResult};

/// A share below this is worth a look, and the question worth reteaching.
pub const LOW: f64 = 0.5;

/// Of fewer attempts than this nothing is said of what to reteach: one student's slip is no lesson's.
pub const LEAST_TO_RETEACH: i64 = 5;

/// So many right or more, and the question tells nobody from anybody.
const TOO_EASY: f64 = 0.95;
/// So few right or fewer, and something is wrong with the question.
const TOO_HARD: f64 = 0.05;
/// A discrimination index below this wants a look.
const LOW_DISCRIMINATION: f64 = 30.0;
/// A choice is worth speaking of if one in ten gave it.
const WORTH_SPEAKING: i64 = 10;

/// A sentence about a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// 1, 2, 3, … in quiz order.
    pub question: i64,
    /// What kind of remark it is: `Reteach`, `Too easy`.
    pub what: &'static str,
    /// Reason and figure.
    pub says: String,
}

/// The place of the wrong choice that most gave, if anybody gave a wrong one.
#[must_use]
pub fn commonest_wrong(q: &QuestionResult) -> Option<usize> {
    let wrong = q.choices.iter().enumerate().filter(|(_, c)| !c.is_key && c.answers > 0);
    wrong.rev().max_by_key(|(_, c)| c.answers).map(|(place, _)| place)
}

/// The place of the wrong choice that more gave than the key, if there is one.
#[must_use]
pub fn misconception(q: &QuestionResult) -> Option<usize> {
    commonest_wrong(q).filter(|place| q.choices.get(*place).is_some_and(|c| c.answers > q.correct))
}

/// What to do about a question that fewer than half got right; `None` where nothing is, or too few have answered.
#[must_use]
pub fn reteach(q: &QuestionResult) -> Option<Remark> {
    q.facility().filter(|share| *share < LOW && !q.is_void && q.n >= LEAST_TO_RETEACH)?;
    let Right { chosen, what, is } = Right::of(q)?;
    let n = words::count(q.n);
    let wrong = commonest_wrong(q).and_then(|place| Some((place, q.choices.get(place)?.answers)));
    let says = match wrong {
        Some((place, given)) if given > q.correct => {
            format!("{} of {n} chose {}; {is}.", words::count(given), words::letter(place))
        }
        Some((place, given)) => format!(
            "Only {} of {n} chose {chosen}, {what}. The commonest wrong choice was {}, with {}.",
            words::count(q.correct),
            words::letter(place),
            words::count(given)
        ),
        None => format!("Only {} of {n} chose {chosen}, {what}.", words::count(q.correct)),
    };
    Some(Remark { question: q.number, what: "Worth reteaching", says })
}

/// Every question that is worth reteaching, the hardest first.
#[must_use]
pub fn to_reteach(results: &ClassResults) -> Vec<Remark> {
    let mut low: Vec<(f64, Remark)> =
        results.questions.iter().filter_map(|q| Some((q.facility()?, reteach(q)?))).collect();
    low.sort_by(|a, b| a.0.total_cmp(&b.0));
    low.into_iter().map(|(_, remark)| remark).collect()
}

/// What stands in the place of a class average where there is none.
#[must_use]
pub const fn no_average(results: &ClassResults) -> &'static str {
    // Answers without an average are answers to void questions alone.
    if results.counted == 0 { "no answers yet" } else { "every question is void" }
}

/// What is said where [`to_reteach`] finds nothing. A question that just half got right needs no reteaching.
#[must_use]
pub fn nothing_to_reteach(results: &ClassResults) -> String {
    match (results.counted, results.average()) {
        (0, _) => "No answers yet.".to_owned(),
        (_, None) => "Every question is void.".to_owned(),
        (n, _) if n < LEAST_TO_RETEACH => too_few(n, LEAST_TO_RETEACH),
        (n, Some(_)) => {
            format!("At least half of {} got each question right: nothing needs reteaching.", words::count(n))
        }
    }
}

/// What is said where so many are too few, and `least` would do.
#[must_use]
pub fn too_few(n: i64, least: i64) -> String {
    format!("Shown once {least} students have submitted; it is {} now.", words::count(n))
}

/// What is said where [`doubts`] finds nothing.
#[must_use]
pub fn no_doubts(results: &ClassResults) -> String {
    match (results.counted, results.average()) {
        (n, _) if n < LEAST_N => too_few(n, LEAST_N),
        (_, None) => "Every question is void.".to_owned(),
        (_, Some(_)) => "No question is too easy, too hard or misleading.".to_owned(),
    }
}

/// Every doubt about a question, in quiz order. None below [`LEAST_N`] attempts.
#[must_use]
pub fn doubts(results: &ClassResults) -> Vec<Remark> {
    let others = results.questions.iter().filter(|q| !q.is_void).count().saturating_sub(1);
    let doubted = results.questions.iter().filter(|q| q.n >= LEAST_N && !q.is_void);
    doubted.flat_map(|q| of_question(q, others)).collect()
}

fn of_question(q: &QuestionResult, others: usize) -> Vec<Remark> {
    let remark = |what, says| Remark { question: q.number, what, says };
    let (share, counts) =
        (q.facility().unwrap_or_default(), format!("{} of {}", words::count(q.correct), words::count(q.n)));
    let mut remarks = Vec::new();
    if share >= TOO_EASY {
        let says = format!("{counts} got it right ({}), so that it tells nobody apart.", words::percent(share));
        remarks.push(remark("Too easy", says));
    }
    if share <= TOO_HARD {
        let says = format!("{counts} got it right ({}): the key or the wording may be wrong.", words::percent(share));
        remarks.push(remark("Too hard", says));
    }
    // What nearly all or nearly none got right cannot discriminate; that has been said.
    let is_extreme = share >= TOO_EASY || share <= TOO_HARD;
    if let Some(index) = q.figures.discrimination.filter(|index| *index < LOW_DISCRIMINATION && !is_extreme) {
        let who = if index < 0.0 { "do worse here" } else { "hardly do better here" };
        let says = format!("Those who do well elsewhere {who}: its discrimination index is {}.", words::index(index));
        remarks.push(remark("Low discrimination", says));
    }
    remarks.extend(tempting(q, others).map(|says| remark("A tempting wrong choice", says)));
    remarks
}

/// A wrong choice whose choosers do better on the rest than those of the key.
fn tempting(q: &QuestionResult, others: usize) -> Option<String> {
    let spoken_of = |c: &&ChoiceResult| c.answers >= 3 && c.answers * WORTH_SPEAKING >= q.n;
    // Of several right ones, the one whose choosers do best.
    let right = q.choices.iter().filter(spoken_of).filter(|c| c.is_key);
    let of_key = right.filter_map(|c| c.rest_mean).max_by(f64::total_cmp)?;
    let wrong = q.choices.iter().enumerate().filter(|(_, c)| !c.is_key && spoken_of(c));
    let better = wrong.filter_map(|(place, c)| Some((place, c.rest_mean?))).filter(|(_, mean)| *mean > of_key);
    let (place, mean) = better.max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(format!(
        "Good students prefer {}: who chose it got {mean:.1} of the other {others} right, who chose the key {of_key:.1}.",
        words::letter(place)
    ))
}

/// What is right of a question, in words: one choice, or several after a ruling.
struct Right {
    /// `C`, or `A or C`.
    chosen: String,
    /// What that is.
    what: &'static str,
    /// The same as a sentence.
    is: String,
}

impl Right {
    fn of(q: &QuestionResult) -> Option<Self> {
        let right = q.choices.iter().enumerate().filter(|(_, c)| c.is_key);
        let letters: Vec<String> = right.map(|(place, _)| words::letter(place)).collect();
        match &letters[..] {
            [] => None,
            [key] => Some(Self { chosen: key.clone(), what: "the key", is: format!("the key is {key}") }),
            all => Some(Self {
                chosen: all.join(" or "),
                what: "which are right",
                is: format!("{} are right", words::list(all)),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::model::tests::{question, results};

    fn says(remarks: &[Remark]) -> Vec<(i64, &str, &str)> {
        remarks.iter().map(|remark| (remark.question, remark.what, remark.says.as_str())).collect()
    }

    #[test]
    fn what_is_right_after_a_ruling_is_said_of_all_choices() {
        let mut q = question(1, 0, [4, 13, 3, 8], 0);
        q.choices[2].is_key = true;
        q.correct = 7;
        assert_eq!(reteach(&q).expect("low").says, "13 of 28 chose B; A and C are right.");
        let spread = "Only 9 of 26 chose A or C, which are right. The commonest wrong choice was B, with 9.";
        let mut q = question(1, 0, [6, 9, 3, 8], 0);
        q.choices[2].is_key = true;
        q.correct = 9;
        assert_eq!(reteach(&q).expect("low").says, spread);
    }

    #[test]
    fn what_to_reteach_names_the_commonest_wrong_choice() {
        let low = question(4, 2, [3, 13, 10, 2], 0);
        assert_eq!(reteach(&low).expect("low").says, "13 of 28 chose B; the key is C.");
        let spread = question(5, 0, [9, 7, 7, 5], 0);
        let expected = "Only 9 of 28 chose A, the key. The commonest wrong choice was B, with 7.";
        assert_eq!(reteach(&spread).expect("low").says, expected);
        assert_eq!(reteach(&question(1, 0, [20, 3, 3, 2], 0)), None);
        assert_eq!(reteach(&question(1, 0, [0, 0, 0, 0], 0)), None, "nobody has answered");
        let void = QuestionResult { is_void: true, ..low.clone() };
        assert_eq!(reteach(&void), None);
        let hardest: Vec<i64> = to_reteach(&results(vec![spread, low, question(6, 0, [1, 27, 0, 0], 0)]))
            .iter()
            .map(|remark| remark.question)
            .collect();
        assert_eq!(hardest, [6, 5, 4]);
    }

    #[test]
    fn a_question_that_just_half_got_right_is_not_reteached_and_the_words_say_half() {
        let half = results(vec![question(1, 0, [14, 7, 4, 3], 0)]);
        assert_eq!(to_reteach(&half), []);
        assert_eq!(nothing_to_reteach(&half), "At least half of 28 got each question right: nothing needs reteaching.");
    }

    #[test]
    fn one_student_s_slip_is_nothing_to_reteach() {
        let one = question(1, 0, [0, 1, 0, 0], 0);
        assert_eq!(reteach(&one), None);
        assert_eq!(nothing_to_reteach(&results(vec![one])), "Shown once 5 students have submitted; it is 1 now.");
        assert!(reteach(&question(1, 0, [0, 5, 0, 0], 0)).is_some());
    }

    #[test]
    fn where_every_question_is_void_nobody_is_told_that_nothing_has_landed() {
        let says = |r: &ClassResults| (no_average(r), nothing_to_reteach(r), no_doubts(r));
        let void = results(vec![QuestionResult { is_void: true, ..question(1, 0, [14, 7, 4, 3], 0) }]);
        let every = "Every question is void.";
        assert_eq!(void.average(), None);
        assert_eq!(says(&void), ("every question is void", every.to_owned(), every.to_owned()));
        let none = results(vec![question(1, 0, [0, 0, 0, 0], 0)]);
        let doubts = "Shown once 20 students have submitted; it is 0 now.".to_owned();
        assert_eq!(says(&none), ("no answers yet", "No answers yet.".to_owned(), doubts));
    }

    #[test]
    fn each_doubt_has_its_reason_and_its_figure() {
        let mut weak = question(3, 0, [14, 7, 4, 3], 0);
        weak.figures.discrimination = Some(12.4);
        let mut worse = weak.clone();
        (worse.number, worse.figures.discrimination) = (4, Some(-8.0));
        let mut tempting = question(5, 0, [14, 8, 4, 2], 0);
        tempting.figures.discrimination = Some(45.0);
        for (choice, mean) in tempting.choices.iter_mut().zip([6.1, 7.25, 5.0, 9.0]) {
            choice.rest_mean = Some(mean);
        }
        let all =
            results(vec![question(1, 0, [28, 0, 0, 0], 0), question(2, 1, [27, 1, 0, 0], 0), weak, worse, tempting]);
        assert_eq!(
            says(&doubts(&all)),
            [
                (1, "Too easy", "28 of 28 got it right (100\u{a0}%), so that it tells nobody apart."),
                (2, "Too hard", "1 of 28 got it right (4\u{a0}%): the key or the wording may be wrong."),
                (
                    3,
                    "Low discrimination",
                    "Those who do well elsewhere hardly do better here: its discrimination index is 12."
                ),
                (4, "Low discrimination", "Those who do well elsewhere do worse here: its discrimination index is −8."),
                (
                    5,
                    "A tempting wrong choice",
                    "Good students prefer B: who chose it got 7.2 of the other 4 right, who chose the key 6.1."
                ),
            ]
        );
    }

    #[test]
    fn a_small_class_is_not_doubted() {
        let all = results(vec![question(1, 0, [19, 0, 0, 0], 0)]);
        assert_eq!(doubts(&all), []);
    }
}
