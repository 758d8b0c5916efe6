//! Starting: what is in the way is named in one line that says what to do.

use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use crate::server::{Server, freshmark};

fn refused(args: &[&str]) -> String {
    let Output { status, stderr, .. } = freshmark().args(args).output().expect("freshmark runs");
    assert!(!status.success());
    let text = String::from_utf8(stderr).expect("text");
    assert_eq!(text.lines().count(), 1, "one line: {text}");
    text
}

#[test]
fn a_taken_port_says_so() {
    let server = Server::start();
    let address = server.address.trim_start_matches("http://");
    let folder = tempfile::tempdir().expect("a folder");
    let said = refused(&["serve", "--listen", address, "--data", &folder.path().to_string_lossy()]);
    assert!(said.contains("cannot listen on") && said.contains("--listen"), "{said}");
}

#[test]
fn a_data_folder_that_cannot_be_used_says_so() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let said = refused(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--aws-listen",
        "127.0.0.1:0",
        "--data",
        &file.path().to_string_lossy(),
    ]);
    assert!(said.contains("cannot use the data folder") && said.contains("--data"), "{said}");
}

#[test]
fn a_data_folder_in_use_says_so() {
    let server = Server::start();
    let said = refused(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--aws-listen",
        "127.0.0.1:0",
        "--data",
        &server.data().to_string_lossy(),
    ]);
    assert!(said.contains("is another freshmark running"), "{said}");
}

#[test]
fn a_setting_out_of_range_says_so() {
    let said = refused(&["serve", "--buffer-mib", "129"]);
    assert!(said.contains("buffer_mib has to be 1 to 128, not 129"), "{said}");
}

#[test]
fn an_unreachable_server_says_so_to_the_demo() {
    let said = refused(&["demo", "--students", "1", "--server", "http://127.0.0.1:9", "--speed", "1000"]);
    assert!(said.contains("was not reached"), "{said}");
}

#[test]
fn a_server_that_has_not_started_yet_stops_when_it_is_told_to() {
    // The warehouse has to be rebuilt from a lake that takes the connection and never answers.
    let lake = TcpListener::bind("127.0.0.1:0").expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("warehouse.duckdb"), b"no database").expect("damaged");
    let child = freshmark()
        .env("AWS_ENDPOINT_URL", format!("http://{}", lake.local_addr().expect("its address")))
        .envs([("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_REGION", "eu-central-1")])
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--aws-listen",
            "127.0.0.1:0",
            "--lake",
            "s3://bucket/lake",
            "--data",
        ])
        .arg(folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .expect("freshmark runs");
    let asked = lake.accept().expect("the lake is asked");
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill");
    let Output { status, stderr, .. } = child.wait_with_output().expect("it has ended");
    let said = String::from_utf8(stderr).expect("text");
    assert!(status.success() && said.contains("before the server has started"), "{status}: {said}");
    drop(asked);
}
