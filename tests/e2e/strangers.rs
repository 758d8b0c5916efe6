//! One teacher's classes are not another's, and a session is whoever has it.

use app::api::accounts::{Me, Role};
use app::api::results::{ClassResults, ClassSummary};
use reqwest::Method;
use serde_json::Value;
use server::accounts::Accounts;
use server::clock::Clock;
use server::demo::quizzes::QUIZZES;
use server::live::Live;
use server::school::NewAssignment;
use server::store::Store;
use server::teaching::Teaching;

use crate::server::{CLOSED, OPEN, Server, Staff, try_to_sign_in};

const OTHER: &str = "other@demo.school";

/// A demo school with a second teacher, who has a class and an open assignment too; returns the assignment's number.
async fn two_teachers(data: &std::path::Path) -> i64 {
    Server::on(data, &[]).stop();
    let store = Store::open(&data.join("freshmark.db")).await.expect("the store");
    let clock = Clock::system();
    let me = Me { name: "Kim Other".into(), email: OTHER.into(), role: Role::Teacher };
    let teacher = Accounts::new(store.clone(), clock.clone()).add(&me, "other").await.expect("an account");
    let rooms = Teaching::on(&store, &Live::default(), &clock);
    let class = rooms.school.add_class(teacher, "Year 9", &["Ana"]).await.expect("a class");
    let given = rooms.quizzes.import_gift(teacher, QUIZZES[1].0, QUIZZES[1].1).await.expect("a quiz").quiz;
    let new = NewAssignment { class, quiz: given, join_code: "OTH-001", opened_at: clock.now() };
    let assignment = rooms.school.assign(&new).await.expect("an assignment");
    store.close().await.expect("closed");
    assignment
}

async fn classes(staff: &Staff, server: &Server) -> Vec<String> {
    let classes: Vec<ClassSummary> = staff.get(server, "/api/my_classes").await.json().await.expect("classes");
    classes.into_iter().map(|class| class.name).collect()
}

#[tokio::test]
async fn a_teacher_whose_class_has_another_s_quiz_sees_its_results_and_rules_on_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    two_teachers(folder.path()).await;
    let store = Store::open(&folder.path().join("freshmark.db")).await.expect("the store");
    let clock = Clock::system();
    let rooms = Teaching::on(&store, &Live::default(), &clock);
    let teacher = Accounts::new(store.clone(), clock.clone()).find(OTHER).await.expect("an answer").expect("there");
    let class = rooms.school.find_class(teacher, "Year 9").await.expect("an answer").expect("there");
    let new = NewAssignment { class, quiz: 1, join_code: "OTH-002", opened_at: clock.now() };
    let theirs = rooms.school.assign(&new).await.expect("an assignment");
    store.close().await.expect("closed");

    let server = Server::on(folder.path(), &[]);
    let (owner, guest) = (Staff::teacher(&server).await, Staff::sign_in(&server, OTHER, "other").await);
    let question = guest.results(&server, theirs).await.questions[0].id;
    let rule = async |staff: &Staff, assignment: i64| {
        let request = staff.request(&server, Method::POST, &format!("/api/assignments/{assignment}/rulings"));
        request.json(&serde_json::json!({ "question": question })).send().await.expect("an answer").status()
    };
    assert_eq!(rule(&guest, theirs).await, 403);
    let effect = format!("/api/ruling_effect?assignment={theirs}&question={question}");
    assert_eq!(guest.get(&server, &effect).await.status(), 403);

    assert_eq!(rule(&owner, OPEN).await, 200);
    let (seen, own) = (guest.results(&server, theirs).await, owner.results(&server, OPEN).await);
    assert!(seen.questions[0].is_void && own.questions[0].is_void, "it holds for every class");
    assert_eq!((seen.rulings[0].can_undo, own.rulings[0].can_undo), (false, true));
    let undo = format!("/api/assignments/{theirs}/rulings/{}/undo", own.rulings[0].id);
    assert_eq!(guest.post(&server, &undo).await.status(), 403);
    let admin = Staff::admin(&server).await;
    assert!(admin.results(&server, theirs).await.rulings[0].can_undo);
}

