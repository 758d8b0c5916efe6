//! What the binary does besides serving, on a data folder.
//!
//! Owns the subcommands. Does not own serving.

pub mod key;
pub mod replay;
pub mod verify;

use std::path::PathBuf;

use clap::Args;

use crate::config::{Config, ConfigError, Flags};

/// The server whose data it is.
#[derive(Args, Clone, Debug)]
pub struct At {
    /// The server's configuration file (TOML)
    #[arg(long, env = "FRESHMARK_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The server's data folder [default: data]
    #[arg(long, env = "FRESHMARK_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
}

impl At {
    /// The server's configuration, as far as it is not flags of `serve`.
    fn config(&self) -> Result<Config, ConfigError> {
        Config::load(Flags { config: self.config.clone(), data: self.data.clone(), ..Flags::default() })
    }
}
