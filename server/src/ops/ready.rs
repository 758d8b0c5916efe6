//! Whether the server is ready: its stores answer, and records are taken.
//!
//! Owns which parts are asked and for how long. Does not own what is done about one that is not ready, and says no more
//! of it than anybody may read: the log has the whole story.

use std::time::Duration;

use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::Ops;
use crate::stream::StreamError;

/// A part that takes longer than this to answer is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// Every part, and whether all are ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether each part is.
    pub ready: bool,
    /// In the order of the way of an answer.
    pub parts: Vec<PartStatus>,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PartStatus {
    /// `store`, `gateway`, `stream` or `warehouse`.
    pub part: &'static str,
    /// Whether it does its work.
    pub ready: bool,
    /// What is wrong with it; `null` if nothing is.
    pub problem: Option<String>,
}

impl PartStatus {
    fn of(part: &'static str, checked: Result<(), String>) -> Self {
        if let Err(problem) = &checked {
            tracing::warn!(part, problem, "a part is not ready");
        }
        Self { part, ready: checked.is_ok(), problem: checked.err() }
    }
}

impl Ops {
    /// Asks each part.
    pub async fn readiness(&self) -> Readiness {
        let (store, warehouse) = tokio::join!(self.check_store(), self.check_warehouse());
        let parts = vec![
            PartStatus::of("store", store),
            PartStatus::of("gateway", self.check_gateway().await),
            PartStatus::of("stream", self.parts.registry.plant().logs.check().map_err(|e| e.to_string())),
            PartStatus::of("warehouse", warehouse),
        ];
        Readiness { ready: parts.iter().all(|part| part.ready), parts }
    }

    async fn check_store(&self) -> Result<(), String> {
        match timeout(PATIENCE, self.store.check_commit(&self.measure.clock)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(withheld(&error, "the transactional store cannot commit; see the server's log")),
            Err(_) => Err("the transactional store takes too long to answer".to_owned()),
        }
    }

    async fn check_warehouse(&self) -> Result<(), String> {
        match timeout(PATIENCE, self.warehouse.ping()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(withheld(&error, "the warehouse does not answer; see the server's log")),
            Err(_) => Err("the warehouse takes too long to answer".to_owned()),
        }
    }

    /// Whether records have room. A stream that was made over the wire is the concern of whoever made it.
    async fn check_gateway(&self) -> Result<(), String> {
        for stream in self.parts.registry.all().iter().filter(|stream| !stream.is_made() && stream.takes_records()) {
            if let Some(target) = stream.target() {
                let failed =
                    target.problem().map(|_| format!("{}: {} did not take records", stream.name(), target.describe()));
                failed.map_or(Ok(()), Err)?;
                continue;
            }
            stream.log().check_room().await.map_err(|error| match error {
                StreamError::Full => format!("{}: {error}", stream.name()),
                _ => withheld(&error, "a stream's log does not answer; see the server's log"),
            })?;
        }
        Ok(())
    }
}

/// The log gets what a store said, which may name files; the one who asks does not.
fn withheld(story: &impl std::fmt::Display, problem: &str) -> String {
    tracing::error!(error = %story, "a store is not ready");
    problem.to_owned()
}
