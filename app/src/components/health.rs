//! What is known of the delivery streams: one for the banner and for the admin's page, so that both say the same.

use std::time::Duration;

use leptos::prelude::*;

use super::{Reach, Ticking};
use crate::api::functions::delivery_health;
use crate::api::health::DeliveryHealth;
use crate::api::{ApiError, Millis};
use crate::browser::asking::{Asking, keep_on};
use crate::browser::transport::within;
use crate::browser::{is_visible, time};
use crate::state::banner::{Known, Told};
use crate::state::freshness::Indicator;
use crate::state::session::Session;

/// How often it is asked, while somebody looks.
const POLL: Duration = Duration::from_secs(3);

/// The streams, as far as whoever looks may know. Copies are the same.
#[derive(Clone, Copy)]
pub struct Health {
    known: RwSignal<Option<Known>>,
    /// Since when the state has not been readable, in server time.
    unread_since: RwSignal<Option<Millis>>,
    reach: Reach,
    clock: Ticking,
}

impl Health {
    /// Nothing is known yet.
    #[must_use]
    pub fn start(reach: Reach, clock: Ticking) -> Self {
        Self { known: RwSignal::new(None), unread_since: RwSignal::new(None), reach, clock }
    }

    /// The page's.
    #[must_use]
    pub fn get() -> Self {
        expect_context()
    }

    /// Asks until the owner is gone.
    pub fn follow(self, session: RwSignal<Session>) {
        // Somebody else may have looked before.
        self.known.set(None);
        self.unread_since.set(None);
        self.reach.listens();
        // Gone with whoever was signed in: what is answered later is another one's.
        let here = StoredValue::new(());
        let asking = Asking::at_once(move || self.ask(session, here));
        let turned = move || {
            if is_visible() {
                // That nobody asked meanwhile says nothing of the server.
                self.reach.listens();
            } else {
                // Asked as soon as the page is shown, and once.
                asking.changed();
            }
        };
        keep_on(POLL, move || asking.changed(), turned);
    }

    async fn ask(self, session: RwSignal<Session>, here: StoredValue<()>) -> Result<(), ApiError> {
        let asked = time::waking();
        let answer = within(delivery_health()).await;
        if here.try_get_value().is_none() {
            return Ok(());
        }
        self.reach.ended(&answer);
        let ended = answer.as_ref().map(|_| ()).map_err(ApiError::clone);
        match &answer {
            Ok(health) => self.clock.answered(health.now, asked),
            Err(ApiError::SignedOut { .. }) => session.set(Session::SignedOut),
            Err(_) => {}
        }
        self.take_in(answer);
        ended
    }

    /// What was answered last, whoever asked.
    pub fn take_in(self, answer: Known) {
        match &answer {
            Err(ApiError::Unreachable { .. }) => return, // What was known grows old.
            Err(_) => self.unread_since.update(|since| *since = since.or_else(|| Some(self.clock.now_untracked()))),
            Ok(_) => self.unread_since.set(None),
        }
        self.known.set(Some(answer));
    }

    /// What an admin reads at this second.
    #[must_use]
    pub fn for_admin(self) -> Indicator {
        self.said(|told| told.for_admin(time::dated_clock))
    }

    /// What a teacher reads at this second; nothing while all is well.
    #[must_use]
    pub fn for_teacher(self) -> Option<Indicator> {
        self.said(|told| told.for_teacher(time::dated_hour_minute))
    }

    fn said<T>(self, say: impl Fn(Told<'_>) -> T) -> T {
        let (now, connection) = (self.clock.now(), self.reach.connection());
        let unread_since = self.unread_since.get().unwrap_or(now);
        self.known.with(|known| say(Told { known: known.as_ref(), connection, unread_since, now }))
    }

    /// Whether anything is known of the streams.
    #[must_use]
    pub fn is_known(self) -> bool {
        self.known.with(Option::is_some)
    }

    /// What is known of the streams.
    pub fn with<T>(self, read: impl Fn(Option<&DeliveryHealth>) -> T) -> T {
        self.known.with(|known| read(known.as_ref().and_then(|known| known.as_ref().ok())))
    }
}
