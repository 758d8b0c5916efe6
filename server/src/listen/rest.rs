//! The rest of a body that nobody wants: read and thrown away for a moment.
//!
//! A request may be answered before its body has arrived: its key is not known, or it says that it is too long. A client that
//! is still writing then would find the connection closed, and never read why. Owns for how long, and how much, the rest is
//! taken. Does not own bodies that are wanted.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// So long the rest is waited for.
const REST_TIME: Duration = Duration::from_secs(5);
/// And so much of it is taken.
const MOST_REST: usize = 32 << 20;

/// A request's body whose rest is read when it is dropped.
pub(super) struct Heard(Option<Incoming>);

impl Heard {
    pub const fn new(body: Incoming) -> Self {
        Self(Some(body))
    }
}

impl Body for Heard {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.0 {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        let Some(body) = self.0.take().filter(|body| !body.is_end_stream()) else { return };
        // Without a runtime, as when the server ends, nobody waits for a response any more.
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(timeout(REST_TIME, throw_away(body)));
    }
}

async fn throw_away(mut body: Incoming) {
    let mut taken = 0;
    while let Some(Ok(frame)) = body.frame().await {
        taken += frame.data_ref().map_or(0, Bytes::len);
        if taken > MOST_REST {
            return;
        }
    }
}
