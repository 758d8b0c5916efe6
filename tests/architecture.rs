//! The layout of `server/src`, and of `app/src` but for what files open with, read from the source files.
//!
//! Owns four rules: a room imports only rooms of lower floors, files do not import each other in a circle, no file is longer
//! than 400 lines, and every file opens with what it owns. What a file's own tests import does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The rooms, lowest floor first. A room may import every room of the floors before its own, and no other.
const FLOORS: &[&[&str]] = &[
    &[
        "amazon", "clock", "crash", "lake", "lines", "live", "names", "pace", "pauses", "recent", "records", "secret",
        "sigv4", "tasks",
    ],
    &["limit", "listen", "private", "shared", "store", "stream", "transform"],
    &["accounts", "outbox", "remote", "warehouse"],
    &["access", "delivery", "school"],
    &["quizzes", "registry"],
    &["attempts", "keys"],
    &["freshness", "set_back", "teaching"],
    &["config", "demo", "gateway", "ops", "reports"],
    &["aws", "web"],
    &["serve"],
    &["commands"],
    &["lib", "main"],
];

/// The same of the front end.
const FLOORS_OF_APP: &[&[&str]] = &[
    &["api"],
    &["state"],
    &["charts"],
    &["browser"],
    &["components"],
    &["pages"],
    &["shell"],
    &["bin", "lib", "main"],
];

/// Longest file, in lines.
const MOST_LINES: usize = 400;

/// A source file, or one that a test of the rules has made up.
struct File {
    /// From `server/src` on: `quiz/saving.rs`.
    path: String,
    text: String,
}

impl File {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// `["quiz", "saving"]`; of a `mod.rs`, its folder.
    fn module(&self) -> Vec<String> {
        let path = self.path.trim_end_matches(".rs").trim_end_matches("/mod");
        path.split('/').map(str::to_owned).collect()
    }

    fn room(&self) -> String {
        self.module().remove(0)
    }

    /// Returns the lines that are neither comments nor tests. Tests within a file are its last item.
    fn code(&self) -> Vec<&str> {
        let mut lines = self.text.lines().peekable();
        let mut code = Vec::new();
        while let Some(line) = lines.next() {
            match lines.peek() {
                Some(next) if line == "#[cfg(test)]" && next.ends_with(" {") => break,
                Some(_) if line == "#[cfg(test)]" => _ = lines.next(),
                _ if line.trim_start().starts_with("//") => {}
                _ => code.push(line),
            }
        }
        code
    }

    /// Returns the modules that this one declares for tests alone.
    fn test_modules(&self) -> Vec<Vec<String>> {
        let lines: Vec<&str> = self.text.lines().collect();
        let declared = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]").filter_map(|pair| {
            let (_, name) = pair[1].strip_suffix(';')?.rsplit_once("mod ")?;
            let parent = if self.path == "lib.rs" { Vec::new() } else { self.module() };
            Some([parent, vec![name.to_owned()]].concat())
        });
        declared.collect()
    }

    /// Returns every path from `crate` or `super` on that the code names, as far as the names reach.
    fn imports(&self) -> BTreeSet<Vec<String>> {
        let code = self.code().join("\n");
        let mut found = BTreeSet::new();
        for root in ["crate", "super"] {
            for (at, _) in code.match_indices(&format!("{root}::")) {
                let is_inner = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
                if !is_inner {
                    read_tree(&mut code[at..].chars().peekable(), &[], &mut found);
                }
            }
        }
        found
    }

    /// Returns the module that a path names from here, of those that there are.
    fn resolve(&self, path: &[String], modules: &BTreeSet<Vec<String>>) -> Option<Vec<String>> {
        let mut names = path.iter().peekable();
        let mut module = if names.next_if(|name| *name == "crate").is_some() { Vec::new() } else { self.module() };
        while names.next_if(|name| *name == "super").is_some() {
            module.pop();
        }
        for name in names {
            module.push(name.clone());
            if !modules.contains(&module) {
                module.pop();
                break;
            }
        }
        modules.contains(&module).then_some(module)
    }
}

