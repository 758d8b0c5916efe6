//! Server-sent events. See `app::api::live` for what they say.
//!
//! Owns the connection of an open page. Does not own when something is told: the room `reports` does.

use std::collections::BTreeSet;
use std::convert::Infallible;

use app::api::ApiError;
use app::api::live::{CHANGED, Changed, MOST_FOLLOWED, TICK};
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use futures::Stream;
use futures::stream::unfold;
use serde::Serialize;
use tokio::sync::watch;
use url::form_urlencoded;

use super::{Shared, WebError, session};
use crate::access::AccessError;
use crate::reports::{Following, Said};

pub(super) async fn events(
    State(rooms): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, WebError> {
    let user = session::required_user(&rooms.accounts, &headers).await?;
    let assignments = assignments(query.as_deref().unwrap_or_default())?;
    for assignment in &assignments {
        let checked = rooms.access.check_may_see(&user, *assignment).await;
        checked.map_err(|error| match error {
            AccessError::Unknown => not_found(*assignment),
            error => error.into(),
        })?;
    }
    let page = Page {
        following: rooms.reports.follow(&assignments),
        stop: rooms.stop.clone(),
        ends: rooms.accounts.follow_ends(),
        secret: session::secret_of(&headers).unwrap_or_default().to_owned(),
        rooms,
        ticks: 0,
    };
    Ok(Sse::new(unfold(page, |mut page| async { page.next().await.map(|event| (Ok(event), page)) })))
}

fn not_found(assignment: i64) -> WebError {
    ApiError::not_found(format!("there is no assignment {assignment} among your classes")).into()
}

/// Each once.
fn assignments(query: &str) -> Result<Vec<i64>, ApiError> {
    let wrong = |problem: &str| ApiError::invalid("assignments", problem);
    let given = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "assignments");
    let (_, given) =
        given.ok_or_else(|| wrong("is missing; add ?assignments= and their numbers, with commas between them"))?;
    let numbers: Result<BTreeSet<i64>, _> = given.split(',').map(str::parse).collect();
    let numbers = numbers.map_err(|_| wrong("has to be assignments' numbers with commas between them"))?;
    if numbers.len() > MOST_FOLLOWED {
        return Err(wrong(&format!("names {}; one connection follows at most {MOST_FOLLOWED}", numbers.len())));
    }
    Ok(numbers.into_iter().collect())
}

/// Ticks between two looks at a session that may have ended elsewhere, or by itself.
const LOOK_EVERY: u32 = 30;

/// One open connection.
struct Page {
    following: Following,
    stop: watch::Receiver<bool>,
    /// Changes when a session has been signed out.
    ends: watch::Receiver<u64>,
    secret: String,
    rooms: Shared,
    ticks: u32,
}

impl Page {
    /// The next event; `None` when the server stops, or the session is over.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let said = tokio::select! {
                _ = self.stop.wait_for(|stop| *stop) => return None,
                ended = self.ends.changed() => {
                    ended.ok()?;
                    None
                }
                said = self.following.next() => Some(said?),
            };
            match said {
                Some(Said::Changed(assignment)) => return Some(event(CHANGED, &Changed { assignment })),
                Some(Said::Tick(tick)) => {
                    self.ticks += 1;
                    if !self.ticks.is_multiple_of(LOOK_EVERY) || is_signed_in(&self.rooms, &self.secret).await {
                        return Some(event(TICK, &tick));
                    }
                    return None;
                }
                None => is_signed_in(&self.rooms, &self.secret).await.then_some(())?,
            }
        }
    }
}

/// A store that does not answer ends nobody's session.
async fn is_signed_in(rooms: &Shared, secret: &str) -> bool {
    !matches!(rooms.accounts.is_open(secret).await, Ok(false))
}

fn event(name: &str, data: &impl Serialize) -> Event {
    Event::default().event(name).data(serde_json::to_string(data).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_numbers_each_once_and_not_too_many() {
        assert_eq!(assignments("assignments=7,2,7"), Ok(vec![2, 7]));
        assert_eq!(assignments("assignments=7%2C2&more=1"), Ok(vec![2, 7]));
        let most: Vec<String> = (1..=MOST_FOLLOWED).map(|n| n.to_string()).collect();
        assert!(assignments(&format!("assignments={}", most.join(","))).is_ok());
        let too_many = format!("assignments={},0", most.join(","));
        for (wrong, says) in [
            ("", "is missing"),
            ("assignment=7", "is missing"),
            ("assignments=", "numbers"),
            ("assignments=7,,8", "numbers"),
            ("assignments=7;8", "numbers"),
            ("assignments=99999999999999999999", "numbers"),
            (&too_many, "at most 64"),
        ] {
            let refused = assignments(wrong).expect_err(wrong).to_string();
            assert!(refused.starts_with("assignments: ") && refused.contains(says), "{wrong}: {refused}");
        }
    }
}
