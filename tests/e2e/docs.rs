//! The README and the pages in `docs/` say what is so.
//!
//! Owns four checks: the walk by curl works, every setting is in the table, every link leads to a file, and every path that
//! the architecture names is there.

use std::path::Path;
use std::process::Command;

use crate::server::{Server, freshmark};

const WALK: &str = include_str!("../../docs/walk.md");
const CONFIGURATION: &str = include_str!("../../docs/configuration.md");

#[test]
fn the_walk_by_curl_works_as_it_stands() {
    let server = Server::start();
    let blocks: Vec<&str> = WALK.split("```sh\n").skip(1).filter_map(|block| block.split("```").next()).collect();
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
        assert!(CONFIGURATION.contains(&format!("`{setting}")), "{setting} is not in docs/configuration.md");
    }
}

/// The addresses that a page in Markdown names: `[text](address)`, `src="address"` and `srcset="address"`.
fn links(page: &str) -> Vec<&str> {
    let behind =
        |lead: &'static str, end: char| page.split(lead).skip(1).filter_map(move |rest| rest.split(end).next());
    behind("](", ')').chain(behind("src=\"", '"')).chain(behind("srcset=\"", '"')).collect()
}

#[test]
fn every_link_leads_to_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let in_docs = std::fs::read_dir(root.join("docs")).expect("docs").map(|entry| entry.expect("an entry").path());
    let pages = in_docs.filter(|path| path.extension().is_some_and(|e| e == "md")).chain([root.join("README.md")]);
    let mut found = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("text");
        for link in links(&text).into_iter().filter(|link| !link.starts_with("http")) {
            let file = page.parent().expect("a folder").join(link.split('#').next().unwrap_or_default());
            assert!(file.exists(), "{}: {link} leads to nothing", page.display());
            found += 1;
        }
    }
    assert!(found > 15, "{found} links");
}

#[test]
fn every_path_that_the_architecture_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = include_str!("../../docs/architecture.md");
    let code = page.split('`').skip(1).step_by(2);
    let is_path =
        |word: &&str| ["app/", "server/", "tests/", "deploy/", "style/"].iter().any(|folder| word.starts_with(folder));
    let mut found = 0;
    for path in code.filter(is_path) {
        // `a/{b,c}/` stands for two.
        let (before, names, after) =
            match path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
                Some((before, (names, after))) => (before, names, after),
                None => (path, "", ""),
            };
        for name in names.split(',') {
            let path = format!("{before}{name}{after}");
            assert!(root.join(&path).exists(), "{path} is not there");
            found += 1;
        }
    }
    assert!(found > 25, "{found} paths");
}