/// Reads `a::{b, c::d}` as `a::b` and `a::c::d`.
fn read_tree(
    text: &mut std::iter::Peekable<std::str::Chars<'_>>,
    before: &[String],
    found: &mut BTreeSet<Vec<String>>,
) {
    let mut path = before.to_vec();
    loop {
        while text.next_if(|c| c.is_whitespace()).is_some() {}
        if text.next_if_eq(&'{').is_some() {
            while text.peek().is_some_and(|c| *c != '}') {
                read_tree(text, &path, found);
                while text.next_if(|c| !matches!(c, ',' | '}')).is_some() {}
                text.next_if_eq(&',');
                while text.next_if(|c| c.is_whitespace()).is_some() {}
            }
            text.next();
            return;
        }
        let mut name = String::new();
        while let Some(c) = text.next_if(|c| c.is_alphanumeric() || *c == '_') {
            name.push(c);
        }
        if !name.is_empty() {
            path.push(name);
        }
        if text.next_if_eq(&':').is_none() || text.next_if_eq(&':').is_none() {
            found.insert(path);
            return;
        }
    }
}

/// The files under `folder`.
fn files(folder: &Path, under: &str) -> Vec<File> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the sources") {
        let entry = entry.expect("an entry");
        let path = format!("{under}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            found.extend(files(&entry.path(), &format!("{path}/")));
        } else if path.ends_with(".rs") {
            found.push(File { text: std::fs::read_to_string(entry.path()).expect("text"), path });
        }
    }
    found
}

/// The server's source files, without those that are there for tests alone.
fn sources() -> Vec<File> {
    sources_of("src")
}

/// The front end's.
fn sources_of_app() -> Vec<File> {
    sources_of("../app/src")
}

fn sources_of(folder: &str) -> Vec<File> {
    let all = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), "");
    let for_tests: Vec<Vec<String>> = all.iter().flat_map(File::test_modules).collect();
    let is_for_tests = |file: &File| for_tests.iter().any(|module| file.module().starts_with(module));
    all.into_iter().filter(|file| !is_for_tests(file)).collect()
}

fn floor_of(floors: &[&[&str]], room: &str) -> Option<usize> {
    floors.iter().position(|rooms| rooms.contains(&room))
}

/// Which files each file imports, the file that it is a part of and its own parts left out.
fn arrows(files: &[File]) -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let modules: BTreeSet<Vec<String>> = files.iter().map(File::module).collect();
    let arrows = files.iter().map(|file| {
        let own = file.module();
        let imported = file.imports().into_iter().filter_map(|path| file.resolve(&path, &modules));
        let others = imported.filter(|other| !own.starts_with(other) && !other.starts_with(&own)).collect();
        (own, others)
    });
    arrows.collect()
}

/// The imports of rooms that do not stand on a lower floor.
fn imports_upwards(floors: &[&[&str]], files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for (file, others) in arrows(files) {
        let Some(own) = floor_of(floors, &file[0]) else {
            found.push(format!("{} stands on no floor", file[0]));
            continue;
        };
        for other in others.iter().filter(|other| other[0] != file[0]) {
            if floor_of(floors, &other[0]).is_none_or(|floor| floor >= own) {
                found.push(format!("{} imports {}", file.join("/"), other.join("/")));
            }
        }
    }
    found
}

/// One circle of imports for each file that is in one.
fn circles(files: &[File]) -> Vec<String> {
    let arrows = arrows(files);
    let mut found = Vec::new();
    for start in arrows.keys() {
        let mut reached = BTreeSet::new();
        let mut to_look_at: Vec<&Vec<String>> = vec![start];
        while let Some(file) = to_look_at.pop() {
            for other in arrows.get(file).into_iter().flatten() {
                if reached.insert(other) {
                    to_look_at.push(other);
                }
            }
        }
        if reached.contains(start) {
            found.push(start.join("/"));
        }
    }
    found
}

fn too_long(files: &[File]) -> Vec<String> {
    let long = files.iter().filter(|file| file.text.lines().count() > MOST_LINES);
    long.map(|file| file.path.clone()).collect()
}

fn without_owner(files: &[File]) -> Vec<String> {
    let says_it = |file: &&File| {
        let mut opening = file.text.lines().take_while(|line| line.starts_with("//!"));
        !opening.any(|line| line.contains("Owns "))
    };
    files.iter().filter(says_it).map(|file| file.path.clone()).collect()
}

