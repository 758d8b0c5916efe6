//! Item analysis: how well each question tells those who know from those who do not, and how far the whole can be relied
//! on.
//!
//! Owns the formulas; what they mean stands with `app::api::results::{ItemFigures, TestFigures}`. Works on counts of
//! attempts by question, mark and score, however many students there are. A question's mark x is 0 or 1, the total T is
//! the score, and R = T − x is the score on the rest. Sums of marks and scores are whole numbers and are kept as such, so
//! that no figure loses digits before the last division. Does not own the counting, which is SQL's.

use std::collections::BTreeMap;

use app::api::results::{ItemFigures, LEAST_N, TestFigures};

use crate::quizzes::Content;
use crate::store::tables::{choice, question};
use crate::warehouse::Totals;

/// One assignment's statistics.
pub(super) struct Analysis {
    /// The questions that are not void.
    items: BTreeMap<i64, Item>,
    scores: Scores,
    /// Σ √cov(x, T) over the items where it is not negative.
    weights: f64,
}

impl Analysis {
    pub(super) fn of(content: &Content, totals: &Totals) -> Self {
        let counting = content.iter().filter(|(question, _)| !question.is_void);
        let keys: BTreeMap<i64, Vec<i64>> = counting.map(|(q, choices)| (q.id, keys_of(choices))).collect();
        let mut items: BTreeMap<i64, Item> = keys.keys().map(|question| (*question, Item::default())).collect();
        for count in &totals.choices {
            let Some(item) = items.get_mut(&count.question) else { continue };
            let is_right = |choice| keys.get(&count.question).is_some_and(|keys| keys.contains(&choice));
            let mark = i64::from(count.choice.is_some_and(is_right));
            *item.attempts.entry((mark, count.score - mark)).or_default() += count.answers;
        }
        let weights = items.values().filter_map(Item::root_of_weight).sum();
        Self { items, scores: Scores(totals.scores.clone()), weights }
    }

    /// The figures of one question.
    pub(super) fn item(&self, question: &question::Model, choices: &[choice::Model]) -> ItemFigures {
        // One choice is right unless a ruling says otherwise.
        let right = keys_of(choices).len().max(1);
        let random_guess = (!choices.is_empty()).then(|| right as f64 / choices.len() as f64);
        let Some(item) = self.items.get(&question.id) else { return ItemFigures { random_guess, ..<_>::default() } };
        let sums = item.sums();
        let mut figures = ItemFigures { sd: sums.variance_of_x().map(f64::sqrt), random_guess, ..<_>::default() };
        if sums.n >= i128::from(LEAST_N) {
            figures.discrimination = sums.discrimination();
            figures.efficiency = item.efficiency();
            figures.weight = item.root_of_weight().map(|root| 100.0 * root / self.weights).filter(|w| w.is_finite());
        }
        figures
    }

    /// The figures of the whole.
    pub(super) fn test(&self) -> TestFigures {
        let scores = &self.scores;
        let mut figures =
            TestFigures { mean: scores.mean(), median: scores.median(), sd: scores.sd(), ..<_>::default() };
        if scores.n() >= LEAST_N {
            figures.skewness = scores.skewness();
            figures.kurtosis = scores.kurtosis();
            figures.alpha = self.alpha();
            figures.error_ratio = figures.alpha.map(|alpha| 100.0 * (1.0 - alpha / 100.0).max(0.0).sqrt());
            figures.sem = figures.error_ratio.zip(figures.sd).map(|(ratio, sd)| ratio * sd / 100.0);
        }
        figures
    }

    /// Cronbach (1951), in per cent: 100 · p/(p−1) · (1 − Σ s²_x / s²_T).
    fn alpha(&self) -> Option<f64> {
        let p = self.items.len() as f64;
        let total = self.scores.variance().filter(|variance| *variance > 0.0)?;
        let items: f64 = self.items.values().filter_map(|item| item.sums().variance_of_x()).sum();
        (p > 1.0).then(|| 100.0 * p / (p - 1.0) * (1.0 - items / total))
    }
}

fn keys_of(choices: &[choice::Model]) -> Vec<i64> {
    choices.iter().filter(|choice| choice.is_key).map(|choice| choice.id).collect()
}

/// One question: attempts by mark and score on the rest.
#[derive(Default)]
struct Item {
    attempts: BTreeMap<(i64, i64), i64>,
}

/// n and sums over the attempts of an item.
struct Sums {
    n: i128,
    x: i128,
    r: i128,
    rr: i128,
    xr: i128,
}

