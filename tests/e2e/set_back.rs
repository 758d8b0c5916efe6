//! A transactional store that was set back to an earlier state gets back what had left it.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::class::rule;
use crate::failing::verify;
use crate::ops::{Metrics, metrics_when};
use crate::replay::{count, landed, objects, run, warehouse};
use crate::server::{CLOSED, OPEN, Server, Staff, Student, client, config};

/// The files of the transactional store.
fn store_files(data: &Path) -> Vec<PathBuf> {
    objects(data).into_iter().filter(|file| file.to_string_lossy().contains("freshmark.db")).collect()
}

/// A data folder's transactional store at an earlier time.
struct Before(Vec<(PathBuf, Vec<u8>)>);

impl Before {
    fn of(data: &Path) -> Self {
        Self(store_files(data).into_iter().map(|file| (file.clone(), std::fs::read(file).expect("readable"))).collect())
    }

    fn put_back(&self, data: &Path) {
        store_files(data).iter().for_each(|file| std::fs::remove_file(file).expect("removed"));
        self.0.iter().for_each(|(file, bytes)| std::fs::write(file, bytes).expect("set back"));
    }
}

/// As after a restore, or a log of the database that was lost: what came last is in the warehouse alone.
#[tokio::test]
async fn a_store_that_was_set_back_gets_back_what_the_warehouse_knows() {
    let server = landed().await;
    let data = server.data();
    let before = Before::of(data);
    let lost = Server::on(data, &[]);
    let half = Student::join(&client(), &lost, "Priya Shah").await.expect("joined");
    for (name, place) in [("Amara Okafor", 0), ("Zoe Unlisted", 1)] {
        Student::hand_in(&lost, name, place).await;
    }
    Staff::teacher(&lost).await.results_when(&lost, OPEN, |r| r.freshness.landed == 20).await;
    lost.stop();

    before.put_back(data);
    let (agrees, said) = run(&["verify"], data);
    assert!(!agrees && said.contains("0 answers were accepted, 20 are in the warehouse"), "{said}");
    assert!(said.contains("the transactional store lacks the others"), "{said}");

    let again = Server::on(data, &[]);
    assert!(half.view(&again).await.is_err(), "an attempt that was not handed in is lost, and its device is told");
    Student::hand_in(&again, "Amara Okafor", 2).await;
    let teacher = Staff::teacher(&again).await;
    let shown = teacher.results_when(&again, OPEN, |r| r.freshness.accepted == 30 && r.freshness.landed == 30).await;
    assert_eq!(shown.counted, 2, "students");
    let names =
        teacher.get(&again, &format!("/api/student_names?assignment={OPEN}")).await.text().await.expect("names");
    assert!(names.contains("Name lost ("), "{names}");
    again.stop();
    assert_eq!(
        count(data, "SELECT COUNT(DISTINCT accepted_seq) FROM answers WHERE assignment_id = 2"),
        30,
        "each has its own"
    );
    verify(data, &[]);
}

/// Nothing of it has landed yet.
#[tokio::test]
async fn a_store_that_was_set_back_gets_back_what_waits_in_the_log_and_a_close() {
    let server = landed().await;
    let data = server.data();
    let before = Before::of(data);
    let lost = Server::on(data, &["--heartbeat-seconds", "900", "--buffer-seconds", "900"]);
    let (student, _) = Student::hand_in(&lost, "Amara Okafor", 0).await;
    let teacher = Staff::teacher(&lost).await;
    assert_eq!(teacher.post(&lost, &format!("/api/assignments/{OPEN}/close")).await.status(), 204);
    let taken = |m: &Metrics| {
        let of = |stream| m.get("incoming_records_total", stream);
        of("quiz-answers") >= 10.0 && of("quiz-catalog") >= 1.0
    };
    metrics_when(&lost, taken).await;
    lost.kill();
    before.put_back(data);

    let again = Server::on(data, &[]);
    let teacher = Staff::teacher(&again).await;
    let shown = teacher.results_when(&again, OPEN, |r| r.freshness.landed == 10).await;
    assert_eq!((shown.freshness.accepted, shown.counted, shown.closed_at.is_some()), (10, 1, true));
    assert!(Student::join(&client(), &again, "Ben Whitlock").await.is_err(), "it stays closed");
    assert!(student.view(&again).await.is_err(), "its device can prove nothing any more");
    again.stop();
    verify(data, &[]);
}

