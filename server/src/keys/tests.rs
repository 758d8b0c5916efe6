use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use sea_orm::ConnectionTrait;

use super::*;
use crate::access::{Act, may};

async fn keys(folder: &Path) -> (Keys, Arc<AtomicI64>) {
    let (clock, hand) = Clock::manual(10 * DAY_MS);
    let store = Store::open(&folder.join("freshmark.db")).await.expect("store");
    let own = Own { relay: "relay".into(), folder: "folder".into(), wire: "wire".into() };
    (Keys::new(store, own, clock), hand)
}

fn new(streams: &[&str]) -> NewKey {
    let put = streams.iter().map(|name| (*name).to_owned()).collect();
    let rights = Rights { put, ..Rights::default() };
    NewKey { name: "sensors".into(), rights, rate: Some(2), burst: Some(3), daily: Some(5) }
}

#[tokio::test]
async fn a_key_opens_its_streams_and_no_other_key_opens_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    let (keys, _) = keys(folder.path()).await;
    let made = keys.create(&new(&["a", "b"])).await.expect("made");
    let key = keys.allow(&made.api_key).await.expect("known");
    assert_eq!(["a", "b", "c"].map(|stream| may(key.rights(), Act::Put, stream)), [true, true, false]);
    for (own, producer) in [("relay", None), ("folder", Some("gateway.key"))] {
        let key = keys.allow(own).await.expect("the server's");
        assert!(may(key.rights(), Act::Put, "c") && may(key.rights(), Act::Put, "quiz-answers"), "{own}");
        assert_eq!(key.producer(), producer, "{own}");
    }
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

#[tokio::test]
async fn both_faces_of_a_key_count_against_one_rate_and_one_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let (keys, hand) = keys(folder.path()).await;
    let made = keys.create(&new(&[])).await.expect("made");
    let mut passed = 0;
    for second in 0..10 {
        hand.store(10 * DAY_MS + second * 2_000, Ordering::Relaxed);
        passed += i32::from(keys.allow(&made.api_key).await.is_ok());
        let (key, _) = keys.by_access_key_id(&made.access_key_id).await.expect("known");
        passed += i32::from(keys.count(&key).is_ok());
    }
    assert_eq!(passed, 5, "five a day");
}

#[tokio::test]
async fn wrong_keys_of_strangers_give_nobody_a_new_rate_or_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let (keys, _) = keys(folder.path()).await;
    let made = keys.create(&new(&[])).await.expect("made");
    let mut passed = 0;
    for stranger in 0..MOST_WRONG + 10 {
        if stranger % 1_000 == 0 {
            passed += i32::from(keys.allow(&made.api_key).await.is_ok());
        }
        let wrong = keys.by_access_key_id(&format!("FMAK{stranger:016}")).await;
        assert!(matches!(wrong, Err(KeyError::Unknown)));
    }
    assert_eq!(passed, 3, "a burst of three, and no second one");
    assert!(keys.found().wrong.len() <= MOST_WRONG);
}

#[tokio::test]
async fn a_key_without_any_name_opens_all_streams_but_the_servers_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let (keys, _) = keys(folder.path()).await;
    let made = keys.create(&new(&[])).await.expect("made");
    let key = keys.allow(&made.api_key).await.expect("known");
    for act in [Act::Put, Act::Read, Act::Manage] {
        assert_eq!(["clicks", "quiz-answers"].map(|stream| may(key.rights(), act, stream)), [true, false], "{act:?}");
    }
    let made = keys.create(&new(&["clicks"])).await.expect("made");
    let key = keys.allow(&made.api_key).await.expect("known");
    assert_eq!(
        [Act::Read, Act::Manage].map(|act| may(key.rights(), act, "clicks")),
        [false, false],
        "one that names any does not"
    );
}

/// How a key's day is counted: what is stored, and what came since.
fn count_of(keys: &Keys, id: &str) -> (i64, i64) {
    let key = keys.found().keys[id].clone();
    // Put back when it is dropped.
    Unwritten::of(&key).map_or((0, 0), |unwritten| (unwritten.used().stored, unwritten.used().more))
}

#[tokio::test]
async fn a_count_that_cannot_be_written_down_is_kept_and_its_key_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let (keys, hand) = keys(folder.path()).await;
    let made = keys.create(&new(&[])).await.expect("made");
    keys.allow(&made.api_key).await.expect("known");
    let key = keys.found().keys[&made.id].clone();

    let busy = keys.store.begin().await.expect("another one writes");
    let mut writing = Box::pin(keys.write_down(&key));
    assert!(futures::poll!(&mut writing).is_pending());
    drop(writing);
    assert_eq!(count_of(&keys, &made.id), (0, 1), "one that was given up");
    drop(busy);

    let tx = keys.store.begin().await.expect("begun");
    tx.execute_unprepared("ALTER TABLE gateway_usage RENAME TO elsewhere").await.expect("renamed");
    tx.commit().await.expect("committed");
    hand.fetch_add(REMEMBERED_MS, Ordering::Relaxed);
    keys.allow(&made.api_key).await.expect("a key that is known works");
    assert_eq!(count_of(&keys, &made.id), (0, 2), "one that failed");

    let tx = keys.store.begin().await.expect("begun");
    tx.execute_unprepared("ALTER TABLE elsewhere RENAME TO gateway_usage").await.expect("renamed");
    tx.commit().await.expect("committed");
    keys.write_down(&key).await.expect("written down");
    let stored = gateway_usage::Entity::find_by_id((made.id, 10)).one(&keys.store.read).await.expect("an answer");
    assert_eq!(stored.map(|stored| stored.requests), Some(2));
}
