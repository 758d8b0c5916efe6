//! Which page hears what.

use app::api::live::{CHANGED, TICK};

use crate::server::{CLOSED, OPEN, Server, Staff, Student, all, client};

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