/// Makes the table of answers anew, with a check that refuses those of an assignment, or without one.
fn check_answers(data: &Path, check: &str) {
    let db = warehouse(data);
    let of_table = "SELECT column_name || ' ' || data_type || CASE WHEN is_nullable THEN '' ELSE ' NOT NULL' END \
                    FROM duckdb_columns() WHERE table_name = 'quiz_answers' ORDER BY column_index";
    let mut statement = db.prepare(of_table).expect("prepared");
    let columns = statement.query_map([], |row| row.get::<_, String>(0)).expect("asked");
    let columns: Vec<String> = columns.collect::<Result<_, _>>().expect("read");
    let anew = format!(
        "CREATE TABLE kept AS FROM quiz_answers; DROP TABLE quiz_answers; CREATE TABLE quiz_answers ({}{check}); \
         INSERT INTO quiz_answers FROM kept; DROP TABLE kept",
        columns.join(", ")
    );
    db.execute_batch(&anew).expect("made");
}

/// A batch that COPY refused for too long. Behind it nothing has landed, or heartbeats alone have.
#[tokio::test]
async fn a_store_that_was_set_back_gets_back_what_was_parked() {
    for seconds in ["900", "1"] {
        let server = landed().await;
        let data = server.data();
        let before = Before::of(data);
        check_answers(data, &format!(", CHECK (assignment_id <> {OPEN})"));
        let config = config(data, "[streams.quiz-answers]\ncopy_retry_seconds = 0\n");
        let flags = ["--config", &config, "--heartbeat-seconds", seconds];
        let lost = Server::on(data, &flags);
        Student::hand_in(&lost, "Amara Okafor", 0).await;
        let landed = |m: &Metrics| m.get("delivery_to_redshift_records_total", "quiz-answers");
        let parked = metrics_when(&lost, |m: &Metrics| m.get("parked_batches", "quiz-answers") >= 1.0).await;
        if seconds == "1" {
            metrics_when(&lost, |m: &Metrics| landed(m) > landed(&parked)).await;
        }
        lost.kill();
        before.put_back(data);
        check_answers(data, "");

        let again = Server::on(data, &flags);
        let admin = Staff::admin(&again).await;
        let accepted = admin.results(&again, OPEN).await.freshness.accepted;
        assert_eq!(accepted, 10, "the student has handed in; a heartbeat each {seconds} s");
        assert_eq!(admin.post(&again, "/api/streams/quiz-answers/replay").await.status(), 200);
        let shown = admin.results_when(&again, OPEN, |r| r.freshness.landed == 10).await;
        assert_eq!((shown.freshness.accepted, shown.counted), (10, 1));
        again.stop();
        verify(data, &flags[..2]);
    }
}

/// Two rulings and one that was undone, which nothing but the store has the rows of.
#[tokio::test]
async fn a_store_that_was_set_back_grades_as_it_was_ruled_before() {
    // Heartbeats would count as rows.
    let no_heartbeats = ["--heartbeat-seconds", "900", "--buffer-seconds", "900"];
    for (flags, lands) in [(&no_heartbeats[..2], true), (&no_heartbeats, false)] {
        let server = landed().await;
        let data = server.data();
        let before = Before::of(data);
        let lost = Server::on(data, flags);
        let teacher = Staff::teacher(&lost).await;
        let questions = teacher.results(&lost, OPEN).await.questions;
        let (rekeyed, void, undone) = (&questions[0], &questions[1], &questions[2]);
        let key = rekeyed.choices.iter().find(|choice| !choice.is_key).expect("one that was wrong").id;
        for wanted in [
            json!({ "question": rekeyed.id, "key": key }),
            json!({ "question": void.id }),
            json!({ "question": undone.id }),
        ] {
            assert_eq!(rule(&teacher, &lost, wanted).await.status(), 200);
        }
        let newest = teacher.results(&lost, OPEN).await.rulings[0].id;
        let undo = format!("/api/assignments/{OPEN}/rulings/{newest}/undo");
        assert_eq!(teacher.post(&lost, &undo).await.status(), 204);
        let ruled = teacher.results(&lost, OPEN).await.questions;
        // One row of the catalog for each change of a question, and two for the choices of the first.
        let counter = if lands { "delivery_to_redshift_records_total" } else { "incoming_records_total" };
        metrics_when(&lost, |m: &Metrics| m.get(counter, "quiz-catalog") >= 6.0).await;
        lost.kill();
        before.put_back(data);

        let again = Server::on(data, &[]);
        let teacher = Staff::teacher(&again).await;
        let shown = teacher.results(&again, OPEN).await;
        assert_eq!(shown.questions, ruled, "landed: {lands}");
        assert!(shown.rulings.is_empty(), "who ruled is lost: {:?}", shown.rulings);
        let first = void.choices[0].id;
        assert_eq!(rule(&teacher, &again, json!({ "question": void.id, "key": first })).await.status(), 200);
        again.stop();
        // Compared once more, the newer ruling stays.
        std::fs::write(data.join("freshmark.db.set-back"), "").expect("a mark");
        let once_more = Server::on(data, &[]);
        let shown = Staff::teacher(&once_more).await.results(&once_more, OPEN).await;
        assert!(!shown.questions[1].is_void && shown.questions[0] == ruled[0], "{:?}", shown.questions[1]);
        once_more.stop();
    }
}

