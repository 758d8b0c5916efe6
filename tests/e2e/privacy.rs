//! What must not be seen: keys by students, names by the pipeline, classes by strangers.

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use server::store::Store;
use server::store::tables::student;

use crate::server::{CLOSED, OPEN, Server, Staff, Student, all, client};

/// Begins the explanations of three questions of the open quiz; each would give its key away.
const GIVEAWAYS: [&str; 3] = ["The carbon in sugar", "Chloroplasts hold", "Respiration never stops"];

#[tokio::test]
async fn a_student_who_reads_every_byte_never_sees_a_key_before_its_release() {
    let server = Server::start();
    let (teacher, http) = (Staff::teacher(&server).await, client());
    let student = Student::join(&http, &server, "Elif Demir").await.expect("joined");
    let token = &student.joined.token;
    let attempt = format!("/api/attempts/{}", student.joined.attempt);
    let view = student.view(&server).await.expect("the quiz");

    let mut heard = Vec::new();
    for path in [
        "/",
        "/join",
        &attempt,
        "/api/me",
        "/api/my_classes",
        "/api/pipeline",
        "/api/nothing",
        &format!("/api/class_results?assignment={OPEN}"),
        &format!("/api/class_results?assignment={CLOSED}"),
        &format!("/api/live?assignments={OPEN}"),
    ] {
        let answer = http.get(server.url(path)).bearer_auth(token).send().await.expect("an answer");
        heard.extend(format!("{:?}", answer.headers()).into_bytes());
        heard.extend(answer.bytes().await.expect("a body"));
    }
    for body in [
        json!({}),
        json!({ "answers": [{ "question": view.questions[0].id, "choice": 1 }] }),
        json!(all(&view, 0)),
        json!(all(&view, 1)),
    ] {
        let answer = student.send(&server, &body).await.expect("an answer");
        heard.extend(answer.bytes().await.expect("a body"));
    }
    heard.extend(
        http.get(server.url(&attempt))
            .bearer_auth(token)
            .send()
            .await
            .expect("an answer")
            .bytes()
            .await
            .expect("a body"),
    );

    let heard = String::from_utf8_lossy(&heard);
    assert!(heard.contains("gain most of its mass"), "the quiz itself was read");
    for secret in GIVEAWAYS.into_iter().chain(["is_key", "\"key\"", "explanation"]) {
        assert!(!heard.contains(secret), "{secret:?} reached the student");
    }

    teacher.post(&server, &format!("/api/assignments/{OPEN}/close")).await;
    let released = student.view(&server).await.expect("the quiz").released.expect("closed, so released");
    assert!(released.iter().any(|r| r.explanation.as_deref().is_some_and(|e| e.starts_with(GIVEAWAYS[0]))));

    let idle = Student::join(&http, &server, "x").await;
    assert!(idle.is_err(), "nobody joins what is closed");
}

#[tokio::test]
async fn somebody_who_did_not_hand_in_sees_no_key_even_after_closing() {
    let server = Server::start();
    let (teacher, http) = (Staff::teacher(&server).await, client());
    let onlooker = Student::join(&http, &server, "Farah Aziz").await.expect("joined");
    teacher.post(&server, &format!("/api/assignments/{OPEN}/close")).await;
    assert_eq!(onlooker.view(&server).await.expect("the quiz").released, None);
}

#[tokio::test]
async fn names_stay_in_the_transactional_store() {
    let server = Server::start();
    let (teacher, http) = (Staff::teacher(&server).await, client());
    let name = "Zebulon Quartermaine";
    let student = Student::join(&http, &server, name).await.expect("joined");
    let view = student.view(&server).await.expect("the quiz");
    student.submit(&server, &all(&view, 2)).await.expect("accepted");
    teacher.results_when(&server, OPEN, |r| r.freshness.landed == 10).await;
    server.stop();

    let data = server.data();
    let key = student_key(data, name).await;
    for (folder, least) in [("stream", 1), ("lake", 2), ("warehouse.duckdb", 1)] {
        let (mut files, mut with_key) = (0, 0);
        visit(&data.join(folder), &mut |path| {
            files += 1;
            let bytes = content(path);
            with_key += usize::from(contains(&bytes, key.as_bytes()));
            for part in name.split(' ') {
                assert!(!contains(&bytes, part.as_bytes()), "{part} is in {}", path.display());
            }
        });
        // The same search finds the pseudonym, so it would have found the name.
        assert!(files >= least && with_key >= 1, "{folder}: the key is in {with_key} of {files} files");
    }
    // The transactional store has it, in its file or still in its write-ahead log.
    let store = ["freshmark.db", "freshmark.db-wal"].map(|file| std::fs::read(data.join(file)).unwrap_or_default());
    assert!(store.iter().any(|bytes| contains(bytes, name.as_bytes())));
}

/// What the pipeline knows a student by.
async fn student_key(data: &Path, name: &str) -> String {
    let store = Store::open(&data.join("freshmark.db")).await.expect("the store");
    let named = student::Entity::find().filter(student::Column::Name.eq(name));
    let key = named.one(&store.read).await.expect("an answer").expect("the student").student_key;
    store.close().await.expect("closed");
    key
}

/// A file's bytes; those of a compressed one as they were before.
fn content(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).expect("readable");
    if path.extension().is_none_or(|extension| extension != "gz") {
        return bytes;
    }
    let mut plain = Vec::new();
    GzDecoder::new(&bytes[..]).read_to_end(&mut plain).expect("gzip");
    plain
}

fn visit(path: &Path, look: &mut impl FnMut(&Path)) {
    if path.is_file() {
        return look(path);
    }
    for entry in std::fs::read_dir(path).expect("a folder") {
        visit(&entry.expect("an entry").path(), look);
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn without_the_right_session_nothing_is_shown() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    for path in [
        "/api/me",
        "/api/my_classes",
        "/api/pipeline",
        "/api/delivery_health",
        "/api/class_results?assignment=1",
        "/api/live?assignments=1",
    ] {
        assert_eq!(client().get(server.url(path)).send().await.expect("an answer").status(), 401, "{path}");
    }
    assert_eq!(teacher.get(&server, "/api/pipeline").await.status(), 403);
    assert_eq!(teacher.get(&server, "/api/class_results?assignment=99").await.status(), 404);
    let foreign = client().post(server.url("/api/session")).header("origin", "http://elsewhere.example");
    let body = json!({ "email": "teacher@demo.school", "password": "freshmark-2026" });
    assert_eq!(foreign.json(&body).send().await.expect("an answer").status(), 403);
}
