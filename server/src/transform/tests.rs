//! Real processes, real sockets. The functions lie in tests/functions and speak the Runtime API by Python's own library.

use std::path::Path;
use std::sync::Mutex;

use self::watched::{ended, has_ended, noted};
use super::*;

#[path = "../../../tests/functions/watched.rs"]
mod watched;

const BEHAVING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/functions/behaving.py");

/// A transform by the behaving function, which notes what it has to say in a folder.
fn behaving(notes: &Path, more: &[(&str, &str)]) -> Transform {
    let notes = [("NOTES", notes.to_str().expect("text"))];
    let environment = notes.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Transform {
        function: Function::Executable { path: BEHAVING.into(), environment },
        region: "eu-west-1".to_owned(),
        timeout: Duration::from_secs(30),
        retries: 1,
    }
}

fn records<'a>(data: &[&'a str]) -> Vec<Record<'a>> {
    let of = |(n, data): (usize, &&'a str)| Record { id: format!("s-{n}"), arrived: 1, data: data.as_bytes() };
    data.iter().enumerate().map(of).collect()
}

/// Runs one batch; with it, what was heard of failures that were tried again.
async fn run(transformer: &Transformer, data: &[&str]) -> (Vec<Outcome>, Vec<String>) {
    let heard = Mutex::new(Vec::new());
    let failing = |error: &InvokeError| heard.lock().expect("unpoisoned").push(error.to_string());
    let outcomes = transformer.run(&records(data), &Invocations::default(), failing).await;
    (outcomes, heard.into_inner().expect("unpoisoned"))
}

fn text(outcome: &Outcome) -> String {
    match &outcome.verdict {
        Verdict::Ok(data) => String::from_utf8_lossy(data).into_owned(),
        other => panic!("not Ok: {other:?}"),
    }
}

/// Code and message of a record that failed, and how often it was tried.
fn failure(outcome: &Outcome) -> (&'static str, &str, u32) {
    match &outcome.verdict {
        Verdict::Failed { code, message } => (code, message, outcome.attempts),
        other => panic!("not failed: {other:?}"),
    }
}

#[tokio::test]
async fn a_process_is_kept_from_one_invocation_to_the_next_and_killed_at_the_end() {
    let notes = tempfile::tempdir().expect("a folder");
    let transformer = Transformer::new(&behaving(notes.path(), &[]), "s").expect("ready");
    let pid = text(&run(&transformer, &["pid"]).await.0[0]);
    assert_eq!(text(&run(&transformer, &["pid"]).await.0[0]), pid);
    assert!(!has_ended(&pid));
    drop(transformer);
    ended(&pid).await;
}

#[tokio::test]
async fn each_record_has_its_verdict_in_order() {
    let notes = tempfile::tempdir().expect("a folder");
    let transformer = Transformer::new(&behaving(notes.path(), &[]), "s").expect("ready");
    let (outcomes, heard) = run(&transformer, &["a", "drop", "fail", "omit", "b"]).await;
    assert_eq!((text(&outcomes[0]), &outcomes[1].verdict), ("a".to_owned(), &Verdict::Dropped));
    assert_eq!(failure(&outcomes[2]).0, "Lambda.ProcessingFailedStatus");
    assert_eq!(failure(&outcomes[3]).0, "Lambda.MissingRecordId");
    assert_eq!((text(&outcomes[4]), outcomes[4].attempts, heard.len()), ("b".to_owned(), 1, 0));
}

