use std::sync::atomic::{AtomicI64, Ordering};

use futures::FutureExt;
use futures::future::maybe_done;
use sea_orm::sea_query::Expr;
use tempfile::TempDir;

use super::*;
use crate::store::tables::session;

const EMAIL: &str = "sam@school";
const PASSWORD: &str = "right";
const HERE: Place<'_> = Place { client: "10.0.0.7", device: None };

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
    let SignedIn { secret: kept, user, .. } =
        accounts.sign_in(" SAM@school ", PASSWORD, HERE).await.expect("signed in");
    let ended = accounts.sign_in(EMAIL, PASSWORD, HERE).await.expect("signed in again").secret;
    for _ in 1..SESSION_MS / (IDLE_MS / 2) {
        hand.fetch_add(IDLE_MS / 2, Ordering::Relaxed);
        assert_eq!(
            accounts.find_session(&secret::hash(&kept), true).await.expect("an answer").map(|(_, user)| user),
            Some(user.clone())
        );
    }
    hand.store(1_700_000_000_000 + SESSION_MS - 1, Ordering::Relaxed);
    accounts.sign_out(&ended).await.expect("signed out");
    assert_eq!(accounts.user(&ended).await.expect("an answer"), None);
    assert_eq!(accounts.user(&kept).await.expect("an answer"), Some(user));
    hand.fetch_add(1, Ordering::Relaxed);
    assert_eq!(accounts.user(&kept).await.expect("an answer"), None);
    assert_eq!(accounts.user("no secret").await.expect("an answer"), None);
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends_and_its_row_goes() {
    let (_folder, accounts, hand) = open().await;
    let idle = accounts.sign_in(EMAIL, PASSWORD, HERE).await.expect("signed in").secret;
    hand.fetch_add(IDLE_MS, Ordering::Relaxed);
    assert_eq!(accounts.user(&idle).await.expect("an answer"), None);
    accounts.sign_in(EMAIL, PASSWORD, HERE).await.expect("signed in");
    assert_eq!(session::Entity::find().count(&accounts.store.read).await.expect("a count"), 1, "what is over is swept");
}

/// Uses up the tries that are free.
async fn guess(accounts: &Accounts, email: &str, place: Place<'_>) {
    for _ in 0..WRONG_PASSWORDS.at_once {
        let refused = accounts.sign_in(email, "wrong", place).await;
        assert!(matches!(refused, Err(AccountError::WrongCredentials)), "{refused:?}");
    }
}

/// Fills the slow line of an account from a place, as long as it is kept: whoever is sent there then is refused at once.
async fn fill_slow<'a>(accounts: &'a Accounts, who: &'a (String, String)) -> impl Sized + 'a {
    let mut inside: Vec<_> = (0..MOST_SLOW).map(|_| Box::pin(maybe_done(accounts.slow.enter(who)))).collect();
    for one in &mut inside {
        let _ = futures::poll!(one);
    }
    inside
}

fn who(email: &str, place: &str) -> (String, String) {
    (secret::hash(email), place.to_owned())
}

#[tokio::test]
async fn a_guesser_is_slowed_down_and_the_right_password_only_waits() {
    let (_folder, accounts, hand) = open().await;
    for email in [EMAIL, "nobody@school"] {
        guess(&accounts, email, HERE).await;
        let began = std::time::Instant::now();
        let refused = accounts.sign_in(&email.to_uppercase(), "wrong", HERE).await;
        assert!(matches!(refused, Err(AccountError::TooMany { retry_after_s: 30 })), "{refused:?}");
        assert!(began.elapsed() >= SLOW);
    }
    let began = std::time::Instant::now();
    accounts.sign_in(EMAIL, PASSWORD, HERE).await.expect("signed in from the guesser's own place");
    assert!(began.elapsed() >= SLOW, "after a wait");

    let (here, there) = (who(EMAIL, HERE.client), who(EMAIL, "10.0.0.8"));
    let _nobody_is_slow = (fill_slow(&accounts, &here).await, fill_slow(&accounts, &there).await);
    let refused = accounts.sign_in(EMAIL, PASSWORD, HERE).await;
    assert!(matches!(refused, Err(AccountError::TooMany { .. })), "the slow line is full: {refused:?}");
    let elsewhere = Place { client: "10.0.0.8", device: None };
    accounts.sign_in(EMAIL, PASSWORD, elsewhere).await.expect("signed in elsewhere, without a wait");
    hand.fetch_add(WRONG_PASSWORDS.refill_ms, Ordering::Relaxed);
    accounts.sign_in(EMAIL, PASSWORD, HERE).await.expect("signed in without a wait: a try has come back");
}

