//! The figures against a computation of their own from the marks themselves, over random classes in a real warehouse.

use std::path::Path;

use ::duckdb::{Connection, params};
use app::api::results::{Attempts, View};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::quizzes::keys;
use crate::warehouse::duckdb::{self, Limits};
use crate::warehouse::{Counting, Warehouse};

/// One attempt as the reference sees it: the mark on each question.
#[derive(Clone)]
struct Attempt {
    student: usize,
    number: usize,
    /// 0: omitted; 1, 2, …: the choice.
    choices: Vec<usize>,
}

/// A class with so many questions of four choices, the first of which is the key.
struct Class {
    assignment: i64,
    questions: usize,
    void: Vec<usize>,
    attempts: Vec<Attempt>,
}

impl Class {
    fn marks(&self, attempt: &Attempt) -> Vec<f64> {
        let counting = (0..self.questions).filter(|question| !self.void.contains(question));
        counting.map(|question| if attempt.choices[question] == 1 { 1.0 } else { 0.0 }).collect()
    }

    fn content(&self) -> Content {
        let asked = |place: usize| {
            let id = place as i64 + 1;
            let question = question::Model {
                id,
                quiz_id: 1,
                number: id,
                text: String::new(),
                explanation: None,
                is_void: self.void.contains(&place),
                title: None,
            };
            let choice = |number: i64| choice::Model {
                id: id * 10 + number,
                question_id: id,
                number,
                text: String::new(),
                is_key: number == 1,
                feedback: None,
            };
            (question, (1..=4).map(choice).collect())
        };
        (0..self.questions).map(asked).collect()
    }

    /// The marks of the attempts that count.
    fn counted(&self, rule: Attempts) -> Vec<Vec<f64>> {
        let total = |attempt: &Attempt| self.marks(attempt).iter().sum::<f64>();
        let students = self.attempts.iter().map(|attempt| attempt.student).max().map_or(0, |last| last + 1);
        let of = |student: usize| self.attempts.iter().filter(move |attempt| attempt.student == student);
        let best = |a: &&Attempt, b: &&Attempt| total(a).total_cmp(&total(b)).then(b.number.cmp(&a.number));
        let counted: Vec<&Attempt> = match rule {
            Attempts::All => self.attempts.iter().collect(),
            Attempts::First => (0..students).filter_map(|s| of(s).min_by_key(|a| a.number)).collect(),
            Attempts::Last => (0..students).filter_map(|s| of(s).max_by_key(|a| a.number)).collect(),
            Attempts::Best => (0..students).filter_map(|s| of(s).max_by(best)).collect(),
        };
        counted.into_iter().map(|attempt| self.marks(attempt)).collect()
    }

    /// Writes the rows as they land: in any order, some of them twice.
    fn write(&self, db: &Connection, random: &mut StdRng) {
        let mut rows = Vec::new();
        for (place, attempt) in self.attempts.iter().enumerate() {
            for (question, choice) in attempt.choices.iter().enumerate() {
                rows.push((place, attempt, question, *choice));
                if random.random_bool(0.1) {
                    rows.push((place, attempt, question, *choice));
                }
            }
        }
        let mut appender = db.appender("quiz_answers").expect("an appender");
        while !rows.is_empty() {
            let (place, attempt, question, choice) = rows.swap_remove(random.random_range(0..rows.len()));
            let question_id = question as i64 + 1;
            let choice = (choice > 0).then_some(question_id * 10 + choice as i64);
            let record = format!("{}-{place}-{question}", self.assignment);
            let (attempt_id, student) = (format!("{}-{place}", self.assignment), format!("s{}", attempt.student));
            let seq = (place * self.questions + question) as i64;
            let row = params![
                record,
                seq,
                "2026-01-31 10:41:07",
                self.assignment,
                1,
                1,
                attempt_id,
                attempt.number as i32,
                student,
                question_id,
                choice,
                1_000,
                None::<String>
            ];
            appender.append_row(row).expect("a row");
        }
        appender.flush().expect("written");
    }
}

