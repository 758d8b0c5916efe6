//! Freshmark's front end, and the contracts that it shares with the server.

pub mod api;
