//! What a page remembers: plain structs with tests. Components only wire them.

pub mod attempt;
pub mod clock;
pub mod freshness;
pub mod measured;
pub mod refresh;
pub mod session;
pub mod words;
