//! The real binary, from outside: HTTP in, HTTP out, kill -9 in between.

mod class;
mod crash;
mod demo;
mod docs;
mod elsewhere;
mod export;
mod failing;
mod faults;
mod files;
mod fresh;
mod front_door;
mod full_disk;
mod live;
mod ops;
mod path;
mod privacy;
mod refusals;
mod replay;
mod server;
mod set_back;
mod start;
mod strangers;
mod streams;
mod transform;
#[path = "../functions/watched.rs"]
mod watched;
mod wire;
