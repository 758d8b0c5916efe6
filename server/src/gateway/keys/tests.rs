use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use super::*;

async fn keys(folder: &Path) -> (Keys, Arc<AtomicI64>) {
    let (clock, hand) = Clock::manual(10 * DAY_MS);
    let store = Store::open(&folder.join("freshmark.db")).await.expect("store");
    (Keys::new(store, "own", "wire", clock), hand)
}

fn new(streams: &[&str]) -> NewKey {
    let streams = streams.iter().map(|name| (*name).to_owned()).collect();
    NewKey { name: "sensors".into(), streams, rate: Some(2), burst: Some(3), daily: Some(5) }
}

#[tokio::test]
async fn a_key_opens_its_streams_and_no_other_key_opens_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    let (keys, _) = keys(folder.path()).await;
    let made = keys.create(&new(&["a", "b"])).await.expect("made");
    let key = keys.allow(&made.api_key).await.expect("known");
    assert_eq!(["a", "b", "c"].map(|stream| key.may_put_to(stream)), [true, true, false]);
    assert!(keys.allow("own").await.expect("the relay's").may_put_to("c"));
    for wrong in ["", "wire", &made.id, &made.access_key_id, &made.secret_access_key] {
        assert!(matches!(keys.allow(wrong).await, Err(KeyError::Unknown)), "{wrong:?}");
    }
    let (_, secret) = keys.by_access_key_id(&made.access_key_id).await.expect("known");
    assert_eq!((secret.len(), secret), (40, made.secret_access_key));
    assert!(keys.by_access_key_id("FMAKNOBODY").await.is_err());
    assert!(matches!(keys.create(&new(&["a b"])).await, Err(KeyError::Invalid { field: "stream", .. })));
}

#[tokio::test]
async fn no_secret_can_be_read_from_the_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let (keys, _) = keys(folder.path()).await;
    let made = keys.create(&new(&[])).await.expect("made");
    let row = format!("{:?}", keys.list().await.expect("listed"));
    assert!(row.contains(&made.access_key_id), "the search would find what is there");
    assert!(!row.contains(&made.api_key) && !row.contains(&made.secret_access_key), "{row}");
}

#[tokio::test]
async fn a_revoked_key_stops_working_within_a_second() {
    let folder = tempfile::tempdir().expect("a folder");
    let (keys, hand) = keys(folder.path()).await;
    let made = keys.create(&new(&[])).await.expect("made");
    keys.allow(&made.api_key).await.expect("works");
    // As from another process.
    let (elsewhere, _) = self::keys(folder.path()).await;
    elsewhere.revoke(&made.id).await.expect("revoked");
    assert!(elsewhere.revoke(&made.id).await.is_err(), "once");
    hand.fetch_add(REMEMBERED_MS, Ordering::Relaxed);
    assert!(matches!(keys.allow(&made.api_key).await, Err(KeyError::Unknown)));
    assert!(keys.by_access_key_id(&made.access_key_id).await.is_err());
}

#[tokio::test]
async fn over_its_rate_a_key_hears_how_long_to_wait_and_over_its_day_until_midnight() {
    let folder = tempfile::tempdir().expect("a folder");
    let (keys, hand) = keys(folder.path()).await;
    let made = keys.create(&new(&[])).await.expect("made");
    let wait = |outcome: Result<Key, KeyError>| match outcome {
        Err(KeyError::TooMany { wait, .. }) => Some(wait),
        _ => None,
    };
    for _ in 0..3 {
        assert_eq!(wait(keys.allow(&made.api_key).await), None, "a burst of three");
    }
    assert_eq!(wait(keys.allow(&made.api_key).await), Some(Duration::from_millis(500)), "then two a second");
    hand.fetch_add(1_000, Ordering::Relaxed);
    for _ in 0..2 {
        assert_eq!(wait(keys.allow(&made.api_key).await), None);
    }
    hand.fetch_add(DAY_MS / 2, Ordering::Relaxed);
    let left = Duration::from_millis((DAY_MS / 2 - 1_000) as u64);
    assert_eq!(wait(keys.allow(&made.api_key).await), Some(left), "five a day");
    // A restart does not give the day back.
    let (after, hand) = self::keys(folder.path()).await;
    hand.store(10 * DAY_MS + DAY_MS / 2, Ordering::Relaxed);
    assert!(wait(after.allow(&made.api_key).await).is_some());
    hand.fetch_add(DAY_MS / 2, Ordering::Relaxed);
    assert_eq!(wait(after.allow(&made.api_key).await), None, "the next one has a quota of its own");
}
