//! The parts of a query, and what each has to be.
//!
//! Owns the check that names a wrong part. Whoever reads the query afterwards finds each part right, but could not say which
//! one is wrong.

use app::api::results::Attempts;
use app::api::{ApiError, Millis};
use url::form_urlencoded;

/// Asks for the students' names.
pub(super) const SHOW: &str = "show";

/// What a part of a query has to be.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Number,
    Text,
    Rule,
    Instant,
    Show,
}

impl Part {
    fn check(self, value: &str) -> Result<(), &'static str> {
        let is_right = match self {
            Self::Number => value.parse::<i64>().is_ok(),
            Self::Text => !value.is_empty(),
            Self::Rule => Attempts::of_name(value).is_some(),
            Self::Instant => value.parse::<Millis>().is_ok_and(|at| (0..=LAST_INSTANT).contains(&at)),
            Self::Show => value == SHOW,
        };
        if is_right { Ok(()) } else { Err(self.wanted()) }
    }

    const fn wanted(self) -> &'static str {
        match self {
            Self::Number => "has to be a whole number",
            Self::Text => "may not be empty",
            Self::Rule => "has to be first, last, best or all",
            Self::Instant => "has to be an instant, in milliseconds since 1970",
            Self::Show => "has to be show, or left out",
        }
    }
}

/// The last millisecond of the year 9998.
pub(super) const LAST_INSTANT: Millis = 253_370_764_799_999;

/// A part of a query: name, what it has to be, and whether it may be left out.
pub(super) type QueryPart = (&'static str, Part, bool);

/// Which attempts, and as of when.
pub(super) const OF_VIEW: [QueryPart; 2] = [("attempts", Part::Rule, true), ("as_of", Part::Instant, true)];

/// Checks that each part of the query is there once, and is what it has to be. Parts with other names are not looked at.
pub(super) fn check_query(query: &str, parts: &[QueryPart]) -> Result<(), ApiError> {
    for (name, part, may_be_absent) in parts {
        let mut given = form_urlencoded::parse(query.as_bytes()).filter(|(found, _)| found == name);
        match (given.next(), given.next()) {
            (Some(_), Some(_)) => return Err(ApiError::invalid(*name, "is there twice")),
            (Some((_, value)), None) => part.check(&value).map_err(|wanted| ApiError::invalid(*name, wanted))?,
            (None, _) if *may_be_absent => {}
            (None, _) => {
                let example = format!("is missing; add {name}= and its value to the query");
                return Err(ApiError::invalid(*name, example));
            }
        }
    }
    Ok(())
}
