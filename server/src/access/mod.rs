//! Who may do what: members of staff to assignments, keys to streams. One place, which every door asks.
//!
//! Owns the rules. `keys` says which rights a key has, `accounts` who is signed in. Does not own either.

mod rights;
mod staff;

pub use rights::{Act, EVERY_STREAM, Rights, may};
pub use staff::{Access, AccessError};
