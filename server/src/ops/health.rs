//! The delivery streams' health, as a member of staff may know it.
//!
//! Owns who is told what, and that it is measured once for all who ask at the same time. Does not own a measurement, nor
//! the verdict.

use std::sync::Arc;

use app::api::accounts::Role;
use app::api::freshness::State;
use app::api::health::{DeliveryHealth, StreamHealth};
use app::api::{ApiError, Millis};
use sea_orm::{DbErr, EntityTrait, QueryOrder, QuerySelect};

use super::Ops;
use crate::accounts::User;
use crate::live::NO_ASSIGNMENT;
use crate::records::QUIZ_ANSWERS;
use crate::store::tables::answer;

impl Ops {
    pub(super) async fn delivery_health(&self, user: &User) -> Result<DeliveryHealth, ApiError> {
        let role = user.me.role;
        let work_out = async {
            Ok(Arc::new(match role {
                Role::Admin => self.health_for_admins().await,
                Role::Teacher => self.health_for_teachers().await.map_err(|error| unreadable(&error))?,
            }))
        };
        let health = self.health.get(role, NO_ASSIGNMENT, work_out).await?;
        Ok(DeliveryHealth::clone(&health))
    }

    async fn health_for_admins(&self) -> DeliveryHealth {
        let delivered = self.parts.registry.all().into_iter().filter(|stream| stream.settings().is_some());
        let mut streams = Vec::new();
        for stream in delivered {
            let freshness = self.stream_freshness(&stream, self.parts.feeds.get(stream.name())).await;
            streams.push(StreamHealth { name: stream.name().to_owned(), freshness });
        }
        DeliveryHealth { now: self.measure.now(), streams }
    }

    async fn health_for_teachers(&self) -> Result<DeliveryHealth, DbErr> {
        let mut streams = Vec::new();
        if let Some(stream) = self.parts.registry.get(QUIZ_ANSWERS) {
            let mut freshness = self.stream_freshness(&stream, self.parts.feeds.get(QUIZ_ANSWERS)).await;
            freshness.problem = None;
            // Records wait in their order: those that do are the newest, and heartbeats are no answers.
            let newest = match freshness.oldest_waiting {
                Some(oldest) if freshness.state(self.measure.now()) != State::Live => {
                    self.answers_since(oldest, freshness.waiting).await?
                }
                _ => 0,
            };
            freshness.waiting = newest;
            streams.push(StreamHealth { name: stream.name().to_owned(), freshness });
        }
        Ok(DeliveryHealth { now: self.measure.now(), streams })
    }

    /// How many of the newest answers, so many at the most, were accepted at an instant or later.
    async fn answers_since(&self, at: Millis, most: i64) -> Result<i64, DbErr> {
        let newest = answer::Entity::find()
            .select_only()
            .column(answer::Column::AcceptedAt)
            .order_by_desc(answer::Column::AcceptedSeq)
            .limit(most.max(0).unsigned_abs())
            .into_tuple::<Millis>()
            .all(&self.store.read)
            .await?;
        Ok(newest.iter().filter(|accepted_at| **accepted_at >= at).count() as i64)
    }
}

fn unreadable(error: &DbErr) -> ApiError {
    tracing::error!(%error, "the delivery streams' health could not be measured");
    ApiError::unavailable("the state of the delivery cannot be read right now; the page tries again by itself")
}