#[test]
fn rooms_import_lower_floors_only() {
    assert_eq!(imports_upwards(FLOORS, &sources()), [""; 0]);
    assert_eq!(imports_upwards(FLOORS_OF_APP, &sources_of_app()), [""; 0]);
}

#[test]
fn files_import_each_other_in_no_circle() {
    assert_eq!(circles(&sources()), [""; 0]);
    assert_eq!(circles(&sources_of_app()), [""; 0]);
}

#[test]
fn files_have_at_most_400_lines() {
    assert_eq!(too_long(&sources()), [""; 0]);
    assert_eq!(too_long(&sources_of_app()), [""; 0]);
}

#[test]
fn files_open_with_what_they_own() {
    assert_eq!(without_owner(&sources()), [""; 0]);
}

#[test]
fn every_room_is_there_and_stands_on_one_floor() {
    for (floors, files) in [(FLOORS, sources()), (FLOORS_OF_APP, sources_of_app())] {
        let rooms: BTreeSet<String> = files.iter().map(File::room).collect();
        let listed: Vec<&str> = floors.iter().flat_map(|floor| floor.iter().copied()).collect();
        assert_eq!(listed.len(), listed.iter().collect::<BTreeSet<_>>().len(), "a room is listed twice");
        assert_eq!(rooms, listed.into_iter().map(str::to_owned).collect());
    }
}

#[test]
fn an_import_upwards_is_found_in_use_and_in_code() {
    let lower = "use crate::clock::Clock;\nfn f() { crate::store::open() }\n";
    assert_eq!(
        imports_upwards(
            FLOORS,
            &[File::new("school/mod.rs", lower), File::new("clock.rs", ""), File::new("store.rs", "")]
        ),
        [""; 0]
    );
    for upper in ["use crate::{clock::Clock, web::Page};", "fn f() -> crate::web::Page {}", "use super::web;"] {
        let made_up = [File::new("school.rs", upper), File::new("web/mod.rs", ""), File::new("clock.rs", "")];
        assert_eq!(imports_upwards(FLOORS, &made_up), ["school imports web"], "{upper}");
    }
    let unknown = [File::new("garage.rs", "")];
    assert_eq!(imports_upwards(FLOORS, &unknown), ["garage stands on no floor"]);
}

#[test]
fn what_tests_and_comments_name_does_not_count() {
    let text = "//! See crate::web.\n#[cfg(test)]\nmod bench;\n// crate::web\n#[cfg(test)]\nmod tests {\n    use crate::web;\n}\n";
    let made_up = [File::new("school/mod.rs", text), File::new("web.rs", "")];
    assert_eq!(imports_upwards(FLOORS, &made_up), [""; 0]);
    assert_eq!(made_up[0].test_modules(), [["school", "bench"]]);
}

#[test]
fn a_circle_of_files_is_found_and_a_part_that_imports_its_whole_is_none() {
    let whole = File::new("school/mod.rs", "mod a;\npub use a::A;\nuse crate::school::b::B;");
    let made_up = |c: &str| {
        [
            File::new("school/mod.rs", "pub struct School;"),
            File::new("school/a.rs", "use super::{School, b::{self, B}};"),
            File::new("school/b.rs", "use super::c::C;"),
            File::new("school/c.rs", c),
        ]
    };
    assert_eq!(circles(&[whole]), [""; 0]);
    assert_eq!(circles(&made_up("use super::School;")), [""; 0]);
    assert_eq!(circles(&made_up("fn f() { crate::school::a::g() }")), ["school/a", "school/b", "school/c"]);
}

#[test]
fn a_long_file_and_one_that_does_not_say_what_it_owns_are_found() {
    let owner = "//! Answers.\n//!\n//! Owns them.\n";
    let long = format!("{owner}{}", "\n".repeat(MOST_LINES));
    let made_up =
        [File::new("school/a.rs", owner), File::new("school/b.rs", &long), File::new("school/c.rs", "// Owns it.\n")];
    assert_eq!(too_long(&made_up), ["school/b.rs"]);
    assert_eq!(without_owner(&made_up), ["school/c.rs"]);
}
