//! Why the configuration cannot be used.
//!
//! Owns the sentences, each of which names the setting.

use std::path::PathBuf;

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the file {path} cannot be read: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no TOML, or holds what is not known.
    #[error("the configuration file {path} is not right: {source}")]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A value is out of its range.
    #[error("{setting} has to be {range}, not {value}")]
    OutOfRange {
        /// Name of the setting.
        setting: &'static str,
        /// What it may be.
        range: &'static str,
        /// What it is.
        value: u64,
    },
    /// A stream's settings are not right.
    #[error("streams.{stream}: {problem}")]
    Stream {
        /// Its name.
        stream: String,
        /// What is wrong.
        problem: String,
    },
    /// A proxy is named by something that is no address and no net.
    #[error("proxies: {0:?} is no address and no net such as 10.0.0.0/8")]
    Proxy(String),
    /// The lake's address is of no kind that is known.
    #[error("lake: {0:?} is no folder and no s3://bucket/prefix")]
    Lake(String),
    /// A key that lets everybody in.
    #[error("{setting} is empty; leave it out, and {instead}")]
    EmptyKey {
        /// Name of the setting.
        setting: &'static str,
        /// What happens without one.
        instead: &'static str,
    },
}
