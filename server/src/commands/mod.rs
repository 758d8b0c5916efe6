//! What the binary does besides serving, on a data folder.

pub mod key;
