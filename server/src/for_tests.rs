//! A school on an empty store, for the tests of the rooms that work on it.
//!
//! Owns how they are put together. Not part of the server.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use app::api::accounts::{Me, Role};

use crate::accounts::Accounts;
use crate::attempts::Attempts;
use crate::clock::Clock;
use crate::live::Live;
use crate::outbox::Outbox;
use crate::quizzes::Quizzes;
use crate::school::School;
use crate::store::Store;
use crate::teaching::Teaching;

/// The rooms, with one teacher.
pub(crate) struct Room {
    pub school: School,
    pub quizzes: Quizzes,
    pub attempts: Attempts,
    pub outbox: Outbox,
    pub store: Store,
    pub live: Live,
    pub clock: Clock,
    /// Moves the clock.
    pub hand: Arc<AtomicI64>,
    /// The teacher's account.
    pub teacher: i64,
    /// Where the store lies, and what a test puts beside it.
    pub folder: tempfile::TempDir,
}

impl Room {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("freshmark.db")).await.expect("a store");
        let (clock, hand) = Clock::manual(1_700_000_000_000);
        let me = Me { name: "T".into(), email: "t@x".into(), role: Role::Teacher };
        let teacher = Accounts::new(store.clone(), clock.clone()).add(&me, "pw").await.expect("a teacher");
        let live = Live::default();
        let Teaching { school, quizzes, attempts, outbox } = Teaching::on(&store, &live, &clock);
        Self { school, quizzes, attempts, outbox, store, live, clock, hand, teacher, folder }
    }
}
