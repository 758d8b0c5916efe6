//! Results that are taken away, beside what the pages are told.

use std::collections::BTreeMap;

use app::api::Millis;
use app::api::class::{ClassGrid, GridQuestion, GridRow, StudentName};
use app::api::results::{ClassResults, QuestionResult};
use app::charts::model::wilson;
use app::state::words::letter;
use calamine::{Data, DataType, Reader};
use chrono::{DateTime, NaiveDateTime, Timelike};
use reqwest::Method;
use serde_json::json;

use crate::files::{MARK, Row, Sheet, bytes, get, number, rows, rows_of, sheets};
use crate::server::{CLOSED, OPEN, Server, Staff, Student, client};

const EVIL: &str = "=HYPERLINK(\"http://evil.example\";\"x\")";
const RIGHT_TO_LEFT: &str = "ليلى حدّاد";

async fn results(staff: &Staff, server: &Server, assignment: i64, rest: &str) -> ClassResults {
    let answer = staff.get(server, &format!("/api/class_results?assignment={assignment}{rest}")).await;
    answer.json().await.expect("results")
}

async fn grid(staff: &Staff, server: &Server, assignment: i64, rest: &str) -> ClassGrid {
    let answer = staff.get(server, &format!("/api/class_grid?assignment={assignment}{rest}")).await;
    answer.json().await.expect("the class")
}

/// The closed assignment, once all of it has landed.
async fn closed(staff: &Staff, server: &Server) -> ClassResults {
    staff.results_when(server, CLOSED, |r| r.freshness.landed == 168 && r.freshness.accepted == 168).await
}

fn assert_near(found: Option<f64>, expected: Option<f64>, what: &str) {
    let near = match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() < 1e-5,
        (found, expected) => found == expected,
    };
    assert!(near, "{what}: {found:?} in the file, {expected:?} on the page");
}

/// What a cell of the grid says, in a letter: none if it was omitted.
fn given(question: &GridQuestion, choice: i64) -> String {
    question.choices.iter().position(|of| *of == choice).map(letter).unwrap_or_default()
}

/// The answers of a file are those of the grid: of these students and attempts, these choices and no others.
fn assert_answers(rows: &[Row], grid: &ClassGrid) {
    let mut expected = Vec::new();
    for row in grid.rows.iter().filter(|row| row.attempt.is_some()) {
        for (question, choice) in grid.questions.iter().zip(&row.choices).filter(|(_, choice)| **choice >= 0) {
            let correct = if question.is_void { "" } else { ["0", "1"][usize::from(question.key == Some(*choice))] };
            let omitted = if *choice == 0 { "1" } else { "0" };
            let attempt = row.attempt.unwrap_or_default().to_string();
            let student = row.number.map(|number| number.to_string()).unwrap_or_default();
            let text = given(question, *choice);
            let cells = [&student, &row.student, &attempt, &question.number.to_string(), &text, correct, omitted];
            expected.push(cells.map(ToString::to_string));
        }
    }
    let columns = ["student", "student_key", "attempt", "question", "choice", "correct", "omitted"];
    let found: Vec<[String; 7]> = rows.iter().map(|row| columns.map(|column| row[column].clone())).collect();
    assert_eq!(found, expected);
}

/// In hundreds, with one digit behind the point: a share of a class has no more to say.
fn percent(share: f64) -> f64 {
    (share * 1e3).round() / 10.0
}

