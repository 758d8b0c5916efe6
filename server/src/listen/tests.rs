//! A real listener on a port of its own, and clients that misbehave.

use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

struct Listening {
    at: SocketAddr,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Listening {
    async fn with(bound: Bound) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("an address");
        let stop = watch::Sender::new(false);
        let router = Router::new().route("/", get(|| async { "here" }));
        let task = tokio::spawn(serve(listener, router, Speaks::Http1And2, bound, stop.subscribe()));
        Self { at, stop, task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.at).await.expect("connected")
    }

    async fn end(self) {
        self.stop.send_replace(true);
        self.task.await.expect("ended");
    }
}

/// Asks for the page on a connection that stays open, and returns the status line.
async fn ask(stream: &mut TcpStream) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("sent");
    let mut heard = vec![0; 4096];
    let count = stream.read(&mut heard).await.expect("heard");
    String::from_utf8_lossy(&heard[..count]).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn silent_connections_make_room_for_who_asks() {
    let listening = Listening::with(Bound::for_test(4)).await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(listening.connect().await);
    }
    for _ in 0..3 {
        assert_eq!(ask(&mut listening.connect().await).await, "HTTP/1.1 200 OK");
    }
    let mut oldest = silent.remove(0);
    assert_eq!(oldest.read(&mut [0; 1]).await.expect("closed politely"), 0);
    listening.end().await;
}

/// Whoever is refused before the body has arrived reads why, and may ask again.
#[tokio::test]
async fn the_rest_of_a_body_that_nobody_wants_is_heard_out() {
    let listening = Listening::with(Bound::for_test(4)).await;
    let mut stream = listening.connect().await;
    let body = vec![b' '; 8 << 20];
    stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8388608\r\n\r\n").await.expect("sent");
    stream.write_all(&body).await.expect("all of it is taken");
    let mut heard = vec![0; 4096];
    let count = stream.read(&mut heard).await.expect("heard");
    assert!(heard[..count].starts_with(b"HTTP/1.1 405 "), "{}", String::from_utf8_lossy(&heard[..count]));
    assert_eq!(ask(&mut stream).await, "HTTP/1.1 200 OK", "on the same connection");
    listening.end().await;
}

#[tokio::test]
async fn a_connection_is_used_again_and_ends_with_the_server() {
    let listening = Listening::with(Bound::for_test(4)).await;
    let mut stream = listening.connect().await;
    for _ in 0..3 {
        assert_eq!(ask(&mut stream).await, "HTTP/1.1 200 OK");
    }
    listening.end().await;
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap_or(0), 0);
}