#[tokio::test]
async fn a_teacher_neither_sees_nor_closes_what_is_another_s() {
    let folder = tempfile::tempdir().expect("a folder");
    let theirs = two_teachers(folder.path()).await;
    let server = Server::on(folder.path(), &[]);
    let first = Staff::teacher(&server).await;
    let (second, admin) = (Staff::sign_in(&server, OTHER, "other").await, Staff::admin(&server).await);
    assert_eq!(classes(&second, &server).await, ["Year 9"]);
    assert_eq!(classes(&first, &server).await, ["Year 7 · Science A", "Year 8 · Science B"]);
    assert_eq!(classes(&admin, &server).await.len(), 3);

    for (stranger, assignment) in [(&second, OPEN), (&second, CLOSED), (&first, theirs)] {
        let question = first.results(&server, OPEN).await.questions[0].id;
        let own = if assignment == theirs { OPEN } else { theirs };
        let unknown = "there is no assignment with this number among your classes";
        let of_live = format!("there is no assignment {assignment} among your classes");
        for (path, message) in [
            (format!("/api/class_results?assignment={assignment}"), unknown),
            (format!("/api/class_grid?assignment={assignment}"), unknown),
            (format!("/api/student_names?assignment={assignment}"), unknown),
            (format!("/api/student_results?assignment={assignment}&student=x"), unknown),
            (format!("/api/arrivals?assignment={assignment}"), unknown),
            (format!("/api/comparable?assignment={assignment}"), unknown),
            (format!("/api/ruling_effect?assignment={assignment}&question={question}"), unknown),
            (format!("/api/live?assignments={own},{assignment}"), &of_live),
        ] {
            let answer = stranger.get(&server, &path).await;
            assert_eq!(answer.status(), 404, "{path}");
            let error: Value = answer.json().await.expect("an error");
            assert_eq!(error["message"], message, "{path}");
        }
        assert_eq!(stranger.post(&server, &format!("/api/assignments/{assignment}/close")).await.status(), 404);
        let rule = stranger.request(&server, Method::POST, &format!("/api/assignments/{assignment}/rulings"));
        let ruled = rule.json(&serde_json::json!({ "question": question })).send().await.expect("an answer");
        assert_eq!(ruled.status(), 404);
    }
    let open = |results: ClassResults| results.closed_at.is_none();
    assert!(open(first.results(&server, OPEN).await) && open(second.results(&server, theirs).await));
    assert!(open(admin.results(&server, theirs).await), "an admin sees every class");
    assert_eq!(
        second.post(&server, &format!("/api/assignments/{theirs}/close")).await.status(),
        204,
        "it is their own"
    );
}

#[tokio::test]
async fn a_wrong_password_opens_nothing_and_a_session_ends_when_it_is_signed_out() {
    let server = Server::start();
    for (email, password) in [("teacher@demo.school", "pipeline-2026"), ("nobody@demo.school", "freshmark-2026")] {
        let refused = try_to_sign_in(&server, email, password).await;
        assert_eq!((refused.status().as_u16(), refused.headers().get("set-cookie")), (401, None), "{email}");
        let error: Value = refused.json().await.expect("an error");
        assert_eq!(error["message"], "wrong email or password", "which of the two is not said");
    }
    let (here, elsewhere) = (Staff::teacher(&server).await, Staff::teacher(&server).await);
    assert_eq!(here.get(&server, "/api/me").await.status(), 200);
    let signed_out = here.sign_out(&server).await;
    assert_eq!(signed_out.status(), 204);
    assert!(signed_out.headers()["set-cookie"].to_str().expect("text").contains("Max-Age=0"));
    for path in ["/api/me", "/api/my_classes", "/api/live?assignments=1"] {
        assert_eq!(here.get(&server, path).await.status(), 401, "{path}");
    }
    assert_eq!(elsewhere.get(&server, "/api/me").await.status(), 200, "another device stays signed in");
}
