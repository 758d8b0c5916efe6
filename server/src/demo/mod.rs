//! A demo school, and a class that plays against a running server.

pub mod class;
pub mod names;
pub mod school;
