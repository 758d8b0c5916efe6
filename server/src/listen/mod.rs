//! Connections from outside: how many there may be, for how long they may be silent, and what their requests may hold in
//! memory.
//!
//! Owns accepting, HTTP/1.1 and HTTP/2 as connections, the one host that a request names (`host`), and these bounds:
//!
//! - A head has to arrive within [`HEAD_TIME`], and a connection over which no request goes is closed after as long: before
//!   the first request, and between two.
//! - A body has to arrive within its own time (`bodies`), and a response that its client does not read is given up.
//! - What arrives ahead of its reader is at most 64 KiB of a connection of HTTP/1.1; over HTTP/2 64 KiB of a request, and
//!   128 KiB of all 16 requests together.
//! - There are at most so many connections ([`Bound`]). The file descriptors behind the bound belong to the server's own
//!   files, so that strangers cannot stop the stores. When all are taken, whoever is idle makes room for
//!   the next; then whoever's response has not begun, be the request whole or not, or is not read. Of several, the one that
//!   has been quiet the longest is closed. A connection over which a response goes is never cut.
//!
//! Does not own a path or a response: the rooms `web` and `aws` do.

mod bodies;
mod connections;
mod host;
mod rest;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use bytes::Bytes;
use futures::FutureExt;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt;

pub use bodies::{Bodies, BodyError, Held, read};
pub use connections::Bound;
pub use host::{HostError, name_host};

use self::connections::{Connection, Connections, InFlight};
use self::rest::Heard;
use crate::tasks;

/// A request's head takes no longer, and neither does the pause between two requests.
pub const HEAD_TIME: Duration = Duration::from_secs(20);
/// Bytes of a head, and of what is read ahead of a body.
const MOST_HEAD_BYTES: usize = 64 << 10;
/// Requests at the same time on one connection of HTTP/2.
const MOST_STREAMS: u32 = 16;
/// Bytes that are read ahead of one request's body over HTTP/2, and of all on the connection.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 128 << 10;
/// After an accept that failed: no file descriptor was left, say.
const AFTER_FAILURE: Duration = Duration::from_millis(50);

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP/1.1 alone: browsers speak HTTP/2 over TLS only, and one connection is one request in memory.
    Http1,
    /// HTTP/2 too, as some of AWS's clients do in the clear.
    Http1And2,
}

/// Answers requests until `stop` says true and the last of them is answered.
pub async fn serve(listener: TcpListener, router: Router, speaks: Speaks, bound: Bound, stop: watch::Receiver<bool>) {
    let door = Door { listener, router, speaks, connections: Connections::new(bound), stop };
    let mut answering = JoinSet::new();
    // A connection that panics ends itself alone; whatever else does must not leave the door shut.
    while AssertUnwindSafe(door.take_in(&mut answering)).catch_unwind().await.is_err() {
        tasks::panicked(&format!("listener of {speaks:?}"));
        tokio::time::sleep(AFTER_FAILURE).await;
    }
    drop(door.listener);
    while answering.join_next().await.is_some() {}
}

/// A listener, and what its connections have in common.
struct Door {
    listener: TcpListener,
    router: Router,
    speaks: Speaks,
    connections: Connections,
    stop: watch::Receiver<bool>,
}

impl Door {
    /// Takes in connections until the server stops.
    async fn take_in(&self, answering: &mut JoinSet<()>) {
        let mut stop = self.stop.clone();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                Some(_) = answering.join_next(), if !answering.is_empty() => continue,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            match accepted {
                Ok((stream, peer)) => {
                    // Nobody is sent away silently: whoever finds no room is closed, and tries again.
                    let Some(connection) = self.connections.add() else { continue };
                    let (router, stop) = (self.router.clone(), self.stop.clone());
                    answering.spawn(run(stream, peer, router, self.speaks, connection, stop));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    self.connections.make_room();
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
    }
}

async fn run(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    speaks: Speaks,
    connection: Arc<Connection>,
    mut stop: watch::Receiver<bool>,
) {
    // Small responses leave at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::trace!(%error, "a connection is gone already");
    }
    let of_requests = Arc::clone(&connection);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        answer(router.clone(), request, peer, of_requests.begin())
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    if speaks == Speaks::Http1 {
        builder = builder.http1_only();
    }
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(MOST_HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(MOST_HEAD_BYTES as u32)
        .keep_alive_interval(HEAD_TIME)
        .keep_alive_timeout(HEAD_TIME);
    let http = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(http);
    let mut is_stopping = false;
    loop {
        tokio::select! {
            ended = http.as_mut() => {
                if let Err(error) = ended {
                    tracing::trace!(%error, %peer, "a connection ended early");
                }
                return;
            }
            () = connection.closed() => return,
            _ = stop.wait_for(|stop| *stop), if !is_stopping => {
                is_stopping = true;
                http.as_mut().graceful_shutdown();
            }
        }
    }
}

async fn answer(
    router: Router,
    mut request: Request<Incoming>,
    peer: SocketAddr,
    mut in_flight: InFlight,
) -> Result<Response<Body>, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = router.oneshot(request.map(|body| Body::new(Heard::new(body)))).await?;
    in_flight.responds();
    Ok(response.map(|body| Body::new(Sent { body, in_flight })))
}

/// A response's body. Its request is in flight until the last of it is sent, or nobody wants it any more.
struct Sent {
    body: Body,
    in_flight: InFlight,
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if polled.is_ready() {
            self.in_flight.goes_on();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
