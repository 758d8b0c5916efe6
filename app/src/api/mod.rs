//! The contracts between browser and server.
//!
//! Owns the wire types, the server functions and the ports that they call. Does not own a single answer: every
//! `#[server]` body takes a port from context, and the crate `server` implements it.
//!
//! Staff read through server functions (`GET /api/<name>`, session cookie). Everything that writes, and all that a
//! student does, is plain JSON over HTTP (see [`attempts`] and [`accounts`]), because phones, scripts and other
//! systems do it too.

pub mod accounts;
pub mod attempts;
pub mod class;
mod error;
pub mod freshness;
pub mod functions;
pub mod health;
pub mod live;
pub mod pipeline;
pub mod results;
pub mod rulings;

#[cfg(feature = "ssr")]
pub mod ports;

pub use error::ApiError;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;
