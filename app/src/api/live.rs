//! Server-sent events: `GET /api/live?assignments=1,2,3`, for whoever may see the results of each.
//!
//! An event names its assignment and never carries results. It says that something changed, and the page asks its server
//! function.

use serde::{Deserialize, Serialize};

use super::Millis;
use super::freshness::Freshness;

/// Name of the event that says "ask again": new rows have landed, or somebody joined, or the assignment was closed.
pub const CHANGED: &str = "changed";

/// Name of the event that comes every [`TICK_MS`], whatever happens.
pub const TICK: &str = "tick";

/// Milliseconds between two ticks. A page that has heard nothing for [`SILENCE_MS`] has lost its server.
pub const TICK_MS: u64 = 1_000;

/// Milliseconds without any event after which the connection counts as lost, even if the browser has not noticed. A page
/// looks twice a second, and has promised to say so within five seconds.
pub const SILENCE_MS: i64 = 3_500;

/// So many assignments may be followed over one connection.
pub const MOST_FOLLOWED: usize = 64;

/// Data of a [`CHANGED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Which one.
    pub assignment: i64,
}

/// Data of a [`TICK`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    /// Which one.
    pub assignment: i64,
    /// The server's clock.
    pub now: Millis,
    /// Measured within the last moment; absent if it could not be measured, so that the page's last picture grows old.
    pub freshness: Option<Freshness>,
}