#[tokio::test]
async fn a_function_that_crashes_is_started_anew_and_tried_as_often_as_it_may_be() {
    let notes = tempfile::tempdir().expect("a folder");
    let transformer = Transformer::new(&behaving(notes.path(), &[]), "s").expect("ready");
    let (outcomes, heard) = run(&transformer, &["crash", "a"]).await;
    for outcome in &outcomes {
        let (code, message, attempts) = failure(outcome);
        assert_eq!((code, attempts), ("Lambda.FunctionError", 2));
        assert!(message.contains("ended without an answer") && message.contains('3'), "{message}");
    }
    assert_eq!(heard.len(), 1, "the last failure is final");
    let (again, heard) = run(&transformer, &["crash-once"]).await;
    assert_eq!((text(&again[0]), again[0].attempts, heard.len()), ("crash-once".to_owned(), 2, 1));
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_killed_with_all_that_it_started() {
    let notes = tempfile::tempdir().expect("a folder");
    let mut transform = behaving(notes.path(), &[]);
    (transform.timeout, transform.retries) = (Duration::from_secs(3), 0);
    let transformer = Transformer::new(&transform, "s").expect("ready");
    let (outcomes, _) = run(&transformer, &["hang"]).await;
    let (code, message, attempts) = failure(&outcomes[0]);
    assert_eq!((code, message, attempts), ("Lambda.FunctionTimedOut", "the function did not answer within 3 s", 1));
    for id in noted(notes.path(), "hanging").await.split(' ') {
        ended(id).await;
    }
    assert_eq!(text(&run(&transformer, &["a"]).await.0[0]), "a", "the next invocation has another process");
}

#[tokio::test]
async fn an_invocation_that_nobody_waits_for_any_more_ends_with_its_process() {
    let notes = tempfile::tempdir().expect("a folder");
    let transformer = Transformer::new(&behaving(notes.path(), &[]), "s").expect("ready");
    let hanging = async {
        let ids = noted(notes.path(), "hanging").await;
        assert!(!ids.split(' ').any(has_ended), "{ids}");
    };
    tokio::select! {
        _ = run(&transformer, &["hang"]) => panic!("it hangs"),
        () = hanging => {}
    }
    for id in noted(notes.path(), "hanging").await.split(' ') {
        ended(id).await;
    }
}

#[tokio::test]
async fn an_error_of_the_function_s_own_is_told_in_its_words_and_its_process_kept() {
    let notes = tempfile::tempdir().expect("a folder");
    let transformer = Transformer::new(&behaving(notes.path(), &[]), "s").expect("ready");
    let pid = text(&run(&transformer, &["pid"]).await.0[0]);
    let (outcomes, heard) = run(&transformer, &["error", "a"]).await;
    let expected = "the function answered with an error: ValueError: this record is an error";
    assert_eq!(failure(&outcomes[1]), ("Lambda.FunctionError", expected, 2));
    assert_eq!(heard, [expected]);
    assert_eq!(text(&run(&transformer, &["pid"]).await.0[0]), pid);

    let unready = behaving(notes.path(), &[("BEHAVE", "init-error")]);
    let unready = Transformer::new(&unready, "s").expect("ready");
    let (outcomes, _) = run(&unready, &["a"]).await;
    let (code, message, _) = failure(&outcomes[0]);
    assert_eq!(
        (code, message),
        ("Lambda.FunctionError", "the function could not initialise: Runtime.NotReady: no luck")
    );
}

#[tokio::test]
async fn more_than_lambda_allows_is_no_answer_and_never_goes_out() {
    let notes = tempfile::tempdir().expect("a folder");
    let transformer = Transformer::new(&behaving(notes.path(), &[]), "s").expect("ready");
    let (outcomes, _) = run(&transformer, &["huge"]).await;
    let (code, message, attempts) = failure(&outcomes[0]);
    assert_eq!((code, attempts), ("Lambda.FunctionError", 2));
    assert_eq!(message, "the function's answer has more than 6291556 bytes");

    let large = "x".repeat(5_000_000);
    let (outcomes, heard) = run(&transformer, &["a", &large, "b"]).await;
    assert_eq!((text(&outcomes[0]), text(&outcomes[2]), heard.len()), ("a".to_owned(), "b".to_owned(), 0));
    assert_eq!((failure(&outcomes[1]).0, outcomes[1].attempts), ("Freshmark.RecordTooLarge", 0));
}

#[tokio::test]
async fn a_large_batch_is_divided_and_none_is_lost() {
    let notes = tempfile::tempdir().expect("a folder");
    let transformer = Transformer::new(&behaving(notes.path(), &[]), "s").expect("ready");
    let data: Vec<String> = (0..50).map(|n| format!("{n} {}", "x".repeat(100_000))).collect();
    let data: Vec<&str> = data.iter().map(String::as_str).collect();
    let invocations = Invocations::default();
    let outcomes = transformer.run(&records(&data), &invocations, |_| ()).await;
    assert!(outcomes.iter().zip(&data).all(|(outcome, sent)| text(outcome) == *sent));
    assert_eq!((invocations.attempts.get(), invocations.success.get()), (5, 5));
}

#[tokio::test]
async fn a_function_knows_of_itself_what_lambda_tells_and_nothing_of_the_server_s() {
    let notes = tempfile::tempdir().expect("a folder");
    let transformer = Transformer::new(&behaving(notes.path(), &[("OWN", "value")]), "s").expect("ready");
    let told = text(&run(&transformer, &["environment"]).await.0[0]);
    let told: serde_json::Value = serde_json::from_str(&told).expect("json");
    let folder = Path::new(BEHAVING).parent().and_then(|folder| folder.canonicalize().ok()).expect("a folder");
    assert_eq!(told["folder"], folder.to_string_lossy().as_ref());
    let of = |name: &str| told["environment"][name].as_str().unwrap_or("(absent)").to_owned();
    assert_eq!((of("AWS_LAMBDA_FUNCTION_NAME"), of("AWS_REGION")), ("behaving".to_owned(), "eu-west-1".to_owned()));
    assert_eq!(
        (of("OWN"), of("TZ"), of("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")),
        ("value".into(), ":UTC".into(), "128".into())
    );
    assert!(std::env::var_os("HOME").is_some());
    assert_eq!(of("HOME"), "(absent)");
}

#[test]
fn a_file_that_cannot_be_started_is_named() {
    for (path, problem) in [("/nowhere/fill", "No such file"), ("/dev/null", "is no file"), (file!(), "")] {
        let function = Function::Executable { path: path.into(), environment: BTreeMap::new() };
        let transform = Transform { function, ..behaving(Path::new("/"), &[]) };
        let refused = Transformer::new(&transform, "s").map(drop).expect_err(path).to_string();
        assert!(refused.starts_with(&format!("transform.executable: {path} cannot be used: ")), "{refused}");
        assert!(refused.contains(problem), "{refused}");
    }
}
