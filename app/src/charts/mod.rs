//! Charts in three steps: data → [`model`] (pure) → [`draw`] (any plotters backend); `canvas` is the browser's backend.

#[cfg(feature = "csr")]
pub mod canvas;
pub mod draw;
pub mod model;
mod shapes;
pub mod theme;
