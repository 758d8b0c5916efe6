//! A real `freshmark serve` on a data folder and a port of its own, and people who use it.

use std::fmt::Debug;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use app::api::attempts::{AttemptView, GivenAnswer, Join, Joined, Receipt, Submission};
use app::api::live::TICK;
use app::api::pipeline::Pipeline;
use app::api::results::ClassResults;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use server::serve::Running;
use tempfile::TempDir;

pub const OPEN_CODE: &str = "KLM-482";
pub const OPEN: i64 = 2;
pub const CLOSED: i64 = 1;

/// The command, with an environment of its own.
pub fn freshmark() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_freshmark"));
    command.env_clear().env("FRESHMARK_LOG", "error");
    command
}

/// Writes a configuration file, and says where it lies.
pub fn config(folder: &Path, text: &str) -> String {
    std::fs::create_dir_all(folder).expect("a folder");
    let file = folder.join("freshmark.toml");
    std::fs::write(&file, text).expect("written");
    file.to_string_lossy().into_owned()
}

/// A server that is killed when dropped.
pub struct Server {
    /// Absent if it runs in this process.
    child: Option<Mutex<Child>>,
    pub address: String,
    /// Of its AWS wire.
    pub aws: String,
    data: PathBuf,
    _folder: Option<TempDir>,
}

