//! What a page remembers: plain structs with tests. Components only wire them.

pub mod advice;
pub mod attempt;
pub mod banner;
pub mod clock;
pub mod followed;
pub mod freshness;
mod kept;
pub mod looking;
pub mod measured;
pub mod moments;
pub mod outbox;
pub mod reach;
pub mod refresh;
pub mod released;
pub mod ruled;
pub mod session;
pub mod sorting;
pub mod stages;
pub mod stopwatch;
pub mod words;