/// Writes over the block of the warehouse in which the answers lie. It is read by questions alone, not by opening the file.
fn spoil_answers(data: &Path) {
    let block = count(data, "SELECT MAX(block_id) FROM pragma_storage_info('quiz_answers') WHERE persistent");
    let at = 3 * 4_096 + u64::try_from(block).expect("a block on disk") * 262_144;
    let mut file = std::fs::File::options().read(true).write(true).open(data.join("warehouse.duckdb")).expect("opened");
    let mut bytes = [0; 64];
    file.seek(SeekFrom::Start(at + 8)).expect("found");
    file.read_exact(&mut bytes).expect("read");
    file.seek(SeekFrom::Start(at + 8)).expect("found");
    file.write_all(&bytes.map(|byte| !byte)).expect("written");
}

/// What has left cannot be known while the warehouse is unreadable: no number is given out twice meanwhile, and the start
/// that finds it readable compares.
#[tokio::test]
async fn a_store_that_could_not_be_compared_numbers_on_and_is_compared_by_a_later_start() {
    let server = landed().await;
    let data = server.data();
    let before = Before::of(data);
    let lost = Server::on(data, &[]);
    Student::hand_in(&lost, "Amara Okafor", 0).await;
    Staff::teacher(&lost).await.results_when(&lost, OPEN, |r| r.freshness.landed == 10).await;
    lost.stop();
    let sound = std::fs::read(data.join("warehouse.duckdb")).expect("readable");
    before.put_back(data);
    spoil_answers(data);

    let blind = Server::on(data, &[]);
    let mark = data.join("freshmark.db.set-back");
    assert!(mark.exists(), "a comparison is owed");
    Student::hand_in(&blind, "Ben Whitlock", 1).await;
    blind.stop();
    assert!(mark.exists(), "still");
    std::fs::write(data.join("warehouse.duckdb"), sound).expect("mended");

    let again = Server::on(data, &[]);
    assert!(!mark.exists(), "it has been compared");
    let teacher = Staff::teacher(&again).await;
    let shown = teacher.results_when(&again, OPEN, |r| r.freshness.accepted == 20 && r.freshness.landed == 20).await;
    assert_eq!(shown.counted, 2, "students");
    again.stop();
    verify(data, &[]);
}

/// Submissions of assignments that it does not know are not brought back; the numbers go on all the same.
#[tokio::test]
async fn a_store_that_was_lost_whole_begins_anew_with_higher_numbers() {
    let server = landed().await;
    let data = server.data();
    let highest = "SELECT MAX(accepted_seq) FROM quiz_answers";
    let (answers, reached) = (count(data, "SELECT COUNT(*) FROM quiz_answers"), count(data, highest));
    let last = count(data, "SELECT MAX(id) FROM quiz_catalog WHERE kind = 'assignment'");
    store_files(data).iter().for_each(|file| std::fs::remove_file(file).expect("removed"));

    let again = Server::on(data, &[]);
    Student::hand_in(&again, "Amara Okafor", 0).await;
    let (closed, open) = (last + CLOSED, last + OPEN);
    let teacher = Staff::teacher(&again).await;
    teacher.results_when(&again, open, |r| r.freshness.accepted == 10 && r.freshness.landed == 10).await;
    teacher.results_when(&again, closed, |r| r.freshness.accepted == 168 && r.freshness.landed == 168).await;
    again.stop();
    let anew = format!("SELECT COUNT(*) FROM quiz_answers WHERE accepted_seq > {reached} AND assignment_id > {last}");
    assert_eq!(count(data, &anew), 178, "the demo school's answers and the student's");
    assert_eq!(count(data, "SELECT COUNT(*) FROM quiz_answers"), answers + 178);
}