impl Server {
    /// On a new data folder, with the demo school.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let mut server = Self::on(&data, &[]);
        server._folder = Some(folder);
        server
    }

    /// On a data folder that is there, with more flags.
    pub fn on(data: &Path, flags: &[&str]) -> Self {
        Self::by(freshmark(), data, flags)
    }

    /// On a data folder that is there, by one that writes no log: what it has to say of many faults is long.
    pub fn quietly(data: &Path) -> Self {
        let mut command = freshmark();
        command.env("FRESHMARK_LOG", "off");
        Self::by(command, data, &[])
    }

    /// One to which a write beyond the limit of a file is an error, and not the end.
    pub fn that_outlives_full_disks(data: &Path) -> Self {
        let mut shell = Command::new("sh");
        shell.env_clear().env("FRESHMARK_LOG", "off").args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
        shell.arg(env!("CARGO_BIN_EXE_freshmark"));
        Self::by(shell, data, &[])
    }

    /// By a command of one's own.
    pub fn by(mut command: Command, data: &Path, flags: &[&str]) -> Self {
        let mut child = command
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(flags)
            .stdout(Stdio::piped())
            .spawn()
            .expect("freshmark starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut behind = |lead: &str| {
            let mut said = lines.by_ref().map_while(Result::ok);
            said.find_map(|line| line.strip_prefix(lead).map(str::to_owned)).expect("an address")
        };
        let (address, aws) = (behind("Freshmark is at "), behind("The AWS wire is at "));
        // Somebody has to read the rest, or the server would wait for it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child: Some(Mutex::new(child)), address, aws, data: data.to_owned(), _folder: None }
    }

    /// One that runs in this process.
    pub fn within(running: &Running, data: &Path) -> Self {
        let (address, aws) = (format!("http://{}", running.address()), format!("http://{}", running.aws_address()));
        Self { child: None, address, aws, data: data.to_owned(), _folder: None }
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Of its process.
    pub fn id(&self) -> u32 {
        self.child().id()
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        let child = self.child.as_ref().expect("a process of its own");
        child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// kill -9. Again is fine.
    pub fn kill(&self) {
        let mut child = self.child();
        let _ = child.kill();
        let _ = child.wait();
    }

    /// A polite end: what was accepted is safe, and the files can be looked at.
    pub fn stop(&self) {
        let mut child = self.child();
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill");
        assert!(child.wait().expect("it has ended").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

/// What an environment variable says, if it is there and right.
pub fn from_environment<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

pub fn client() -> Client {
    Client::builder().no_proxy().build().expect("a client")
}

/// A member of staff with a session.
pub struct Staff {
    http: Client,
    cookie: String,
}

impl Staff {
    pub async fn teacher(server: &Server) -> Self {
        Self::sign_in(server, "teacher@demo.school", "freshmark-2026").await
    }

    pub async fn admin(server: &Server) -> Self {
        Self::sign_in(server, "admin@demo.school", "pipeline-2026").await
    }

    pub async fn sign_in(server: &Server, email: &str, password: &str) -> Self {
        let answer = try_to_sign_in(server, email, password).await;
        assert_eq!(answer.status(), 200);
        let cookie = answer.headers()["set-cookie"].to_str().expect("a cookie").split(';').next().expect("its value");
        Self { http: client(), cookie: cookie.to_owned() }
    }

    pub async fn get(&self, server: &Server, path: &str) -> Response {
        self.request(server, Method::GET, path).send().await.expect("an answer")
    }

    pub async fn post(&self, server: &Server, path: &str) -> Response {
        self.request(server, Method::POST, path).send().await.expect("an answer")
    }

    pub fn request(&self, server: &Server, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, server.url(path)).header("cookie", &self.cookie)
    }

    pub async fn sign_out(&self, server: &Server) -> Response {
        self.request(server, Method::DELETE, "/api/session").send().await.expect("an answer")
    }

    /// The events of an assignment, from now on.
    pub async fn events(&self, server: &Server, assignment: i64) -> Events {
        self.events_of(server, &assignment.to_string()).await
    }

    /// The events of several assignments, with commas between them.
    pub async fn events_of(&self, server: &Server, assignments: &str) -> Events {
        let answer = self.get(server, &format!("/api/live?assignments={assignments}")).await;
        assert_eq!(answer.status(), 200);
        Events { bytes: answer.bytes_stream().boxed(), heard: String::new() }
    }

    pub async fn results(&self, server: &Server, assignment: i64) -> ClassResults {
        let answer = self.get(server, &format!("/api/class_results?assignment={assignment}")).await;
        assert_eq!(answer.status(), 200);
        answer.json().await.expect("results")
    }

    /// Asks again at each event of the assignment, until the results are as wanted.
    pub async fn results_when(
        &self,
        server: &Server,
        assignment: i64,
        wanted: impl Fn(&ClassResults) -> bool,
    ) -> ClassResults {
        self.until(server, assignment, async || self.results(server, assignment).await, wanted).await
    }

    /// Asks again at each event, until the pipeline is as wanted.
    pub async fn pipeline_when(&self, server: &Server, wanted: impl Fn(&Pipeline) -> bool) -> Pipeline {
        let ask = async || self.get(server, "/api/pipeline").await.json().await.expect("the pipeline");
        self.until(server, OPEN, ask, wanted).await
    }

    /// Asks again at each event of an assignment, until the answer is as wanted.
    pub async fn until<T: Debug>(
        &self,
        server: &Server,
        assignment: i64,
        ask: impl AsyncFn() -> T,
        wanted: impl Fn(&T) -> bool,
    ) -> T {
        let mut events = self.events(server, assignment).await;
        let mut latest = None;
        for _ in 0..120 {
            let answer = ask().await;
            if wanted(&answer) {
                return answer;
            }
            latest = Some(answer);
            events.next().await;
        }
        panic!("it never was as wanted: {latest:#?}");
    }
}

pub async fn try_to_sign_in(server: &Server, email: &str, password: &str) -> Response {
    let body = json!({ "email": email, "password": password });
    client().post(server.url("/api/session")).json(&body).send().await.expect("an answer")
}

/// What an open page hears.
pub struct Events {
    bytes: BoxStream<'static, reqwest::Result<Bytes>>,
    heard: String,
}

impl Events {
    /// The next event's name.
    pub async fn next(&mut self) -> String {
        self.next_of().await.0
    }

    /// The next event's name, and its assignment.
    pub async fn next_of(&mut self) -> (String, i64) {
        loop {
            if let Some((event, rest)) = self.heard.split_once("\n\n") {
                let field = |name| event.lines().find_map(|line| line.strip_prefix(name)).expect("a field");
                let data: Value = serde_json::from_str(field("data: ")).expect("json");
                let next = (field("event: ").to_owned(), data["assignment"].as_i64().expect("an assignment"));
                self.heard = rest.to_owned();
                return next;
            }
            let more = self.bytes.next().await.expect("another event").expect("the stream goes on");
            self.heard.push_str(std::str::from_utf8(&more).expect("text"));
        }
    }

    /// The names of all events up to the so manyth tick from now.
    pub async fn until_ticks(&mut self, ticks: usize) -> Vec<String> {
        let mut names = Vec::new();
        while names.iter().filter(|name| *name == TICK).count() < ticks {
            names.push(self.next().await);
        }
        names
    }
}

/// Another system that puts records straight to the gateway.
pub struct Door {
    http: Client,
    url: String,
    key: String,
}

impl Door {
    pub fn of(server: &Server) -> Self {
        let key = std::fs::read_to_string(server.data().join("gateway.key")).expect("the key");
        Self { http: client(), url: server.url("/gateway/quiz-answers"), key: key.trim().to_owned() }
    }

    pub async fn put(&self, body: String) -> Response {
        self.put_to(&self.url, Some(&self.key), body).await
    }

    pub async fn put_to(&self, url: &str, key: Option<&str>, body: String) -> Response {
        let mut request = self.http.post(url).body(body);
        if let Some(key) = key {
            request = request.header("x-api-key", key);
        }
        request.send().await.expect("an answer")
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    /// Puts records, all of which are taken.
    pub async fn put_all(&self, records: &[Value]) {
        let answer = self.put(json!({ "records": records }).to_string()).await;
        assert_eq!(answer.status(), 200);
        let answer: Value = answer.json().await.expect("json");
        assert_eq!(answer["FailedPutCount"], 0);
    }
}

/// A student's device.
pub struct Student {
    http: Client,
    pub joined: Joined,
}

impl Student {
    pub async fn join(http: &Client, server: &Server, name: &str) -> Result<Self, reqwest::Error> {
        let join = Join { code: OPEN_CODE.to_owned(), name: name.to_owned() };
        let joined = http.post(server.url("/api/join")).json(&join).send().await?.error_for_status()?.json().await?;
        Ok(Self { http: http.clone(), joined })
    }

    /// Joins, and hands in the choice at `place` for every question; accepted, whatever the pipeline does.
    pub async fn hand_in(server: &Server, name: &str, place: usize) -> (Self, Receipt) {
        let student = Self::join(&client(), server, name).await.expect("joined");
        let view = student.view(server).await.expect("the quiz");
        let receipt = student.submit(server, &all(&view, place)).await.expect("accepted");
        (student, receipt)
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/attempts/{}{rest}", self.joined.attempt)
    }

    pub async fn view(&self, server: &Server) -> Result<AttemptView, reqwest::Error> {
        let request = self.http.get(server.url(&self.path(""))).bearer_auth(&self.joined.token);
        request.send().await?.error_for_status()?.json().await
    }

    pub async fn submit(&self, server: &Server, submission: &Submission) -> Result<Receipt, reqwest::Error> {
        self.send(server, &json!(submission)).await?.error_for_status()?.json().await
    }

    pub async fn send(&self, server: &Server, body: &Value) -> Result<Response, reqwest::Error> {
        let request = self.http.post(server.url(&self.path("/answers"))).bearer_auth(&self.joined.token);
        request.json(body).send().await
    }
}

/// The choice at `place` for every question.
pub fn all(view: &AttemptView, place: usize) -> Submission {
    let answers = view.questions.iter().map(|question| GivenAnswer {
        question: question.id,
        choice: Some(question.choices[place].id),
        elapsed_ms: 4_000,
    });
    Submission { answers: answers.collect() }
}