impl Item {
    fn sums(&self) -> Sums {
        let mut sums = Sums { n: 0, x: 0, r: 0, rr: 0, xr: 0 };
        for ((x, r), attempts) in &self.attempts {
            let (x, r, attempts) = (i128::from(*x), i128::from(*r), i128::from(*attempts));
            sums.n += attempts;
            sums.x += attempts * x;
            sums.r += attempts * r;
            sums.rr += attempts * r * r;
            sums.xr += attempts * x * r;
        }
        sums
    }

    /// cov(x, R) against the most that it could be: the marks that are 1 with the highest scores.
    fn efficiency(&self) -> Option<f64> {
        let sums = self.sums();
        let mut by_rest: BTreeMap<i64, i64> = BTreeMap::new();
        for ((_, rest), attempts) in &self.attempts {
            *by_rest.entry(*rest).or_default() += attempts;
        }
        let (mut left, mut most) = (sums.x, 0);
        for (rest, attempts) in by_rest.iter().rev() {
            let taken = left.min(i128::from(*attempts));
            most += taken * i128::from(*rest);
            left -= taken;
        }
        ratio(sums.covariance(sums.xr), sums.covariance(most))
    }

    /// √cov(x, T); none where the covariance is negative or there is none.
    fn root_of_weight(&self) -> Option<f64> {
        let sums = self.sums();
        // Σ xT = Σ x(R + x), and x² = x.
        let product = sums.n * (sums.xr + sums.x) - sums.x * (sums.r + sums.x);
        (sums.n > 1 && product >= 0).then(|| (product as f64 / (sums.n * (sums.n - 1)) as f64).sqrt())
    }
}

impl Sums {
    /// n(n − 1) times the covariance of x and R, where Σ xR is `products`.
    fn covariance(&self, products: i128) -> i128 {
        self.n * products - self.x * self.r
    }

    fn variance_of_x(&self) -> Option<f64> {
        // x² = x.
        (self.n > 1).then(|| (self.n * self.x - self.x * self.x) as f64 / (self.n * (self.n - 1)) as f64)
    }

    fn discrimination(&self) -> Option<f64> {
        let of_x = self.n * self.x - self.x * self.x;
        let of_r = self.n * self.rr - self.r * self.r;
        let product = (of_x as f64).sqrt() * (of_r as f64).sqrt();
        (product > 0.0).then(|| 100.0 * self.covariance(self.xr) as f64 / product)
    }
}

/// 100 · a / b; none where b is 0.
fn ratio(a: i128, b: i128) -> Option<f64> {
    (b != 0).then(|| 100.0 * a as f64 / b as f64)
}

/// Attempts by score, lowest first.
struct Scores(Vec<(i64, i64)>);

impl Scores {
    fn n(&self) -> i64 {
        self.0.iter().map(|(_, attempts)| attempts).sum()
    }

    fn mean(&self) -> Option<f64> {
        let sum: i64 = self.0.iter().map(|(score, attempts)| score * attempts).sum();
        (self.n() > 0).then(|| sum as f64 / self.n() as f64)
    }

    fn median(&self) -> Option<f64> {
        let n = self.n();
        let at = |place: i64| {
            let mut before = 0;
            self.0.iter().find(|(_, attempts)| {
                before += attempts;
                place < before
            })
        };
        let (low, high) = (at((n - 1) / 2)?, at(n / 2)?);
        (n > 0).then(|| (low.0 + high.0) as f64 / 2.0)
    }

    /// Σ (T − mean)^power.
    fn moment(&self, power: i32) -> f64 {
        let mean = self.mean().unwrap_or_default();
        self.0.iter().map(|(score, attempts)| (*score as f64 - mean).powi(power) * *attempts as f64).sum()
    }

    fn variance(&self) -> Option<f64> {
        let n = self.n();
        (n > 1).then(|| self.moment(2) / (n - 1) as f64)
    }

    fn sd(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }

    /// k₃ / k₂^(3/2). k-statistics: Fisher (1930); n·Σd³ / ((n−1)(n−2)).
    fn skewness(&self) -> Option<f64> {
        let n = self.n() as f64;
        let k2 = self.variance().filter(|k2| *k2 > 0.0)?;
        let k3 = n * self.moment(3) / ((n - 1.0) * (n - 2.0));
        Some(k3 / k2.powf(1.5))
    }

    /// k₄ / k₂²; k₄ = (n(n+1)·Σd⁴ − 3(n−1)·(Σd²)²) / ((n−1)(n−2)(n−3)).
    fn kurtosis(&self) -> Option<f64> {
        let n = self.n() as f64;
        let k2 = self.variance().filter(|k2| *k2 > 0.0)?;
        let k4 = (n * (n + 1.0) * self.moment(4) - 3.0 * (n - 1.0) * self.moment(2).powi(2))
            / ((n - 1.0) * (n - 2.0) * (n - 3.0));
        Some(k4 / (k2 * k2))
    }
}

#[cfg(test)]
mod tests;