fn assert_question(row: &Row, question: &QuestionResult) {
    let of = |what: &str| format!("{what} of question {}", question.number);
    let graded = question.facility().filter(|_| !question.is_void);
    let (low, high) = wilson(question.correct, question.n);
    let figures = question.figures;
    for (column, expected) in [
        ("n", Some(question.n as f64)),
        ("void", Some(f64::from(u8::from(question.is_void)))),
        ("correct", graded.map(|_| question.correct as f64)),
        ("percent_correct", graded.map(percent)),
        ("wilson_low_percent", graded.map(|_| percent(low))),
        ("wilson_high_percent", graded.map(|_| percent(high))),
        ("omitted", Some(question.omitted as f64)),
        ("median_seconds", question.median_ms.map(|ms| ms as f64 / 1e3)),
        ("facility", graded),
        ("sd", figures.sd),
        ("random_guess", figures.random_guess),
        ("discrimination", figures.discrimination),
        ("efficiency", figures.efficiency),
        ("effective_weight", figures.weight),
    ] {
        assert_near(number(row, column), expected, &of(column));
    }
    for (place, choice) in question.choices.iter().enumerate() {
        let column = format!("answers_{}", letter(place).to_lowercase());
        assert_near(number(row, &column), Some(choice.answers as f64), &of(&column));
    }
    let key = question.choices.iter().position(|choice| choice.is_key).map(letter);
    assert_eq!(row["key"], key.unwrap_or_default());
    assert_eq!(row["question_text"], question.text);
}

#[tokio::test]
async fn the_files_say_what_the_page_says() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    let page = closed(&teacher, &server).await;
    assert!(page.counted >= 20 && page.questions.iter().any(|q| q.figures.discrimination.is_some()), "not withheld");

    let answers = rows(&teacher, &server, CLOSED, "answers.csv").await;
    assert_eq!(answers.len(), 168);
    assert_answers(&answers, &grid(&teacher, &server, CLOSED, "").await);
    for row in &answers {
        let question = &page.questions[row["question"].parse::<usize>().expect("a number") - 1];
        let place = question.choices.iter().position(|choice| choice.text == row["choice_text"]);
        assert_eq!((&row["question_text"], &row["choice"]), (&question.text, &place.map(letter).unwrap_or_default()));
        assert!(DateTime::parse_from_rfc3339(&row["submitted_at"]).is_ok(), "{}", row["submitted_at"]);
        assert!(number(row, "seconds").is_some_and(|seconds| seconds > 0.0));
        assert_eq!(row["attempts"], "first");
    }

    let summary = rows(&teacher, &server, CLOSED, "summary.csv").await;
    assert_eq!(summary.len(), page.questions.len());
    summary.iter().zip(&page.questions).for_each(|(row, question)| assert_question(row, question));
}

#[tokio::test]
async fn figures_that_say_nothing_about_a_small_class_are_left_out_and_the_workbook_says_why() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    Student::hand_in(&server, "Ben Whitlock", 1).await;
    let page = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 10).await;
    let summary = rows(&teacher, &server, OPEN, "summary.csv").await;
    summary.iter().zip(&page.questions).for_each(|(row, question)| assert_question(row, question));
    assert!(summary.iter().all(|row| row["discrimination"].is_empty() && row["sd"].is_empty()));
    let about = Sheet::of(&mut sheets(&teacher, &server, OPEN, "").await, "About");
    let withheld = about.rows().find(|row| row[0] == "Withheld").expect("a line").to_vec();
    assert!(withheld[1].to_string().contains("need n ≥ 20, and n is 1"), "{withheld:?}");
}

