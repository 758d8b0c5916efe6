//! Why a batch does not land, and at which stage.
//!
//! Owns the stage that each error stands for. Does not own what is done about it.

use crate::lake::LakeError;
use crate::records::source::SourceError;
use crate::warehouse::WarehouseError;

/// Why a batch did not land.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The stream could not be read or written.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The lake did not take the object or the manifest.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// COPY failed.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// The object could not be put together.
    #[error("the object could not be written: {0}")]
    Object(#[from] std::io::Error),
    /// A mistake in this program.
    #[error("the delivery panicked, which is a bug; it goes on from what is written down")]
    Panicked,
}

impl DeliveryError {
    /// The stage that an admin has to look at.
    pub(super) const fn stage(&self) -> &'static str {
        match self {
            Self::Source(_) => "stream",
            Self::Lake(_) => "lake",
            Self::Warehouse(_) => "warehouse",
            Self::Object(_) | Self::Panicked => "delivery",
        }
    }
}
