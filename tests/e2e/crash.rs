//! kill -9 under load: what was acknowledged is counted, exactly once.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;

use crate::server::{OPEN, Server, Staff, Student, all, client};

const ROUNDS: usize = 5;
const PRODUCERS: usize = 4;

/// What the producers were told.
#[derive(Default)]
struct Told {
    acknowledged: Mutex<BTreeSet<String>>,
    sent: AtomicUsize,
    stop: AtomicBool,
}

/// Students hand in one after the other until the server is gone.
async fn produce(server: Arc<Server>, told: Arc<Told>) {
    let http = client();
    while !told.stop.load(Ordering::Relaxed) {
        let name = format!("Student {}", told.sent.fetch_add(1, Ordering::Relaxed));
        let Ok(student) = Student::join(&http, &server, &name).await else { continue };
        let Ok(view) = student.view(&server).await else { continue };
        if student.submit(&server, &all(&view, 1)).await.is_ok() {
            told.acknowledged.lock().expect("lock").insert(name);
        }
    }
}

/// Lets the producers have `more` answers acknowledged, then kills the server in the middle of the next ones.
async fn load_and_kill(data: &Path, told: &Arc<Told>, more: usize) {
    let server = Arc::new(Server::on(data, &[]));
    told.stop.store(false, Ordering::Relaxed);
    let goal = told.acknowledged.lock().expect("lock").len() + more;
    let mut producers = JoinSet::new();
    for _ in 0..PRODUCERS {
        producers.spawn(produce(Arc::clone(&server), Arc::clone(told)));
    }
    while told.acknowledged.lock().expect("lock").len() < goal {
        tokio::task::yield_now().await;
    }
    std::process::Command::new("kill").args(["-KILL", &server.pid().to_string()]).status().expect("kill");
    told.stop.store(true, Ordering::Relaxed);
    while producers.join_next().await.is_some() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_kill_9_every_acknowledged_answer_is_counted_exactly_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = Arc::new(Told::default());
    for round in 0..ROUNDS {
        // Another moment each time: right after the first acknowledgements, and deeper into the load.
        load_and_kill(folder.path(), &told, 1 + round * 7).await;
    }
    let server = Server::on(folder.path(), &[]);
    let teacher = Staff::teacher(&server).await;
    let results = teacher
        .results_when(&server, OPEN, |r| {
            r.freshness.landed == r.freshness.accepted && r.freshness.oldest_waiting.is_none()
        })
        .await;
    let acknowledged = told.acknowledged.lock().expect("lock").len() as i64;
    let submitted = results.participation.submitted;
    assert!(submitted >= acknowledged, "{acknowledged} were acknowledged, {submitted} are there");
    // A submission may have been saved whose acknowledgement the kill cut off; never more than were under way.
    assert!(submitted <= acknowledged + (ROUNDS * PRODUCERS) as i64, "{submitted} of {acknowledged}");
    assert_eq!(results.students_counted, submitted, "each is read");
    assert_eq!(results.freshness.accepted, submitted * 10);
    for question in &results.questions {
        assert_eq!((question.n, question.choices[1].answers), (submitted, submitted), "once: {}", question.text);
    }
}