fn random_class(assignment: i64, students: usize, questions: usize, random: &mut StdRng) -> Class {
    let hard: Vec<f64> = (0..questions).map(|_| random.random_range(-1.5..1.5)).collect();
    let mut attempts = Vec::new();
    for student in 0..students {
        let able: f64 = random.random_range(-2.0..2.0);
        for number in 1..=random.random_range(1..=3) {
            let mut choice = |hard: &f64| match random.random_range(0.0..1.0) {
                p if p < 0.08 => 0,
                p if p < 0.08 + 0.92 / (1.0 + (hard - able).exp()) => 1,
                _ => random.random_range(2..=4),
            };
            let choices = hard.iter().map(&mut choice).collect();
            attempts.push(Attempt { student, number, choices });
        }
    }
    Class { assignment, questions, void: Vec::new(), attempts }
}

/// Everybody gives the same choices.
fn uniform_class(assignment: i64, students: usize, choices: &[usize]) -> Class {
    let attempt = |student| Attempt { student, number: 1, choices: choices.to_vec() };
    Class { assignment, questions: choices.len(), void: Vec::new(), attempts: (0..students).map(attempt).collect() }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Sample covariance, by deviations from the means.
fn cov(a: &[f64], b: &[f64]) -> f64 {
    let (of_a, of_b) = (mean(a), mean(b));
    a.iter().zip(b).map(|(x, y)| (x - of_a) * (y - of_b)).sum::<f64>() / (a.len() as f64 - 1.0)
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// Sums of marks differ from 0 by rounding alone.
fn some(value: f64, exists: bool) -> Option<f64> {
    (exists && value.is_finite()).then_some(value)
}

/// The formulas, from the marks themselves.
fn reference_item(marks: &[Vec<f64>], question: usize) -> ItemFigures {
    let x: Vec<f64> = marks.iter().map(|row| row[question]).collect();
    let total: Vec<f64> = marks.iter().map(|row| row.iter().sum()).collect();
    let rest: Vec<f64> = total.iter().zip(&x).map(|(t, x)| t - x).collect();
    let n = marks.len();
    let mut figures = ItemFigures { random_guess: Some(0.25), ..<_>::default() };
    if n < 2 {
        return figures;
    }
    figures.sd = Some(cov(&x, &x).sqrt());
    if n < 20 {
        return figures;
    }
    let vary = cov(&x, &x) > 1e-12 && cov(&rest, &rest) > 1e-12;
    figures.discrimination = some(100.0 * cov(&x, &rest) / (cov(&x, &x) * cov(&rest, &rest)).sqrt(), vary);
    let most = cov(&sorted(x.clone()), &sorted(rest.clone()));
    figures.efficiency = some(100.0 * cov(&x, &rest) / most, most.abs() > 1e-12);
    let weight = |question: usize| {
        let x: Vec<f64> = marks.iter().map(|row| row[question]).collect();
        let cov = cov(&x, &total);
        (cov > -1e-12).then(|| cov.max(0.0).sqrt())
    };
    let all: f64 = (0..marks[0].len()).filter_map(weight).sum();
    figures.weight = weight(question).and_then(|own| some(100.0 * own / all, all > 1e-9));
    figures
}

fn reference_test(marks: &[Vec<f64>]) -> TestFigures {
    let total = sorted(marks.iter().map(|row| row.iter().sum()).collect());
    let n = total.len();
    let mut figures = TestFigures::default();
    if n == 0 {
        return figures;
    }
    figures.mean = Some(mean(&total));
    figures.median = Some((total[(n - 1) / 2] + total[n / 2]) / 2.0);
    if n < 2 {
        return figures;
    }
    let (variance, p, n) = (cov(&total, &total), marks[0].len() as f64, n as f64);
    figures.sd = Some(variance.sqrt());
    if n < 20.0 {
        return figures;
    }
    let m = |power: i32| total.iter().map(|t| (t - mean(&total)).powi(power)).sum::<f64>() / n;
    let varies = variance > 1e-12;
    // g₁ and g₂ of the sample by way of the population's.
    let (g1, g2) = (m(3) / m(2).powf(1.5), m(4) / m(2).powi(2) - 3.0);
    figures.skewness = some(g1 * (n * (n - 1.0)).sqrt() / (n - 2.0), varies);
    figures.kurtosis = some((n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * g2 + 6.0), varies);
    let columns = (0..marks[0].len()).map(|question| marks.iter().map(|row| row[question]).collect::<Vec<f64>>());
    let items: f64 = columns.map(|x| cov(&x, &x)).sum();
    figures.alpha = some(100.0 * p / (p - 1.0) * (1.0 - items / variance), varies && p > 1.0);
    figures.error_ratio = figures.alpha.map(|alpha| 100.0 * (1.0 - alpha / 100.0).max(0.0).sqrt());
    figures.sem = figures.error_ratio.map(|ratio| ratio * variance.sqrt() / 100.0);
    figures
}

fn assert_near(found: Option<f64>, expected: Option<f64>, what: &str) {
    let near = match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        (None, None) => true,
        _ => false,
    };
    assert!(near, "{what}: {found:?}, the reference says {expected:?}");
}

fn open(path: &Path) -> Warehouse {
    duckdb::open(path, Limits { memory_mib: 256, threads: 1 }).expect("a warehouse")
}

async fn analysed(warehouse: &Warehouse, class: &Class, rule: Attempts) -> (Content, Analysis) {
    let content = class.content();
    let view = View { attempts: rule, ..View::of(class.assignment) };
    let totals = warehouse.totals(&Counting { view, keys: keys(&content) }, i64::MAX).await.expect("totals");
    let analysis = Analysis::of(&content, &totals);
    (content, analysis)
}

async fn compare(warehouse: &Warehouse, class: &Class, rule: Attempts) {
    let (content, analysis) = analysed(warehouse, class, rule).await;
    let marks = class.counted(rule);
    let about = format!("{} attempts of {}, {rule:?}", marks.len(), class.assignment);
    let counting = content.iter().filter(|(question, _)| !question.is_void);
    for (place, (question, choices)) in counting.enumerate() {
        let (found, expected) = (analysis.item(question, choices), reference_item(&marks, place));
        let about = |what: &str| format!("{what} of question {}, {about}", question.number);
        assert_near(found.sd, expected.sd, &about("sd"));
        assert_near(found.random_guess, expected.random_guess, &about("random guess"));
        assert_near(found.discrimination, expected.discrimination, &about("discrimination"));
        assert_near(found.efficiency, expected.efficiency, &about("efficiency"));
        assert_near(found.weight, expected.weight, &about("weight"));
    }
    let (found, expected) = (analysis.test(), reference_test(&marks));
    assert_near(found.mean, expected.mean, &format!("mean, {about}"));
    assert_near(found.median, expected.median, &format!("median, {about}"));
    assert_near(found.sd, expected.sd, &format!("sd, {about}"));
    assert_near(found.skewness, expected.skewness, &format!("skewness, {about}"));
    assert_near(found.kurtosis, expected.kurtosis, &format!("kurtosis, {about}"));
    assert_near(found.alpha, expected.alpha, &format!("alpha, {about}"));
    assert_near(found.error_ratio, expected.error_ratio, &format!("error ratio, {about}"));
    assert_near(found.sem, expected.sem, &format!("sem, {about}"));
}

#[tokio::test]
async fn the_figures_are_those_of_the_formulas_over_random_and_degenerate_classes_whichever_attempt_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("w.duckdb");
    let mut random = StdRng::seed_from_u64(7);
    let mut classes = Vec::new();
    for students in [0, 1, 2, 19, 20, 21, 60, 200] {
        for questions in [1, 2, 7, 10] {
            classes.push(random_class(classes.len() as i64 + 1, students, questions, &mut random));
        }
    }
    for students in [1, 25] {
        for choices in [&[0, 0, 0][..], &[1, 1, 1], &[2, 3, 4], &[1, 2, 0]] {
            classes.push(uniform_class(classes.len() as i64 + 1, students, choices));
        }
    }
    for void in [vec![0], vec![1, 4], (0..7).collect()] {
        let class = random_class(classes.len() as i64 + 1, 40, 7, &mut random);
        classes.push(Class { void, ..class });
    }
    drop(open(&path));
    let db = Connection::open(&path).expect("the warehouse's file");
    classes.iter().for_each(|class| class.write(&db, &mut random));
    drop(db);
    let warehouse = open(&path);
    for class in &classes {
        for rule in Attempts::RULES {
            compare(&warehouse, class, rule).await;
        }
    }
}
