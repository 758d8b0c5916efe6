//! What staff read: classes, results, freshness and the state of the pipeline.
//!
//! Owns the join of the two stores: names, texts and keys from the transactional one, counts from the warehouse.
//! Grades while reading, against each question's current key. Implements the front end's port. Does not own a page.

mod analysis;
mod class;
mod classes;
mod content;
mod export;
mod freshness;
mod grid;
mod health;
mod metrics;
mod open;
mod pipeline;
mod ready;
mod reconcile;
mod rulings;
mod shared;

use std::collections::BTreeMap;
use std::sync::Arc;

use app::api::accounts::{Me, Role};
use app::api::class::{Arrivals, ClassGrid, Comparable, StudentName, StudentResults};
use app::api::health::DeliveryHealth;
use app::api::pipeline::Pipeline;
use app::api::results::{ClassResults, ClassSummary, View};
use app::api::rulings::{NewRuling, RulingEffect};
use app::api::{ApiError, Reports};

pub use export::{Export, FileName, Ready};
pub use freshness::Measure;
pub use metrics::CONTENT_TYPE as METRICS_TYPE;
pub use open::{Following, Said};
pub use pipeline::{Feed, Parts};
pub use ready::{PartStatus, Readiness};

use self::open::OpenPages;
use self::shared::{Question, Shared, Teachers};
use crate::accounts::User;
use crate::live::Live;
use crate::recent::Recent;
use crate::store::Store;
use crate::warehouse::{Warehouse, WarehouseError};

