//! Why nothing can be shown.
//!
//! Owns the words, and what of them reaches a page: an error of a store is logged here, once, and the page is told what to do.

use app::api::ApiError;

use crate::access::AccessError;
use crate::freshness::MeasureError;
use crate::warehouse::WarehouseError;

/// Why nothing can be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// No such thing, or not for this account. Which of the two is not said.
    #[error("there is no {0} with this number among your classes")]
    Unknown(&'static str),
    /// Not for this account.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A field is not what it has to be.
    #[error("{field}: {problem}")]
    Invalid {
        /// Its name.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
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

impl From<ReportError> for ApiError {
    fn from(error: ReportError) -> Self {
        let message = error.to_string();
        match error {
            ReportError::Unknown(_) | ReportError::Access(AccessError::Unknown) => Self::NotFound { message },
            ReportError::Access(AccessError::AdminsOnly | AccessError::NotYours) => Self::Forbidden { message },
            ReportError::Invalid { field, problem } => Self::invalid(field, problem),
            ReportError::TooLarge { .. } => Self::TooLarge { message },
            ReportError::Landing => Self::Unavailable { message },
            ReportError::File(_) | ReportError::Workbook(_) | ReportError::Interrupted => {
                tracing::error!(error = %message, "a file of results could not be made");
                Self::unavailable("the file cannot be made right now; try again in a moment")
            }
            ReportError::Store(_) | ReportError::Access(AccessError::Store(_)) | ReportError::Warehouse(_) => {
                // Handled here: the page gets less than the log.
                tracing::error!(error = %message, "results could not be read");
                Self::unavailable("the results cannot be read right now; the page tries again by itself")
            }
        }
    }
}

impl From<MeasureError> for ReportError {
    fn from(error: MeasureError) -> Self {
        match error {
            MeasureError::Unknown => Self::Unknown("assignment"),
            MeasureError::Store(error) => Self::Store(error),
            MeasureError::Warehouse(error) => Self::Warehouse(error),
        }
    }
}
