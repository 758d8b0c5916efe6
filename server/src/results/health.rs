//! The delivery streams' health, as a member of staff may know it.
//!
//! Owns who is told what, and that it is measured once for all who ask at the same time. Does not own a measurement, nor
//! the verdict.

use std::sync::Arc;

use app::api::ApiError;
use app::api::accounts::Role;
use app::api::freshness::State;
use app::api::health::{DeliveryHealth, StreamHealth};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter};

use super::{Results, ResultsError};
use crate::accounts::User;
use crate::live::NO_ASSIGNMENT;
use crate::quiz::QUIZ_ANSWERS;
use crate::store::tables::answer;

impl Results {
    pub(super) async fn delivery_health(&self, user: &User) -> Result<DeliveryHealth, ApiError> {
        let role = user.me.role;
        let work_out = async {
            Ok(Arc::new(match role {
                Role::Admin => self.health_for_admins().await,
                Role::Teacher => self.health_for_teachers().await?,
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

    async fn health_for_teachers(&self) -> Result<DeliveryHealth, ResultsError> {
        let mut streams = Vec::new();
        if let Some(stream) = self.parts.registry.get(QUIZ_ANSWERS) {
            let mut freshness = self.stream_freshness(&stream, self.parts.feeds.get(QUIZ_ANSWERS)).await;
            freshness.problem = None;
            // Records wait in their order: those that do are the newest, and heartbeats are no answers.
            let newest = match freshness.oldest_waiting {
                Some(oldest) if freshness.state(self.measure.now()) != State::Live => {
                    self.answers_since(oldest).await?
                }
                _ => 0,
            };
            freshness.waiting = freshness.waiting.min(newest);
            streams.push(StreamHealth { name: stream.name().to_owned(), freshness });
        }
        Ok(DeliveryHealth { now: self.measure.now(), streams })
    }

    async fn answers_since(&self, at: i64) -> Result<i64, DbErr> {
        let since = answer::Entity::find().filter(answer::Column::AcceptedAt.gte(at));
        Ok(since.count(&self.store.read).await? as i64)
    }
}
