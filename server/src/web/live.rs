//! Server-sent events. See `app::api::live` for what they say.

use std::convert::Infallible;

use app::api::live::{CHANGED, TICK};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use futures::Stream;
use futures::stream::unfold;
use tokio::sync::watch;

use super::path::PathPart;
use super::{Shared, WebError, session};
use crate::results::{Following, Said};

pub(super) async fn assignment(
    State(rooms): State<Shared>,
    PathPart(assignment): PathPart<i64>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, WebError> {
    let user = session::required_user(&rooms.accounts, &headers).await?;
    rooms.results.check_access(&user, assignment).await?;
    let page = Page { following: rooms.results.follow(&[assignment]), stop: rooms.stop.clone() };
    Ok(Sse::new(unfold(page, |mut page| async { page.next().await.map(|event| (Ok(event), page)) })))
}

/// One open connection.
struct Page {
    following: Following,
    stop: watch::Receiver<bool>,
}

impl Page {
    /// The next event; `None` when the server stops.
    async fn next(&mut self) -> Option<Event> {
        let (_, said) = tokio::select! {
            _ = self.stop.wait_for(|stop| *stop) => return None,
            said = self.following.next() => said?,
        };
        Some(match said {
            Said::Changed => Event::default().event(CHANGED).data("{}"),
            Said::Tick(tick) => Event::default().event(TICK).data(serde_json::to_string(&tick).unwrap_or_default()),
        })
    }
}
