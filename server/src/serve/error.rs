//! Why the server did not start.
//!
//! Owns the sentence that a person reads, with what to do. Does not own what the rooms say went wrong.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::accounts::AccountError;
use crate::delivery::replay::ReplayError;
use crate::demo::school::DemoError;
use crate::lake::LakeError;
use crate::registry::RegistryError;
use crate::registry::made::MadeError;
use crate::set_back::SetBackError;
use crate::stream::StreamError;
use crate::warehouse::WarehouseError;

/// Why the server did not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken, or not ours to take.
    #[error("cannot listen on {address}: {source}; stop what uses it, or choose another with {flag}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Which flag says so.
        flag: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The data folder cannot be used.
    #[error("cannot use the data folder {folder}: {source}; make it writable, or choose another with --data")]
    Data {
        /// Which.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The transactional store cannot be opened.
    #[error("cannot open the transactional store: {0}")]
    Store(#[from] sea_orm::DbErr),
    /// The streams cannot be opened.
    #[error("cannot open the streams: {0}; is another freshmark running on this data folder?")]
    Stream(#[from] StreamError),
    /// The lake cannot be opened.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The warehouse cannot be opened.
    #[error("cannot open the warehouse: {0}; is another freshmark running on this data folder?")]
    Warehouse(#[from] WarehouseError),
    /// A damaged warehouse cannot be rebuilt.
    #[error("cannot rebuild the warehouse: {0}")]
    Replay(#[from] ReplayError),
    /// A stream cannot be started.
    #[error("cannot start the stream {stream}: {source}")]
    Registry {
        /// Which.
        stream: String,
        /// Why.
        source: RegistryError,
    },
    /// The AWS wire cannot be started.
    #[error("cannot start the aws wire: {0}")]
    Aws(#[from] MadeError),
    /// The gateway's address is none.
    #[error("the gateway's address is not right: {0}")]
    Gateway(#[from] url::ParseError),
    /// The relay cannot be made.
    #[error("cannot make the relay: {0}")]
    Relay(#[from] reqwest::Error),
    /// The transactional store cannot be compared with what has left it.
    #[error("cannot compare the transactional store with what has left it: {0}")]
    SetBack(#[from] SetBackError),
    /// The demo school cannot be made.
    #[error("cannot fill the demo school: {0}")]
    Demo(#[from] DemoError),
    /// There is no randomness for a secret.
    #[error("no secret could be made: {0}")]
    Randomness(#[from] rand::rand_core::OsError),
    /// Accounts cannot be read or made.
    #[error(transparent)]
    Accounts(#[from] AccountError),
}
