//! Freshmark's front end, and the contracts that it shares with the server.
//!
//! [`api`] is shared with the server. [`state`] and [`charts`] are plain Rust with native tests; what needs a browser
//! ([`pages`], [`components`], [`browser`]) is behind the feature `csr` and only wires them.

pub mod api;
pub mod charts;
pub mod state;

#[cfg(feature = "csr")]
pub mod browser;
#[cfg(feature = "csr")]
pub mod components;
#[cfg(feature = "csr")]
pub mod pages;
#[cfg(feature = "csr")]
mod shell;

#[cfg(feature = "csr")]
pub use shell::{Shell, StudentShell};
