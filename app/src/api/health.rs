//! What the banner above a member of staff's pages needs: does what students hand in get through?

use serde::{Deserialize, Serialize};

use super::Millis;
use super::freshness::StreamFreshness;

/// The delivery streams, as far as whoever asks may know. The verdict over them is the browser's, so that it grows worse
/// while the server is silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DeliveryHealth {
    /// The server's clock when this was put together.
    pub now: Millis,
    /// For an admin, every stream that is delivered. For a teacher, the one of the answers alone: without the words of a
    /// stage that fails, and what waits are answers, heartbeats not among them.
    pub streams: Vec<StreamHealth>,
}

/// One delivery stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StreamHealth {
    /// Its name.
    pub name: String,
    /// How current its table is.
    pub freshness: StreamFreshness,
}
