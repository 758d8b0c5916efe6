//! Which page hears what, and how much of it is worked out.

use app::api::live::{CHANGED, TICK};
use futures::future::join_all;

use crate::server::{CLOSED, OPEN, Server, Staff, Student, all, client};

/// A figure of the server's metrics that no stream has.
async fn metric(server: &Server, name: &str) -> u64 {
    let text = client().get(server.url("/metrics")).send().await.expect("an answer").text().await.expect("text");
    let value = text.lines().find_map(|line| line.strip_prefix(&format!("freshmark_{name} ")));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("there is no {name}"))
}

#[tokio::test]
async fn every_page_of_the_touched_assignment_hears_of_a_landing_and_no_other_does() {
    let server = Server::start();
    let (teacher, admin, http) = (Staff::teacher(&server).await, Staff::admin(&server).await, client());
    let student = Student::join(&http, &server, "Lena Hartmann").await.expect("joined");
    let view = student.view(&server).await.expect("the quiz");
    // The demo school's own answers first: they are the other assignment's.
    teacher.results_when(&server, CLOSED, |r| r.freshness.landed == 168).await;
    let mut pages = [teacher.events(&server, OPEN).await, admin.events(&server, OPEN).await];
    let mut other = teacher.events(&server, CLOSED).await;
    // By now nothing is under way any more.
    other.until_ticks(2).await;
    for page in &mut pages {
        page.until_ticks(2).await;
    }

    student.submit(&server, &all(&view, 0)).await.expect("accepted");
    for page in &mut pages {
        while page.next().await != CHANGED {}
    }
    assert_eq!(teacher.results_when(&server, OPEN, |r| r.freshness.landed == 10).await.counted, 1);
    assert_eq!(other.until_ticks(3).await, [TICK; 3]);
}

#[tokio::test]
async fn one_connection_follows_several_assignments_and_each_event_names_its_own() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    teacher.results_when(&server, CLOSED, |r| r.freshness.landed == 168).await;
    let mut page = teacher.events_of(&server, &format!("{OPEN},{CLOSED},{OPEN}")).await;
    let mut ticks = [page.next_of().await, page.next_of().await];
    ticks.sort();
    assert_eq!(ticks, [(TICK.to_owned(), CLOSED), (TICK.to_owned(), OPEN)]);
    assert_eq!((metric(&server, "live_connections").await, metric(&server, "live_assignments").await), (1, 2));

    Student::hand_in(&server, "Lena Hartmann", 0).await;
    let mut heard = page.next_of().await;
    while heard.0 != CHANGED {
        heard = page.next_of().await;
    }
    assert_eq!(heard.1, OPEN);
}

/// As many pages as a school has, which all ask when they hear of a change.
#[tokio::test]
async fn pages_that_ask_at_the_same_time_share_an_answer_and_none_is_from_before_the_change() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    teacher.results_when(&server, CLOSED, |r| r.freshness.landed == 168).await;
    let before = metric(&server, "results_worked_out_total").await;
    let mut accepted = 0;
    for name in ["Ada Lovelace", "Gabriel Costa", "Hannah Lindqvist"] {
        // Its join changes the assignment, and then its answers do.
        Student::hand_in(&server, name, 0).await;
        accepted += 10;
        let asked = join_all((0..50).map(|_| teacher.results(&server, OPEN))).await;
        for results in asked {
            assert_eq!((results.freshness.accepted, results.participation.submitted), (accepted, accepted / 10));
        }
    }
    let worked_out = metric(&server, "results_worked_out_total").await - before;
    assert!((3..=15).contains(&worked_out), "{worked_out} for 150 questions");
}

#[tokio::test]
async fn nothing_is_measured_for_an_assignment_that_nobody_looks_at() {
    let server = Server::start();
    let teacher = Staff::teacher(&server).await;
    let mut pages = vec![teacher.events(&server, OPEN).await, teacher.events(&server, CLOSED).await];
    let mut other = teacher.events(&server, CLOSED).await;
    other.until_ticks(1).await;
    assert_eq!((metric(&server, "live_connections").await, metric(&server, "live_assignments").await), (3, 2));
    pages.clear();
    // The server notices when it next speaks.
    for _ in 0..10 {
        other.until_ticks(1).await;
        if (metric(&server, "live_connections").await, metric(&server, "live_assignments").await) == (1, 1) {
            return;
        }
    }
    panic!("what nobody follows is still followed");
}
