//! Freshmark's server: from a student's *Submit* to the teacher's chart in one process.
//!
//! The rooms, in the order of the way of an answer: [`quiz`] saves and acknowledges, [`gateway`] takes records,
//! [`registry`] knows which stream they go to, [`stream`] keeps them or [`remote`] does elsewhere, [`delivery`] cuts
//! batches, [`transform`] has a function change them, [`lake`] holds objects, [`warehouse`] loads them, [`results`] reads,
//! [`live`] tells pages. [`accounts`] says who is asking and [`access`] what a key may do; [`listen`] takes connections,
//! [`web`] knows the HTTP of pages and [`aws`] that of AWS clients; [`commands`] are what the binary does besides serving. A
//! room imports only what stands below it; [`store`], [`amazon`], [`clock`], [`limit`], [`lines`], [`names`], [`pace`],
//! [`private`], [`secret`] and `tasks` stand below all. [`serve`] puts the rooms together, and `set_back` compares
//! the transactional store with what has left it, before it does.
//!
//! Owns the list of rooms. `tests/architecture.rs` holds which of them may import which.

pub mod access;
pub mod accounts;
pub mod amazon;
pub mod aws;
pub mod clock;
pub mod commands;
pub mod config;
mod crash;
pub mod delivery;
pub mod demo;
pub mod gateway;
pub mod keys;
pub mod lake;
pub mod limit;
pub mod lines;
pub mod listen;
pub mod live;
pub mod names;
pub mod pace;
pub mod private;
pub mod quiz;
mod recent;
pub mod records;
pub mod registry;
pub mod remote;
pub mod results;
pub mod secret;
pub mod serve;
mod set_back;
pub mod store;
pub mod stream;
mod tasks;
pub mod transform;
pub mod warehouse;
pub mod web;