#[tokio::test]
async fn a_device_that_was_signed_in_before_does_not_wait_behind_a_guesser() {
    let (_folder, accounts, _) = open().await;
    let device = accounts.sign_in(EMAIL, PASSWORD, HERE).await.expect("signed in").device;
    guess(&accounts, EMAIL, HERE).await;
    let known = Place { device: Some(&device), ..HERE };
    let (here, of_devices) = (who(EMAIL, HERE.client), who(EMAIL, ""));
    let _nobody_is_slow = (fill_slow(&accounts, &here).await, fill_slow(&accounts, &of_devices).await);
    accounts.sign_in(EMAIL, PASSWORD, known).await.expect("signed in without a wait");
    let of_another = accounts.sign_in("nobody@school", "wrong", known).await;
    assert!(matches!(of_another, Err(AccountError::WrongCredentials)), "it opens nothing by itself: {of_another:?}");
}

#[tokio::test]
async fn who_waits_for_one_account_keeps_nobody_of_the_same_place_from_another() {
    let (_folder, accounts, _) = open().await;
    let other = Me { name: "Kim".to_owned(), email: "kim@school".to_owned(), role: Role::Teacher };
    accounts.add(&other, PASSWORD).await.expect("added");
    guess(&accounts, EMAIL, HERE).await;
    let here = who(EMAIL, HERE.client);
    let slow = accounts.slow.enter(&here).await.expect("nobody is inside");
    let mut guesses: Vec<_> = (1..MOST_SLOW).map(|_| Box::pin(accounts.sign_in(EMAIL, "wrong", HERE))).collect();
    for guess in &mut guesses {
        assert!(futures::poll!(guess).is_pending(), "in the slow line");
    }
    let turns: Vec<_> = (0..HASHES_OF_ONE_PLACE).map(|_| accounts.turn_of(HERE.client).now_or_never()).collect();
    assert!(turns.iter().all(|turn| matches!(turn, Some(Ok(_)))), "no guess holds a turn of the place");
    drop(turns);
    accounts.sign_in(&other.email, PASSWORD, HERE).await.expect("signed in");
    drop((guesses, slow));
}

#[tokio::test]
async fn one_place_has_a_few_turns_to_hash_and_who_finds_its_line_full_is_sent_away() {
    let (_folder, accounts, _) = open().await;
    let place = HERE.client.to_owned();
    let mut inside: Vec<_> =
        (0..MOST_OF_ONE_PLACE).map(|_| Box::pin(maybe_done(accounts.turns.enter(&place)))).collect();
    let mut begun = 0;
    for one in &mut inside {
        begun += usize::from(futures::poll!(one).is_ready());
    }
    assert_eq!(begun, HASHES_OF_ONE_PLACE);
    let refused = accounts.sign_in(EMAIL, PASSWORD, HERE).await;
    assert!(matches!(refused, Err(AccountError::TooMany { retry_after_s: RETRY_PLACE_S })), "{refused:?}");
    let elsewhere = Place { client: "10.0.0.8", device: None };
    let device = accounts.sign_in(EMAIL, PASSWORD, elsewhere).await.expect("another place has turns").device;
    let known = Place { device: Some(&device), ..HERE };
    accounts.sign_in(EMAIL, PASSWORD, known).await.expect("a device that is known needs none");
    drop(inside);
    accounts.sign_in(EMAIL, PASSWORD, HERE).await.expect("signed in");
}