#[tokio::test]
async fn the_workbook_has_the_class_beside_the_questions_with_numbers_as_numbers_and_dates_as_dates() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    let page = closed(&teacher, &server).await;
    let mut book = sheets(&teacher, &server, CLOSED, "").await;
    assert_eq!(book.sheet_names(), ["About", "Questions", "Students", "Answers"]);

    let (grid, students) = (grid(&teacher, &server, CLOSED, "").await, Sheet::of(&mut book, "Students"));
    assert_eq!(students.rows().count(), grid.rows.len());
    let (first, score) = (students.column("Q1"), students.column("Correct of 6"));
    let of = |row: &GridRow| (row.attempt.is_none(), row.number, row.attempt);
    let mut ordered: Vec<&GridRow> = grid.rows.iter().collect();
    ordered.sort_by_key(|row| of(row));
    for (row, expected) in students.rows().zip(ordered) {
        assert_eq!(row[0], format!("Student {}", expected.number.expect("on the list")).as_str());
        if expected.attempt.is_none() {
            assert!(row[score..].iter().all(|cell| *cell == Data::Empty));
            continue;
        }
        assert_eq!(row[score], Data::Float(expected.score as f64));
        for (cell, (question, choice)) in row[first..].iter().zip(grid.questions.iter().zip(&expected.choices)) {
            let sign = if question.key == Some(*choice) { "✓" } else { "✗" };
            let text = if *choice == 0 { "omitted".into() } else { format!("{} {sign}", given(question, *choice)) };
            assert_eq!(*cell, text.as_str());
        }
    }

    let questions = Sheet::of(&mut book, "Questions");
    let (correct, share) = (questions.column("Correct"), questions.column("Correct, %"));
    for (row, question) in questions.rows().zip(&page.questions) {
        assert_eq!(row[correct], Data::Float(question.correct as f64));
        assert_near(row[share].to_string().parse().ok(), question.facility(), "a share");
    }

    let answers = Sheet::of(&mut book, "Answers");
    assert_eq!(answers.rows().count(), 168);
    let (submitted, csv) = (answers.column("Submitted at (UTC)"), rows(&teacher, &server, CLOSED, "answers.csv").await);
    for (row, same) in answers.rows().zip(&csv) {
        let Data::DateTime(at) = row[submitted] else { panic!("no date: {:?}", row[submitted]) };
        let there = DateTime::parse_from_rfc3339(&same["submitted_at"]).expect("a date").naive_utc();
        assert_eq!(rounded(at.as_datetime().expect("a date")), rounded(there));
    }
    assert_about(&Sheet::of(&mut book, "About"), &page);
}

/// To the second, because a day's fraction has no exact milliseconds.
fn rounded(at: NaiveDateTime) -> NaiveDateTime {
    (at + chrono::TimeDelta::milliseconds(500)).with_nanosecond(0).expect("a second")
}

fn assert_about(about: &Sheet, page: &ClassResults) {
    let lines: BTreeMap<String, Data> = about.rows().map(|row| (row[0].to_string(), row[1].clone())).collect();
    assert_eq!(lines["Quiz"], page.quiz_title.as_str());
    assert_eq!(lines["Class"], page.class_name.as_str());
    let freshness = lines["Freshness"].to_string();
    assert!(freshness.starts_with("As it stood at ") && freshness.ends_with("is counted, 168 of 168"), "{freshness}");
    assert_eq!([&lines["Answers received"], &lines["Answers counted"]], [&Data::Float(168.0); 2]);
    assert!(lines["As of (UTC)"].is_datetime());
    assert_near(lines["Cronbach's α, %"].to_string().parse().ok(), page.test.alpha, "alpha");
    assert_near(lines["Class average"].to_string().parse().ok(), page.average(), "the average");
}

#[tokio::test]
async fn names_stand_in_a_file_only_if_they_are_asked_for_and_none_of_them_is_a_formula() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    for name in [EVIL, RIGHT_TO_LEFT, "-Élodie", "Ada; =1"] {
        Student::hand_in(&server, name, 0).await;
    }
    teacher.results_when(&server, OPEN, |r| r.freshness.landed == 40).await;
    let names: Vec<StudentName> =
        teacher.get(&server, &format!("/api/student_names?assignment={OPEN}")).await.json().await.expect("names");
    let name_of: BTreeMap<String, String> = names.into_iter().map(|named| (named.student, named.name)).collect();

    let hidden = String::from_utf8(bytes(&teacher, &server, OPEN, "answers.csv").await).expect("UTF-8");
    for name in name_of.values() {
        assert!(!hidden.contains(name.as_str()), "{name}");
    }
    assert!(!rows_of(hidden.as_bytes())[0].contains_key("name"));
    let mut hidden = sheets(&teacher, &server, OPEN, "").await;
    for sheet in hidden.sheet_names() {
        for cell in hidden.worksheet_range(&sheet).expect("a sheet").cells().map(|(_, _, cell)| cell.to_string()) {
            assert!(!name_of.values().any(|name| cell.contains(name.as_str())), "{cell}");
        }
    }

    let shown = rows(&teacher, &server, OPEN, "answers.csv?names=show").await;
    assert_eq!(shown.len(), 40);
    for row in &shown {
        let (name, cell) = (name_of[&row["student_key"]].as_str(), row["name"].as_str());
        let expected = match name {
            EVIL => format!("'{EVIL}"),
            "-Élodie" => "'-Élodie".to_owned(),
            "Ada; =1" => "Ada; '=1".to_owned(),
            name => name.to_owned(),
        };
        assert_eq!(cell, expected);
    }
    assert!(shown.iter().any(|row| row["name"] == RIGHT_TO_LEFT));

    let mut shown = sheets(&teacher, &server, OPEN, "?names=show").await;
    for sheet in ["Students", "Answers"] {
        let formulas = shown.worksheet_formula(sheet).expect("a sheet");
        assert!(formulas.cells().all(|(_, _, formula)| formula.is_empty()), "{sheet}");
        let rows = Sheet::of(&mut shown, sheet);
        let (name, key) = (rows.column("Name"), rows.column("Student key"));
        assert!(rows.rows().all(|row| row[name] == name_of[&row[key].to_string()].as_str()), "{sheet}");
    }
}

