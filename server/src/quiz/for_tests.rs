//! The room on an empty store, for its tests.

use app::api::accounts::{Me, Role};

use super::Quiz;
use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::live::Live;
use crate::store::Store;

/// The room, with one teacher.
pub(super) struct Room {
    pub quiz: Quiz,
    pub store: Store,
    pub live: Live,
    /// The teacher's account.
    pub teacher: i64,
    /// Where the store lies, and what a test puts beside it.
    pub folder: tempfile::TempDir,
}

impl Room {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("freshmark.db")).await.expect("a store");
        let (clock, _) = Clock::manual(1_700_000_000_000);
        let me = Me { name: "T".into(), email: "t@x".into(), role: Role::Teacher };
        let teacher = Accounts::new(store.clone(), clock.clone()).add(&me, "pw").await.expect("a teacher");
        let live = Live::default();
        Self { quiz: Quiz::new(store.clone(), live.clone(), clock), store, live, teacher, folder }
    }
}
