//! The demo school, and the class that plays in it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use app::api::accounts::{Me, Role};
use server::accounts::Accounts;
use server::clock::Clock;
use server::store::Store;

use crate::server::{OPEN, Server, Staff, freshmark};

async fn play(server: &Server, students: &str) -> Output {
    let mut command = freshmark();
    command.args(["demo", "--speed", "1000", "--server", &server.address, "--students", students]);
    tokio::task::spawn_blocking(move || command.output().expect("freshmark runs")).await.expect("it ended")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_class_that_plays_makes_the_chart_grow_and_after_the_close_it_is_told_why_not() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    for (played, on_the_list) in [(5, 31), (10, 36), (15, 41)] {
        let Output { status, stderr, .. } = play(&server, "5").await;
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        let results = teacher.results_when(&server, OPEN, |r| r.counted == played).await;
        let seen = results.participation;
        assert_eq!((seen.submitted, seen.students), (played, on_the_list), "the first class is the list's own");
    }
    teacher.post(&server, &format!("/api/assignments/{OPEN}/close")).await;
    let refused = play(&server, "1").await;
    let said = String::from_utf8(refused.stderr).expect("text");
    assert!(!refused.status.success());
    assert!(said.contains("the server refused: your teacher has closed this quiz"), "{said}");
    assert!(!said.contains('{'), "people read it: {said}");
}

/// All that a server says from its start to its end.
fn said(data: &Path) -> String {
    let mut command = freshmark();
    command.args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data"]).arg(data).stdout(Stdio::piped());
    let mut child = command.spawn().expect("freshmark starts");
    let (mut output, mut text) = (BufReader::new(child.stdout.take().expect("its output")), String::new());
    while !text.contains("Its data lies in") {
        assert!(output.read_line(&mut text).expect("a line") > 0, "{text}");
    }
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill");
    output.read_to_string(&mut text).expect("the rest");
    assert!(child.wait().expect("it has ended").success());
    text
}

#[tokio::test]
async fn the_demo_accounts_are_announced_only_where_they_are() {
    let (empty, own) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let store = Store::open(&own.path().join("freshmark.db")).await.expect("a store");
    let me = Me { name: "Kim".into(), email: "kim@school".into(), role: Role::Admin };
    Accounts::new(store.clone(), Clock::system()).add(&me, "own").await.expect("an account");
    store.close().await.expect("closed");
    assert!(said(empty.path()).contains("teacher@demo.school"));
    assert!(said(empty.path()).contains("teacher@demo.school"), "at the next start too");
    assert!(!said(own.path()).contains("demo.school"), "this is another school");
}
