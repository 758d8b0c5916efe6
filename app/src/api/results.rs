//! What a teacher reads: classes, and one assignment's results.

use serde::{Deserialize, Serialize};

use super::Millis;
use super::freshness::Freshness;
use super::rulings::Ruling;

/// A class and its assignments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ClassSummary {
    /// Names the class.
    pub id: i64,
    /// As the teacher wrote it.
    pub name: String,
    /// On the class list.
    pub students: i64,
    /// Newest first.
    pub assignments: Vec<AssignmentSummary>,
}

/// One line of the class page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AssignmentSummary {
    /// Names the assignment.
    pub id: i64,
    /// Title of its quiz.
    pub quiz_title: String,
    /// How many questions the quiz has.
    pub questions: i64,
    /// What students type to join.
    pub join_code: String,
    /// Since when it can be joined.
    pub opened_at: Millis,
    /// Set once it takes no more answers.
    pub closed_at: Option<Millis>,
    /// How far its students are.
    pub participation: Participation,
}

/// How far a class is with an assignment, counted in students.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Participation {
    /// On the class list.
    pub students: i64,
    /// Joined and not yet submitted.
    pub working: i64,
    /// Submitted at least once.
    pub submitted: i64,
}

impl Participation {
    /// On the class list and not yet joined.
    #[must_use]
    pub fn not_started(&self) -> i64 {
        (self.students - self.working - self.submitted).max(0)
    }
}

/// Which of a student's attempts counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Attempts {
    /// The first one.
    #[default]
    First,
    /// The last one.
    Last,
    /// The one with the most right answers; of equal ones the first.
    Best,
    /// Each one, as if another student had made it.
    All,
}

impl Attempts {
    /// Every rule, in the order in which they are offered.
    pub const RULES: [Self; 4] = [Self::First, Self::Last, Self::Best, Self::All];

    /// As it stands in an address.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Last => "last",
            Self::Best => "best",
            Self::All => "all",
        }
    }

    /// The rule of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::RULES.into_iter().find(|rule| rule.name() == name)
    }

    /// As a page says it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::First => "First attempts",
            Self::Last => "Last attempts",
            Self::Best => "Best attempts",
            Self::All => "All attempts",
        }
    }
}

/// What is looked at: an assignment, which attempts count, and as of when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// Names the assignment.
    pub assignment: i64,
    /// Which attempts count.
    pub attempts: Attempts,
    /// Only what was accepted until this instant; absent: all.
    pub as_of: Option<Millis>,
}

impl View {
    /// First attempts, as of now.
    #[must_use]
    pub const fn of(assignment: i64) -> Self {
        Self { assignment, attempts: Attempts::First, as_of: None }
    }
}

/// Statistics that rest on a correlation say nothing below so many attempts, and are withheld.
pub const LEAST_N: i64 = 20;

/// Everything that the results page shows at first. Graded while reading, against each question's current key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ClassResults {
    /// Names the assignment.
    pub assignment: i64,
    /// Names the quiz.
    pub quiz: i64,
    /// Which attempts count here.
    pub attempts: Attempts,
    /// Only what was accepted until this instant is in here; absent: all.
    pub as_of: Option<Millis>,
    /// Name of the class.
    pub class_name: String,
    /// Title of the quiz.
    pub quiz_title: String,
    /// What students type to join.
    pub join_code: String,
    /// Since when it can be joined.
    pub opened_at: Millis,
    /// Set once it takes no more answers.
    pub closed_at: Option<Millis>,
    /// Other classes that are taking the same quiz now, another teacher's among them: its key, once this class learns it, is
    /// no secret to them.
    #[serde(default)]
    pub also_open: Vec<String>,
    /// How far the class is.
    pub participation: Participation,
    /// Attempts that count and have landed, one a student unless all attempts count: the n of the class average.
    pub counted: i64,
    /// How many of them got 0, 1, 2, … questions right, up to the number of questions that are not void.
    pub scores: Vec<i64>,
    /// Middle time of these attempts, in milliseconds.
    pub typical_ms: Option<i64>,
    /// The quiz as a test.
    pub test: TestFigures,
    /// In quiz order.
    pub questions: Vec<QuestionResult>,
    /// Every ruling on the quiz's questions, newest first.
    pub rulings: Vec<Ruling>,
    /// How current all this is.
    pub freshness: Freshness,
}

