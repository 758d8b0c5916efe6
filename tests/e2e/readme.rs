//! The README does what it says.

use std::process::Command;

use crate::server::{Server, freshmark};

const README: &str = include_str!("../../README.md");

#[test]
fn the_walk_by_curl_works_as_it_stands() {
    let server = Server::start();
    let walk = README.split("<!-- walk").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the walk");
    let blocks: Vec<&str> = walk.split("```sh\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    let script = blocks.concat().replace("http://127.0.0.1:8080", &server.address);
    let walked = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(server.data().parent().expect("a folder above the data"))
        .output()
        .expect("bash");
    let (said, complaints) = (String::from_utf8_lossy(&walked.stdout), String::from_utf8_lossy(&walked.stderr));
    assert!(walked.status.success(), "{said}\n{complaints}");
    for expected in [
        "\"role\":\"teacher\"",
        "\"quiz_title\":\"Photosynthesis check\"",
        "\"accepted_at\":",
        "\"questions\":[{",
        "\"complete_through\":",
        "event: tick",
        "\"FailedPutCount\":0",
    ] {
        assert!(said.contains(expected), "{expected} is missing in {said}\n{complaints}");
    }
}

#[test]
fn the_table_of_settings_has_every_flag_and_variable() {
    let help = freshmark().args(["serve", "--help"]).output().expect("help");
    let help = String::from_utf8(help.stdout).expect("text");
    let words = help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    let settings: Vec<&str> =
        words.filter(|word| word.starts_with("FRESHMARK_") || (word.starts_with("--") && *word != "--help")).collect();
    assert!(settings.len() >= 20, "{settings:?}");
    for setting in settings {
        assert!(README.contains(&format!("`{setting}")), "{setting} is not in the README");
    }
}
