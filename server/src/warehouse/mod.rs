//! The warehouse: what every engine does for the rooms above.
//!
//! Owns the contract, [`Engine`], with the shapes of its answers and errors. Does not own an engine (`duckdb` is one), nor
//! grading: keys come from the caller.

pub mod duckdb;
mod figures;
mod landed;
mod loads;
mod sent;
#[cfg(test)]
pub(crate) mod suite;

use std::sync::Arc;

pub use figures::{Cell, ChoiceCount, CountedAnswer, CountedAttempt, Counting, Figures, StudentAnswerRow, Totals};
pub use landed::{Books, Landed, Landings, Tally};
pub use loads::{Batch, FOLDED, Load, Loaded, Loads, ShardEnd, StreamEnds, is_folded};
pub use sent::{Closed, Highest, KINDS, Ruled, RuledVersion, Sent, SentAnswer, SentAttempt};

/// Everything that is asked of a warehouse. Each engine passes the same suite of tests.
#[async_trait::async_trait]
pub trait Engine: Loads + Landings + Figures + Sent + Send + Sync {
    /// Whether it answers at all.
    ///
    /// # Errors
    /// If it does not.
    async fn ping(&self) -> Result<(), WarehouseError>;
}

/// A handle on the one warehouse. Clones share.
pub type Warehouse = Arc<dyn Engine>;

/// What the caller does about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Ask again: it may answer then.
    TryAgain,
    /// Asking again changes nothing: what was asked is refused, and the error says why.
    GiveUp,
}

/// Why the warehouse did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    /// The engine said no, in its own words.
    #[error("the warehouse answered: {0}")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The manifest is not one, or names what is not there.
    #[error("manifest {manifest}: {problem}")]
    Manifest {
        /// Where it lies.
        manifest: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A range that the load history knows in part.
    #[error("{start}..{end} of {stream}/{shard} overlaps {known_start}..{known_end}, which has been loaded already")]
    Overlap {
        /// Delivery stream.
        stream: String,
        /// Shard of it.
        shard: String,
        /// First record of the range.
        start: u64,
        /// One past its last.
        end: u64,
        /// First record of the range that was loaded.
        known_start: u64,
        /// One past its last.
        known_end: u64,
    },
    /// A table of the configuration is there with other columns.
    #[error("the table {table} has the columns {found}, the configuration says {expected}; choose another table")]
    OtherColumns {
        /// Which table.
        table: String,
        /// What it has.
        found: String,
        /// What it should have.
        expected: String,
    },
    /// A later version of Freshmark has written it.
    #[error("the warehouse has version {found}, and this Freshmark knows {known}; start a newer one")]
    Newer {
        /// The version of its schema.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// The engine trusts itself no more after a failure, and has not been opened anew yet.
    #[error("the warehouse is being opened again after a failure: {0}")]
    Reopening(String),
    /// Damaged files could not be set aside, or the mark of that could not be written or removed.
    #[error("the warehouse's damaged files cannot be set aside: {0}")]
    Files(#[from] std::io::Error),
    /// The task that should have asked was stopped.
    #[error("the warehouse is shutting down")]
    Stopped,
}

impl WarehouseError {
    /// What the caller does about it.
    #[must_use]
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Overlap { .. } | Self::OtherColumns { .. } | Self::Newer { .. } => Advice::GiveUp,
            // Whatever an engine or a lake says in its own words may be over in a moment.
            Self::Engine(_) | Self::Manifest { .. } | Self::Reopening(_) | Self::Files(_) | Self::Stopped => {
                Advice::TryAgain
            }
        }
    }
}