#[tokio::test]
async fn a_file_holds_the_attempts_that_count_by_each_rule() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    for (name, place) in [("Chiara Bianchi", 1), ("Elif Demir", 0), ("Chiara Bianchi", 0), ("Elif Demir", 2)] {
        Student::hand_in(&server, name, place).await;
    }
    teacher.results_when(&server, OPEN, |r| r.freshness.landed == 40).await;
    for (rule, attempts) in [("first", 2), ("last", 2), ("best", 2), ("all", 4)] {
        let answers = rows(&teacher, &server, OPEN, &format!("answers.csv?attempts={rule}")).await;
        assert_eq!(answers.len(), attempts * 10);
        assert!(answers.iter().all(|row| row["attempts"] == rule));
        let rest = format!("&attempts={rule}");
        assert_answers(&answers, &grid(&teacher, &server, OPEN, &rest).await);
        let page = results(&teacher, &server, OPEN, &rest).await;
        let summary = rows(&teacher, &server, OPEN, &format!("summary.csv?attempts={rule}")).await;
        summary.iter().zip(&page.questions).for_each(|(row, question)| assert_question(row, question));
    }
}

#[tokio::test]
async fn a_file_as_of_an_instant_is_the_same_whenever_it_is_taken_and_says_which_instant() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    Student::hand_in(&server, "Chiara Bianchi", 1).await;
    let page = teacher.results_when(&server, OPEN, |r| r.freshness.landed == 10).await;
    let as_of = page.freshness.measured_at;
    let first = bytes(&teacher, &server, OPEN, &format!("answers.csv?as_of={as_of}")).await;

    Student::hand_in(&server, "Elif Demir", 0).await;
    teacher.results_when(&server, OPEN, |r| r.freshness.landed == 20).await;
    let again = bytes(&teacher, &server, OPEN, &format!("answers.csv?as_of={as_of}")).await;
    assert_eq!(first, again);
    let stamp = |row: &Row| DateTime::parse_from_rfc3339(&row["as_of"]).expect("an instant").timestamp_millis();
    let rows_then = rows_of(&again);
    assert_eq!(rows_then.len(), 10);
    assert!(rows_then.iter().all(|row| stamp(row) == as_of && row["complete_through"] == row["as_of"]));

    let rows_now = rows(&teacher, &server, OPEN, "answers.csv").await;
    assert_eq!(rows_now.len(), 20);
    let now: Millis = stamp(&rows_now[0]);
    assert!(now > as_of);
    assert_eq!(rows_now, rows(&teacher, &server, OPEN, &format!("answers.csv?as_of={now}")).await);
    // What will have been accepted by then, nobody knows yet.
    assert!(stamp(&rows(&teacher, &server, OPEN, "answers.csv?as_of=253370764799999").await[0]) < now + 600_000);
}

