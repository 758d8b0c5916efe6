//! The front end's port of reports, on behalf of whoever sent a request.
//!
//! Owns that results and grids are worked out once for all who ask at the same time; who may see them is checked for each.
//! Does not own a report.

use std::sync::Arc;

use app::api::class::{Arrivals, ClassGrid, Comparable, StudentName, StudentResults};
use app::api::results::{ClassResults, ClassSummary, View};
use app::api::rulings::{NewRuling, RulingEffect};
use app::api::{ApiError, ports};

use super::{ReportError, ReportKey, Reports};
use crate::accounts::User;

impl Reports {
    /// The port for one request.
    #[must_use]
    pub fn on_behalf_of(&self, user: Option<User>) -> Arc<dyn ports::Reports> {
        Arc::new(ForUser { reports: self.clone(), user })
    }
}

struct ForUser {
    reports: Reports,
    user: Option<User>,
}

impl ForUser {
    fn user(&self) -> Result<&User, ApiError> {
        User::required(self.user.as_ref())
    }
}

#[async_trait::async_trait]
impl ports::Reports for ForUser {
    async fn my_classes(&self) -> Result<Vec<ClassSummary>, ApiError> {
        Ok(self.reports.classes_of(self.user()?).await?)
    }

    async fn class_results(&self, view: View) -> Result<ClassResults, ApiError> {
        let (reports, user) = (&self.reports, self.user()?);
        let may_rule = reports.access.may_rule(user, view.assignment).await.map_err(ReportError::from)?;
        let work_out = async { Ok(Arc::new(reports.class_results(user, view).await?)) };
        let results = reports.results.get(ReportKey { view, may_rule }, view.assignment, work_out).await?;
        Ok(ClassResults::clone(&results))
    }

    async fn class_grid(&self, view: View) -> Result<ClassGrid, ApiError> {
        let (reports, user) = (&self.reports, self.user()?);
        reports.access.check_may_see(user, view.assignment).await.map_err(ReportError::from)?;
        let work_out = async { Ok(Arc::new(reports.class_grid(user, view).await?)) };
        let grid = reports.grids.get(view, view.assignment, work_out).await?;
        Ok(ClassGrid::clone(&grid))
    }

    async fn student_names(&self, assignment: i64) -> Result<Vec<StudentName>, ApiError> {
        Ok(self.reports.student_names(self.user()?, assignment).await?)
    }

    async fn student_results(&self, assignment: i64, student: String) -> Result<StudentResults, ApiError> {
        Ok(self.reports.student_results(self.user()?, assignment, student).await?)
    }

    async fn arrivals(&self, assignment: i64) -> Result<Vec<Arrivals>, ApiError> {
        Ok(self.reports.arrivals(self.user()?, assignment).await?)
    }

    async fn comparable(&self, assignment: i64) -> Result<Vec<Comparable>, ApiError> {
        Ok(self.reports.comparable(self.user()?, assignment).await?)
    }

    async fn ruling_effect(&self, assignment: i64, ruling: NewRuling) -> Result<RulingEffect, ApiError> {
        Ok(self.reports.ruling_effect(self.user()?, assignment, ruling).await?)
    }
}
