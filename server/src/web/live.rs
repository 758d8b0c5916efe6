//! Server-sent events. See `app::api::live` for what they say.

use std::convert::Infallible;
use std::time::Duration;

use app::api::live::{CHANGED, TICK, TICK_MS, Tick};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use futures::Stream;
use futures::stream::unfold;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::path::PathPart;
use super::{Shared, WebError, session};
use crate::live::Listener;
use crate::results::Measure;

pub(super) async fn assignment(
    State(rooms): State<Shared>,
    PathPart(assignment): PathPart<i64>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, WebError> {
    let user = session::required_user(&rooms.accounts, &headers).await?;
    rooms.results.visible(&user, assignment).await?;
    let mut ticks = interval(Duration::from_millis(TICK_MS));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let page = Page {
        assignment,
        changes: rooms.live.listen(),
        ticks,
        measure: rooms.results.measure().clone(),
        stop: rooms.stop.clone(),
    };
    Ok(Sse::new(unfold(page, |mut page| async { page.next().await.map(|event| (Ok(event), page)) })))
}

/// One open results page.
struct Page {
    assignment: i64,
    changes: Listener,
    ticks: Interval,
    measure: Measure,
    stop: watch::Receiver<bool>,
}

impl Page {
    /// The next event; `None` when the server stops.
    async fn next(&mut self) -> Option<Event> {
        tokio::select! {
            _ = self.stop.wait_for(|stop| *stop) => return None,
            more = self.changes.changed(self.assignment) => {
                return more.then(|| Event::default().event(CHANGED).data("{}"));
            }
            _ = self.ticks.tick() => {}
        }
        Some(self.tick().await)
    }

    async fn tick(&self) -> Event {
        let freshness = self.measure.assignment(self.assignment).await;
        if let Err(error) = &freshness {
            tracing::warn!(assignment = self.assignment, %error, "freshness could not be measured");
        }
        let tick = Tick { now: self.measure.now(), freshness: freshness.ok() };
        let data = serde_json::to_string(&tick).unwrap_or_default();
        Event::default().event(TICK).data(data)
    }
}