/// Why nothing can be shown.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// No such thing, or not for this account. Which of the two is not said.
    #[error("there is no {0} with this number among your classes")]
    Unknown(&'static str),
    /// The quiz is another teacher's.
    #[error("only the teacher whose quiz it is, or an admin, may rule on its questions")]
    NotYours,
    /// A field is not what it has to be.
    #[error("{field}: {problem}")]
    Invalid {
        /// Its name.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Only an admin may see it.
    #[error("only an admin may see the pipeline")]
    AdminsOnly,
    /// More than a file can hold.
    #[error("{file} holds at most {most} rows, and these would be {rows}; take {instead}")]
    TooLarge {
        /// Its name.
        file: &'static str,
        /// Rows that it would have.
        rows: i64,
        /// Rows that it can have.
        most: i64,
        /// What can hold them.
        instead: &'static str,
    },
    /// Answers kept landing while they were read.
    #[error("answers are landing faster than they can be taken away; try again in a moment")]
    Landing,
    /// A file could not be written.
    #[error("the file could not be written: {0}")]
    File(#[from] std::io::Error),
    /// A workbook could not be made.
    #[error("the workbook could not be made: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The task that should have made a file was stopped.
    #[error("the server is shutting down")]
    Interrupted,
    /// The transactional store said no.
    #[error("the transactional store answered: {0}")]
    Store(#[from] sea_orm::DbErr),
    /// The warehouse said no.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

impl From<ResultsError> for ApiError {
    fn from(error: ResultsError) -> Self {
        let message = error.to_string();
        match error {
            ResultsError::Unknown(_) => Self::NotFound { message },
            ResultsError::AdminsOnly | ResultsError::NotYours => Self::Forbidden { message },
            ResultsError::Invalid { field, problem } => Self::invalid(field, problem),
            ResultsError::TooLarge { .. } => Self::TooLarge { message },
            ResultsError::Landing => Self::Unavailable { message },
            ResultsError::File(_) | ResultsError::Workbook(_) | ResultsError::Interrupted => {
                tracing::error!(error = %message, "a file of results could not be made");
                Self::unavailable("the file cannot be made right now; try again in a moment")
            }
            ResultsError::Store(_) | ResultsError::Warehouse(_) => {
                // Handled here: the page gets less than the log.
                tracing::error!(error = %message, "results could not be read");
                Self::unavailable("the results cannot be read right now; the page tries again by itself")
            }
        }
    }
}

/// The room's door. Cheap to clone.
#[derive(Clone)]
pub struct Results {
    store: Store,
    warehouse: Warehouse,
    measure: Measure,
    parts: Arc<Parts>,
    live: Live,
    shared: Arc<Shared<Question, Arc<ClassResults>>>,
    grids: Arc<Shared<View, Arc<ClassGrid>>>,
    /// By assignment.
    teachers: Arc<Recent<i64, Teachers>>,
    health: Arc<Shared<Role, Arc<DeliveryHealth>>>,
    open: Arc<OpenPages>,
}

impl Results {
    /// Reads both stores, and asks the pipeline's `parts` how they are; what changes is told by `live`.
    #[must_use]
    pub fn new(store: Store, warehouse: Warehouse, measure: Measure, parts: Arc<Parts>, live: Live) -> Self {
        Self {
            shared: Arc::new(Shared::new(live.clone())),
            grids: Arc::new(Shared::new(live.clone())),
            health: Arc::new(Shared::new(live.clone())),
            teachers: Arc::default(),
            open: Arc::default(),
            store,
            warehouse,
            measure,
            parts,
            live,
        }
    }

    /// The port for one request.
    #[must_use]
    pub fn on_behalf_of(&self, user: Option<User>) -> Arc<dyn Reports> {
        Arc::new(ForUser { results: self.clone(), user })
    }

    /// Measures freshness.
    #[must_use]
    pub fn measure(&self) -> &Measure {
        &self.measure
    }
}

/// The port, on behalf of whoever sent the request.
struct ForUser {
    results: Results,
    user: Option<User>,
}

impl ForUser {
    fn user(&self) -> Result<&User, ApiError> {
        self.user.as_ref().ok_or_else(|| ApiError::SignedOut { message: "sign in to see this".to_owned() })
    }
}

#[async_trait::async_trait]
impl Reports for ForUser {
    async fn me(&self) -> Result<Me, ApiError> {
        Ok(self.user()?.me.clone())
    }

    async fn my_classes(&self) -> Result<Vec<ClassSummary>, ApiError> {
        Ok(self.results.classes_of(self.user()?).await?)
    }

    async fn class_results(&self, view: View) -> Result<ClassResults, ApiError> {
        self.results.shared_class_results(self.user()?, view).await
    }

    async fn class_grid(&self, view: View) -> Result<ClassGrid, ApiError> {
        self.results.shared_class_grid(self.user()?, view).await
    }

    async fn student_names(&self, assignment: i64) -> Result<Vec<StudentName>, ApiError> {
        Ok(self.results.student_names(self.user()?, assignment).await?)
    }

    async fn student_results(&self, assignment: i64, student: String) -> Result<StudentResults, ApiError> {
        Ok(self.results.student_results(self.user()?, assignment, student).await?)
    }

    async fn arrivals(&self, assignment: i64) -> Result<Vec<Arrivals>, ApiError> {
        Ok(self.results.arrivals(self.user()?, assignment).await?)
    }

    async fn comparable(&self, assignment: i64) -> Result<Vec<Comparable>, ApiError> {
        Ok(self.results.comparable(self.user()?, assignment).await?)
    }

    async fn ruling_effect(&self, assignment: i64, ruling: NewRuling) -> Result<RulingEffect, ApiError> {
        Ok(self.results.ruling_effect(self.user()?, assignment, ruling).await?)
    }

    async fn delivery_health(&self) -> Result<DeliveryHealth, ApiError> {
        self.results.delivery_health(self.user()?).await
    }

    async fn pipeline(&self) -> Result<Pipeline, ApiError> {
        if self.user()?.me.role != Role::Admin {
            return Err(ResultsError::AdminsOnly.into());
        }
        Ok(self.results.pipeline().await?)
    }
}

/// Groups rows by a key, keeping their order.
fn group<K: Ord, V>(rows: impl IntoIterator<Item = V>, key: impl Fn(&V) -> K) -> BTreeMap<K, Vec<V>> {
    let mut grouped: BTreeMap<K, Vec<V>> = BTreeMap::new();
    for row in rows {
        grouped.entry(key(&row)).or_default().push(row);
    }
    grouped
}
