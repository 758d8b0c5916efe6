//! What a results page looks at, as its address has it: so that it can be shared with a colleague, and outlives a reload.

use crate::api::Millis;
use crate::api::results::Attempts;

/// In which order questions stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As in the quiz.
    #[default]
    Quiz,
    /// The smallest share first.
    HardestFirst,
}

/// How the rows of the grid stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// As on the class list.
    #[default]
    List,
    /// The highest score first.
    Best,
    /// The lowest score first.
    Worst,
    /// Who got the question of this number wrong first.
    Wrong(i64),
}

impl Sort {
    fn name(self) -> Option<String> {
        match self {
            Self::List => None,
            Self::Best => Some("best".to_owned()),
            Self::Worst => Some("worst".to_owned()),
            Self::Wrong(question) => Some(format!("q{question}")),
        }
    }

    fn of_name(name: &str) -> Self {
        match name {
            "best" => Self::Best,
            "worst" => Self::Worst,
            _ => name.strip_prefix('q').and_then(|number| number.parse().ok()).map_or(Self::List, Self::Wrong),
        }
    }
}

/// The view of a results page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looking {
    /// The number of the selected question; absent: the first.
    pub question: Option<i64>,
    /// How the questions stand.
    pub order: Order,
    /// Which attempts count.
    pub attempts: Attempts,
    /// As of when; absent: live.
    pub as_of: Option<Millis>,
    /// The assignment that this one is compared with.
    pub compare: Option<i64>,
    /// How the students stand.
    pub sort: Sort,
}

impl Looking {
    /// Reads an address's query. What is not understood is as if it were not there.
    pub fn read(part: impl Fn(&str) -> Option<String>) -> Self {
        let number = |name: &str| part(name).and_then(|value| value.parse().ok());
        Self {
            question: number("question"),
            order: if part("order").as_deref() == Some("hardest") { Order::HardestFirst } else { Order::Quiz },
            attempts: part("attempts").and_then(|name| Attempts::of_name(&name)).unwrap_or_default(),
            as_of: number("as_of").filter(|at| *at >= 0),
            compare: number("compare"),
            sort: part("sort").map(|name| Sort::of_name(&name)).unwrap_or_default(),
        }
    }

    /// As a query with its question mark; nothing where all is as it goes without saying.
    #[must_use]
    pub fn query(&self) -> String {
        let parts = [
            self.question.map(|number| format!("question={number}")),
            (self.order == Order::HardestFirst).then(|| "order=hardest".to_owned()),
            self.filters(),
            self.compare.map(|assignment| format!("compare={assignment}")),
            self.sort.name().map(|name| format!("sort={name}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }

    /// Which attempts count, and as of when, as a part of a query; absent where both go without saying.
    #[must_use]
    pub fn filters(&self) -> Option<String> {
        let attempts = (self.attempts != Attempts::default()).then(|| format!("attempts={}", self.attempts.name()));
        let as_of = self.as_of.map(|at| format!("as_of={at}"));
        let parts: Vec<String> = attempts.into_iter().chain(as_of).collect();
        (!parts.is_empty()).then(|| parts.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Looking {
        Looking::read(|name| {
            let parts = query.trim_start_matches('?').split('&').filter_map(|part| part.split_once('='));
            parts.filter(|(found, _)| *found == name).map(|(_, value)| value.to_owned()).next()
        })
    }

    #[test]
    fn an_address_holds_the_whole_view() {
        for (query, view) in [
            ("", Looking::default()),
            ("?question=4", Looking { question: Some(4), ..Looking::default() }),
            (
                "?question=2&order=hardest&attempts=best&as_of=1700000000000&compare=7&sort=q3",
                Looking {
                    question: Some(2),
                    order: Order::HardestFirst,
                    attempts: Attempts::Best,
                    as_of: Some(1_700_000_000_000),
                    compare: Some(7),
                    sort: Sort::Wrong(3),
                },
            ),
            ("?sort=worst", Looking { sort: Sort::Worst, ..Looking::default() }),
        ] {
            assert_eq!(read(query), view);
            assert_eq!(view.query(), query);
        }
    }

    #[test]
    fn what_is_not_understood_is_as_if_it_were_not_there() {
        assert_eq!(read("?question=x&order=up&attempts=third&as_of=-5&compare=&sort=qq"), Looking::default());
    }
}