#[tokio::test]
async fn signing_out_of_no_session_writes_nothing_and_nobody_hears_of_it() {
    let (_folder, accounts, _) = open().await;
    let secret = accounts.sign_in(EMAIL, PASSWORD, HERE).await.expect("signed in").secret;
    let mut ends = accounts.follow_ends();
    accounts.sign_out(&secret).await.expect("signed out");
    ends.changed().await.expect("heard");
    let _another_writes = accounts.store.begin().await.expect("begun");
    for junk in ["junk", &secret] {
        accounts.sign_out(junk).await.expect("nothing to do");
    }
    assert!(!ends.has_changed().expect("still there"));
}

#[tokio::test]
async fn whoever_follows_hears_that_a_session_has_ended() {
    let (_folder, accounts, _) = open().await;
    let secret = accounts.sign_in(EMAIL, PASSWORD, HERE).await.expect("signed in").secret;
    let mut ends = accounts.follow_ends();
    accounts.sign_out(&secret).await.expect("signed out");
    ends.changed().await.expect("heard");
    assert_eq!(accounts.user(&secret).await.expect("an answer"), None);
}

#[tokio::test]
async fn demo_accounts_open_a_demo_school_alone_and_an_unknown_role_is_nobody() {
    let (_folder, accounts, _) = open().await;
    let demo = Me { name: "Demo".to_owned(), email: "teacher@demo.school".to_owned(), role: Role::Teacher };
    accounts.add(&demo, PASSWORD).await.expect("added");
    let of_demo = accounts.clone().of_server(true, "secret");
    let secret = of_demo.sign_in(&demo.email, PASSWORD, HERE).await.expect("with --demo").secret;
    assert!(of_demo.user(&secret).await.expect("an answer").is_some());
    let without = Accounts::new(accounts.store.clone(), accounts.clock.clone());
    let refused = without.sign_in(&demo.email, PASSWORD, HERE).await;
    assert!(matches!(refused, Err(AccountError::WrongCredentials)), "{refused:?}");
    assert_eq!(without.user(&secret).await.expect("an answer"), None, "a session of before ends, too");

    let tx = accounts.store.begin().await.expect("begun");
    let role = account::Entity::update_many().col_expr(account::Column::Role, Expr::value("headmaster"));
    role.exec(&*tx).await.expect("changed");
    tx.commit().await.expect("committed");
    assert!(accounts.sign_in(EMAIL, PASSWORD, HERE).await.is_err());
}

#[tokio::test]
async fn the_right_password_is_never_too_many() {
    let (_folder, accounts, _) = open().await;
    for _ in 0..=WRONG_PASSWORDS.at_once {
        accounts.sign_in(EMAIL, PASSWORD, HERE).await.expect("signed in");
    }
}

#[tokio::test]
async fn passwords_are_hashed_a_few_at_a_time_and_who_finds_the_queue_full_is_sent_away() {
    let (_folder, accounts, _) = open().await;
    let busy = Arc::clone(&accounts.hashing).acquire_many_owned(HASHES_AT_ONCE as u32).await.expect("idle");
    let mut waits = Box::pin(accounts.sign_in(EMAIL, PASSWORD, HERE));
    while accounts.queue.available_permits() == HASHES_IN_ALL {
        assert!(futures::poll!(&mut waits).is_pending());
        tokio::task::yield_now().await;
    }
    assert!(futures::poll!(&mut waits).is_pending(), "nothing is hashed past the few");

    let full = Arc::clone(&accounts.queue).acquire_many_owned(HASHES_IN_ALL as u32 - 1).await.expect("the rest");
    let refused = accounts.sign_in(EMAIL, PASSWORD, HERE).await;
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
