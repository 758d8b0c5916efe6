//! Freshmark's server: from a student's *Submit* to the teacher's chart in one process.
//!
//! The rooms, in the order of the way of an answer: [`attempts`] saves and acknowledges, [`outbox`] holds what is to be sent,
//! [`gateway`] takes records, [`registry`] knows which stream they go to, [`stream`] keeps them or [`remote`] does elsewhere,
//! [`delivery`] cuts batches, [`transform`] has a function change them, [`lake`] holds objects, [`warehouse`] loads them,
//! [`reports`] reads them for teachers and [`ops`] for operators, [`live`] tells pages. [`quizzes`] and [`school`] make what
//! students answer. [`accounts`] knows who is asking and [`access`] who may do what; [`listen`] takes connections, [`web`]
//! knows the HTTP of pages and [`aws`] that of AWS clients. [`serve`] puts the rooms together; [`commands`] are what the binary
//! does besides serving. `docs/architecture.md` describes all of them.
//!
//! Owns the list of rooms. `tests/architecture.rs` holds which of them may import which.

pub mod access;
pub mod accounts;
pub mod amazon;
pub mod attempts;
pub mod aws;
pub mod clock;
pub mod commands;
pub mod config;
mod crash;
pub mod delivery;
pub mod demo;
#[cfg(test)]
mod for_tests;
pub mod freshness;
pub mod gateway;
pub mod keys;
pub mod lake;
pub mod limit;
pub mod lines;
pub mod listen;
pub mod live;
pub mod names;
pub mod ops;
pub mod outbox;
pub mod pace;
pub mod pauses;
pub mod private;
pub mod quizzes;
mod recent;
pub mod records;
pub mod registry;
pub mod remote;
pub mod reports;
pub mod school;
pub mod secret;
pub mod serve;
mod set_back;
mod shared;
pub(crate) mod sigv4;
pub mod store;
pub mod stream;
mod tasks;
pub mod teaching;
pub mod transform;
pub mod warehouse;
pub mod web;
