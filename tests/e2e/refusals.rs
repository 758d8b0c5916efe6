//! What leaves `/api` and `/gateway` is JSON, whatever was asked: an error names itself, its field and what to do.

use std::net::IpAddr;

use app::api::ApiError;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::{CLOSED, OPEN_CODE, Server, Staff, Student, all, client, try_to_sign_in};

/// The error that a request is answered with, whose status is that of the answer.
async fn refusal(request: reqwest::RequestBuilder) -> ApiError {
    let answer = request.send().await.expect("an answer");
    let (status, url) = (answer.status().as_u16(), answer.url().to_string());
    let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    assert!(kind.starts_with("application/json"), "{status} {url} is {kind:?}");
    let error: ApiError = answer.json().await.expect("an error");
    assert_eq!(error.status(), status, "{url}: {error:?}");
    error
}

fn field(error: &ApiError) -> &str {
    if let ApiError::Invalid { field, .. } = error { field } else { "" }
}

#[tokio::test]
async fn a_part_of_an_address_that_is_wrong_is_named() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    for (method, path, named) in [
        (Method::GET, "/api/live?assignments=1,abc", "assignments"),
        (Method::GET, "/api/live", "assignments"),
        (Method::POST, "/api/assignments/abc/close", "assignment"),
        (Method::POST, "/api/assignments/99999999999999999999/close", "assignment"),
        (Method::GET, "/api/class_results?assignment=abc", "assignment"),
        (Method::GET, "/api/class_results?assignment=", "assignment"),
        (Method::GET, "/api/class_results", "assignment"),
        (Method::GET, "/api/attempts/%ff", "path"),
        (Method::POST, "/gateway/%ff", "path"),
    ] {
        let error = refusal(teacher.request(&server, method, path)).await;
        assert_eq!((error.status(), field(&error)), (400, named), "{path}: {error}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_405_and_a_wrong_path_404() {
    let server = Server::start();
    let http = client();
    for (method, path) in [
        (Method::GET, "/api/session"),
        (Method::GET, "/api/join"),
        (Method::DELETE, "/api/attempts/x"),
        (Method::GET, "/api/attempts/x/answers"),
        (Method::PUT, "/api/assignments/1/close"),
        (Method::POST, "/api/me"),
        (Method::DELETE, "/api/class_results"),
        (Method::GET, "/gateway/quiz-answers"),
    ] {
        let error = refusal(http.request(method.clone(), server.url(path))).await;
        assert_eq!(error.status(), 405, "{method} {path}: {error}");
        assert!(error.to_string().contains(method.as_str()), "{error}");
    }
    for (method, path) in [
        (Method::GET, "/api/nothing"),
        (Method::POST, "/api/nothing"),
        (Method::GET, "/api"),
        (Method::GET, "/api/"),
        (Method::GET, "/api/join/"),
        (Method::POST, "/gateway"),
        (Method::POST, "/gateway/"),
        (Method::POST, "/gateway/quiz-answers/more"),
    ] {
        let error = refusal(http.request(method.clone(), server.url(path))).await;
        assert_eq!(error.status(), 404, "{method} {path}: {error}");
    }
}

#[tokio::test]
async fn a_browser_s_address_bar_gets_the_same_error() {
    let server = Server::start();
    let asked = client().get(server.url("/api/me")).header("accept", "text/html").header("referer", server.url("/"));
    assert_eq!(refusal(asked).await.status(), 401);
}

#[tokio::test]
async fn a_body_that_is_not_one_json_text_is_refused() {
    let server = Server::start();
    let post = |body: &str| {
        let request = client().post(server.url("/api/join")).header("content-type", "application/json");
        refusal(request.body(body.to_owned()))
    };
    let join = json!({ "code": OPEN_CODE, "name": "Ada" }).to_string();
    for body in ["", "{", &format!("{join}{join}"), &format!("{join} x")] {
        let error = post(body).await;
        assert_eq!((error.status(), field(&error)), (400, "body"), "{body}: {error}");
    }
    assert_eq!(field(&post(r#"{"code":1,"name":"Ada"}"#).await), "code");
    let bare = refusal(client().post(server.url("/api/join")).body(join)).await;
    assert_eq!(field(&bare), "content-type");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_called_too_large() {
    let server = Server::start();
    let mut line = TcpStream::connect(server.address.trim_start_matches("http://")).await.expect("connected");
    let request = "POST /api/join HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                   transfer-encoding: chunked\r\n\r\n5\r\n{\"cod\r\nno size\r\n";
    line.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains("did not arrive whole"), "{answer}");
}

#[tokio::test]
async fn who_comes_after_the_close_is_told_so_and_nothing_of_answers() {
    let server = Server::start();
    let (teacher, http) = (Staff::teacher(&server).await, client());
    let late = Student::join(&http, &server, "Late Comer").await.expect("joined");
    let view = late.view(&server).await.expect("the quiz");
    teacher.post(&server, "/api/assignments/2/close").await;
    let join = http.post(server.url("/api/join")).json(&json!({ "code": OPEN_CODE, "name": "Ada" }));
    let error = refusal(join).await;
    assert_eq!(error.status(), 409);
    assert!(!error.to_string().contains("answers"), "there are none: {error}");
    let refused = late.send(&server, &json!(all(&view, 0))).await.expect("an answer");
    let error: ApiError = refused.json().await.expect("an error");
    assert!(error.to_string().contains("your answers are kept"), "{error}");
    let closed: i64 = CLOSED;
    assert_eq!(teacher.post(&server, &format!("/api/assignments/{closed}/close")).await.status(), 204, "again is fine");
}

/// The status, and the wait in seconds that header and body both say.
async fn wait(answer: reqwest::Response) -> (u16, u64) {
    let status = answer.status().as_u16();
    let header = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body: Value = answer.json().await.expect("json");
    let said = body["retry_after_s"].as_u64();
    assert_eq!(header, said.map(|seconds| seconds.to_string()), "{body}");
    (status, said.unwrap_or(0))
}

#[tokio::test]
async fn guessing_a_password_becomes_slow_and_the_right_one_is_never_refused() {
    let server = Server::start();
    let mut guesses = 0;
    let (status, seconds) = loop {
        let answer = try_to_sign_in(&server, "teacher@demo.school", &format!("guess-{guesses}")).await;
        if answer.status() != 401 {
            break wait(answer).await;
        }
        guesses += 1;
        assert!(guesses < 20, "nobody stops it");
    };
    assert_eq!(status, 429);
    assert!((1..=30).contains(&seconds), "{seconds} s");
    Staff::teacher(&server).await;
    Staff::admin(&server).await;
}

#[tokio::test]
async fn a_class_joins_at_once_and_guessing_a_code_becomes_slow_for_the_guesser_alone() {
    let server = Server::start();
    let http = client();
    let class = (0..40).map(|n| {
        let (http, server) = (&http, &server);
        async move { Student::join(http, server, &format!("Student {n}")).await.is_ok() }
    });
    assert_eq!(futures::future::join_all(class).await, [true; 40]);
    let mut guesses = 0;
    let (status, seconds) = loop {
        let guess = json!({ "code": format!("AAA-{guesses:03}"), "name": "Ada" });
        let answer = http.post(server.url("/api/join")).json(&guess).send().await.expect("an answer");
        if answer.status() != 404 {
            break wait(answer).await;
        }
        guesses += 1;
        assert!(guesses < 60, "nobody stops it");
    };
    assert_eq!((status, seconds), (429, 2));
    for typed in [OPEN_CODE, "klm482", "ＫＬＭ－４８２", " klm 482 "] {
        let join = json!({ "code": typed, "name": "Grace Hopper" });
        let joined = http.post(server.url("/api/join")).json(&join).send().await.expect("an answer");
        assert_eq!(joined.status(), 200, "the right code, from the guesser's own address: {typed}");
    }
    let elsewhere = reqwest::Client::builder().no_proxy().local_address(IpAddr::from([127, 0, 0, 2]));
    let elsewhere = elsewhere.build().expect("a client");
    let joined = Student::join(&elsewhere, &server, "Ada").await;
    assert!(joined.is_ok(), "whoever comes from another address is not held up");
}