impl ClassResults {
    /// Mean share of right answers over the questions that are not void, 0 to 1; absent before the first answer has
    /// landed.
    #[must_use]
    pub fn average(&self) -> Option<f64> {
        let counted = self.questions.iter().filter(|q| !q.is_void);
        let (correct, n) = counted.fold((0, 0), |(c, n), q| (c + q.correct, n + q.n));
        (n > 0).then(|| correct as f64 / n as f64)
    }

    /// Whether the quiz was closed at the instant that is shown: nobody is working then.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.closed_at.is_some_and(|closed| self.as_of.is_none_or(|as_of| closed <= as_of))
    }
}

/// The figures of a quiz as a test, in questions. Variances are the sample's (n − 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TestFigures {
    /// Mean score; absent before the first attempt has landed.
    pub mean: Option<f64>,
    /// Middle score.
    pub median: Option<f64>,
    /// Standard deviation of the scores; absent below two.
    pub sd: Option<f64>,
    /// g₁ of the sample, k₃ / k₂^(3/2) with k-statistics. This and what follows is withheld below [`LEAST_N`], and absent
    /// where a variance is 0.
    pub skewness: Option<f64>,
    /// Excess kurtosis of the sample, k₄ / k₂² with k-statistics.
    pub kurtosis: Option<f64>,
    /// Cronbach's α in per cent.
    pub alpha: Option<f64>,
    /// 100 · √(1 − α/100).
    pub error_ratio: Option<f64>,
    /// Standard error of measurement: error ratio · SD / 100.
    pub sem: Option<f64>,
}

/// The figures of a question as an item of the test. x is the mark on it, T the total, R = T − x.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ItemFigures {
    /// Standard deviation of the marks; absent below two.
    pub sd: Option<f64>,
    /// Share of right answers that guessing gives, 0 to 1; absent for a question without choices.
    pub random_guess: Option<f64>,
    /// Discrimination index, 100 · cov(x, R) / (s_x · s_R). This and what follows is withheld below [`LEAST_N`], absent
    /// where a variance is 0, and absent for a void question.
    pub discrimination: Option<f64>,
    /// Discriminative efficiency, 100 · cov(x, R) / cov_max, where cov_max pairs x and R each sorted by itself.
    pub efficiency: Option<f64>,
    /// Effective weight, 100 · √cov(x, T) / Σ √cov(x_j, T); absent where the covariance is negative.
    pub weight: Option<f64>,
}

/// One question's results over the attempts that count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct QuestionResult {
    /// Names the question.
    pub id: i64,
    /// 1, 2, 3, … in quiz order.
    pub number: i64,
    /// Plain text.
    pub text: String,
    /// In the order shown.
    pub choices: Vec<ChoiceResult>,
    /// Whether it was ruled to count for nothing.
    pub is_void: bool,
    /// Attempts counted, those who omitted the question among them (they count as wrong).
    pub n: i64,
    /// Of these, who gave the key.
    pub correct: i64,
    /// Of these, who gave nothing.
    pub omitted: i64,
    /// Middle time on the question, in milliseconds.
    pub median_ms: Option<i64>,
    /// The question as an item of the test.
    pub figures: ItemFigures,
}

impl QuestionResult {
    /// Share of right answers, 0 to 1; absent before the first answer has landed.
    #[must_use]
    pub fn facility(&self) -> Option<f64> {
        (self.n > 0).then(|| self.correct as f64 / self.n as f64)
    }
}

/// One choice's results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ChoiceResult {
    /// Names the choice.
    pub id: i64,
    /// Plain text.
    pub text: String,
    /// Whether it is the question's current key.
    pub is_key: bool,
    /// Attempts that gave it.
    pub answers: i64,
    /// How many of the other questions they got right, in the mean; absent if nobody gave it.
    pub rest_mean: Option<f64>,
}
