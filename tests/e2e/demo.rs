//! The demo school, and the class that plays in it.

use std::process::Output;

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
        let results = teacher.results_when(&server, OPEN, |r| r.students_counted == played).await;
        let seen = results.participation;
        assert_eq!((seen.submitted, seen.students), (played, on_the_list), "the first class is the list's own");
    }
    teacher.post(&server, &format!("/api/assignments/{OPEN}/close")).await;
    let refused = play(&server, "1").await;
    let said = String::from_utf8(refused.stderr).expect("text");
    assert!(!refused.status.success());
    assert!(said.contains("the server refused: this quiz has been closed by the teacher"), "{said}");
    assert!(!said.contains('{'), "people read it: {said}");
}
