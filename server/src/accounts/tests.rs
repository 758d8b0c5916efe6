use std::sync::atomic::{AtomicI64, Ordering};

use tempfile::TempDir;

use super::*;

const EMAIL: &str = "sam@school";
const PASSWORD: &str = "right";

/// Accounts with one teacher, and the hand of their clock.
async fn open() -> (TempDir, Accounts, Arc<AtomicI64>) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("freshmark.db")).await.expect("a store");
    let (clock, hand) = Clock::manual(1_700_000_000_000);
    let accounts = Accounts::new(store, clock);
    let me = Me { name: "Sam".to_owned(), email: EMAIL.to_owned(), role: Role::Teacher };
    accounts.add(&me, PASSWORD).await.expect("added");
    (folder, accounts, hand)
}

#[tokio::test]
async fn a_session_ends_when_its_time_is_over_and_when_it_is_signed_out() {
    let (_folder, accounts, hand) = open().await;
    let (kept, user) = accounts.sign_in(" SAM@school ", PASSWORD).await.expect("signed in");
    let (ended, _) = accounts.sign_in(EMAIL, PASSWORD).await.expect("signed in again");
    hand.fetch_add(SESSION_MS - 1, Ordering::Relaxed);
    accounts.sign_out(&ended).await.expect("signed out");
    assert_eq!(accounts.user(&ended).await.expect("an answer"), None);
    assert_eq!(accounts.user(&kept).await.expect("an answer"), Some(user));
    hand.fetch_add(1, Ordering::Relaxed);
    assert_eq!(accounts.user(&kept).await.expect("an answer"), None);
    assert_eq!(accounts.user("no secret").await.expect("an answer"), None);
}

#[tokio::test]
async fn guessing_is_slowed_down_for_an_address_and_for_no_other() {
    let (_folder, accounts, hand) = open().await;
    for (email, first) in [(EMAIL, "wrong"), ("nobody@school", PASSWORD)] {
        for _ in 0..WRONG_PASSWORDS.at_once {
            let refused = accounts.sign_in(email, first).await;
            assert!(matches!(refused, Err(AccountError::WrongCredentials)), "{refused:?}");
        }
        let refused = accounts.sign_in(&email.to_uppercase(), PASSWORD).await;
        assert!(matches!(refused, Err(AccountError::TooMany { retry_after_s: 30 })), "{refused:?}");
    }
    hand.fetch_add(WRONG_PASSWORDS.refill_ms, Ordering::Relaxed);
    accounts.sign_in(EMAIL, PASSWORD).await.expect("signed in after the wait");
}

#[tokio::test]
async fn the_right_password_is_never_too_many() {
    let (_folder, accounts, _) = open().await;
    for _ in 0..=WRONG_PASSWORDS.at_once {
        accounts.sign_in(EMAIL, PASSWORD).await.expect("signed in");
    }
}

#[tokio::test]
async fn passwords_are_hashed_a_few_at_a_time_and_who_finds_the_queue_full_is_sent_away() {
    let (_folder, accounts, _) = open().await;
    let busy = Arc::clone(&accounts.hashing).acquire_many_owned(HASHES_AT_ONCE as u32).await.expect("idle");
    let mut waits = Box::pin(accounts.sign_in(EMAIL, PASSWORD));
    while accounts.queue.available_permits() == HASHES_IN_ALL {
        assert!(futures::poll!(&mut waits).is_pending());
        tokio::task::yield_now().await;
    }
    assert!(futures::poll!(&mut waits).is_pending(), "nothing is hashed past the few");

    let full = Arc::clone(&accounts.queue).acquire_many_owned(HASHES_IN_ALL as u32 - 1).await.expect("the rest");
    let refused = accounts.sign_in(EMAIL, PASSWORD).await;
    assert!(matches!(refused, Err(AccountError::TooMany { retry_after_s: 1 })), "{refused:?}");
    drop((busy, full));
    waits.await.expect("signed in once it was its turn");
}

#[tokio::test]
async fn a_place_is_kept_until_the_work_is_done_even_if_nobody_waits_for_it() {
    let (_folder, accounts, _) = open().await;
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (began, has_begun) = tokio::sync::oneshot::channel();
    let work = accounts.off_thread(move || {
        let _ = began.send(());
        let _ = wait.recv();
        Ok(())
    });
    tokio::select! {
        biased;
        begun = has_begun => begun.expect("begun"),
        _ = work => panic!("it waits"),
    }
    assert_eq!(accounts.hashing.available_permits(), HASHES_AT_ONCE - 1, "the one who asked has gone");
    drop(go);
    let all = accounts.hashing.acquire_many(HASHES_AT_ONCE as u32).await;
    assert!(all.is_ok());
}