#[tokio::test]
async fn a_void_question_is_graded_nowhere_in_a_file() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    let void = closed(&teacher, &server).await.questions[1].id;
    let ruling = teacher.request(&server, Method::POST, &format!("/api/assignments/{CLOSED}/rulings"));
    assert_eq!(ruling.json(&json!({ "question": void })).send().await.expect("an answer").status(), 200);

    let page = closed(&teacher, &server).await;
    assert!(page.questions[1].is_void);
    let answers = rows(&teacher, &server, CLOSED, "answers.csv").await;
    assert_answers(&answers, &grid(&teacher, &server, CLOSED, "").await);
    assert!(answers.iter().all(|row| row["correct"].is_empty() == (row["question"] == "2")));
    let summary = rows(&teacher, &server, CLOSED, "summary.csv").await;
    summary.iter().zip(&page.questions).for_each(|(row, question)| assert_question(row, question));
    let mut book = sheets(&teacher, &server, CLOSED, "").await;
    let students = Sheet::of(&mut book, "Students");
    let column = students.column("Q2");
    let signs: Vec<String> = students.rows().map(|row| row[column].to_string()).collect();
    assert!(signs.iter().any(|sign| sign.ends_with("(void)")) && !signs.iter().any(|sign| sign.contains(['✓', '✗'])));
    students.column("Correct of 5");
}

#[tokio::test]
async fn a_file_is_sent_to_be_saved_under_a_telling_name_and_kept_nowhere_else() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    closed(&teacher, &server).await;
    for (file, kind, name) in [
        ("answers.csv", "text/csv; charset=utf-8", "answers-2026-01-31T10-41-07Z.csv"),
        ("summary.csv", "text/csv; charset=utf-8", "summary-2026-01-31T10-41-07Z.csv"),
        (
            "results.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "results-2026-01-31T10-41-07Z.xlsx",
        ),
    ] {
        // Nothing had been accepted by then.
        let answer = get(&teacher, &server, CLOSED, &format!("{file}?as_of=1769856067123")).await;
        assert_eq!(answer.status(), 200);
        let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
        assert_eq!([header("content-type"), header("cache-control")], [kind, "no-store"]);
        let name = format!("Rivers-and-the-water-cycle-Year-8-Science-B-{name}");
        assert_eq!(header("content-disposition"), format!("attachment; filename=\"{name}\"; filename*=UTF-8''{name}"),);
    }
    let empty = bytes(&teacher, &server, CLOSED, "answers.csv?as_of=0").await;
    assert!(empty.starts_with(MARK) && empty.ends_with(b",as_of,complete_through,attempts\r\n"));
    assert_eq!(rows_of(&empty), Vec::<Row>::new());
}

#[tokio::test]
async fn who_may_not_see_the_results_gets_no_file_and_a_wrong_question_is_told_what_is_wrong() {
    let server = Server::start();
    let (teacher, admin) = (Staff::teacher(&server).await, Staff::admin(&server).await);
    for file in ["answers.csv", "summary.csv", "results.xlsx"] {
        let url = server.url(&format!("/api/assignments/{OPEN}/export/{file}"));
        assert_eq!(client().get(url).send().await.expect("an answer").status(), 401);
        assert_eq!(get(&teacher, &server, 99, file).await.status(), 404);
        assert_eq!(get(&admin, &server, OPEN, file).await.status(), 200);
    }
    for (path, status, says) in [
        (format!("{OPEN}/export/results.pdf"), 404, "answers.csv, summary.csv, results.xlsx"),
        ("two/export/answers.csv".to_owned(), 400, "assignment"),
        (format!("{OPEN}/export/answers.csv?as_of=now"), 400, "as_of"),
        (format!("{OPEN}/export/answers.csv?as_of=-1"), 400, "as_of"),
        (format!("{OPEN}/export/answers.csv?attempts=worst"), 400, "first, last, best or all"),
        (format!("{OPEN}/export/answers.csv?attempts=all&attempts=all"), 400, "there twice"),
        (format!("{OPEN}/export/answers.csv?names=yes"), 400, "has to be show"),
    ] {
        let answer = teacher.get(&server, &format!("/api/assignments/{path}")).await;
        assert_eq!(answer.status(), status, "{path}");
        let body = answer.text().await.expect("a body");
        assert!(body.contains(says), "{path}: {body}");
    }
    let posted = teacher.post(&server, &format!("/api/assignments/{OPEN}/export/answers.csv")).await;
    assert_eq!(posted.status(), 405);
}
