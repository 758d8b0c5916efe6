//! What operators see: whether the pipeline is alive, and what goes through.
//!
//! Owns the heartbeats, the state of every stream, readiness, metrics, and the search for answers that a log has lost.
//! Implements the front end's port. Does not own a stage's own figures, nor the verdict over freshness.

mod health;
mod heartbeat;
mod metrics;
mod pipeline;
mod ready;
mod reconcile;

use std::sync::Arc;

use app::api::accounts::Role;
use app::api::health::DeliveryHealth;
use app::api::pipeline::Pipeline;
use app::api::{ApiError, ports};

pub use heartbeat::{Beating, Heartbeats, Way};
pub use metrics::{CONTENT_TYPE as METRICS_TYPE, OpenPages};
pub use pipeline::{Feed, Parts};
pub use ready::{PartStatus, Readiness};

use crate::access::{Access, AccessError};
use crate::accounts::User;
use crate::freshness::Measure;
use crate::live::Live;
use crate::shared::Shared;
use crate::store::Store;
use crate::warehouse::Warehouse;

/// The room's handle. Cheap to clone; clones share.
#[derive(Clone)]
pub struct Ops {
    store: Store,
    warehouse: Warehouse,
    measure: Measure,
    parts: Arc<Parts>,
    health: Arc<Shared<Role, Arc<DeliveryHealth>>>,
}

impl Ops {
    /// Asks the running `parts` and the stores that freshness is measured of.
    #[must_use]
    pub fn new(measure: Measure, parts: Parts, live: Live) -> Self {
        Self {
            store: measure.store.clone(),
            warehouse: measure.warehouse.clone(),
            measure,
            parts: Arc::new(parts),
            health: Arc::new(Shared::new(live)),
        }
    }

    /// The port for one request.
    #[must_use]
    pub fn on_behalf_of(&self, user: Option<User>) -> Arc<dyn ports::Ops> {
        Arc::new(ForUser { ops: self.clone(), user })
    }
}

struct ForUser {
    ops: Ops,
    user: Option<User>,
}

#[async_trait::async_trait]
impl ports::Ops for ForUser {
    async fn delivery_health(&self) -> Result<DeliveryHealth, ApiError> {
        self.ops.delivery_health(User::required(self.user.as_ref())?).await
    }

    async fn pipeline(&self) -> Result<Pipeline, ApiError> {
        let user = User::required(self.user.as_ref())?;
        let forbidden = |error: AccessError| ApiError::Forbidden { message: error.to_string() };
        Access::check_may_see_pipeline(user).map_err(forbidden)?;
        Ok(self.ops.pipeline().await)
    }
}
