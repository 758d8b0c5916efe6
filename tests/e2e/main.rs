//! The real binary, from outside: HTTP in, HTTP out, kill -9 in between.

mod crash;
mod fresh;
mod front_door;
mod path;
mod privacy;
mod readme;
mod server;
mod start;
