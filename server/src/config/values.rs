//! Values that settings have in common: keys, nets of addresses, and numbers within a range.
//!
//! Owns how each is read and what is said of one that is not right. Does not own which setting has one.

use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;

use super::ConfigError;

/// Addresses and nets; an address is the net of itself.
pub(super) fn nets(written: &[String]) -> Result<Vec<IpNet>, ConfigError> {
    let net = |text: &String| {
        let net = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        net.map_err(|_| ConfigError::Proxy(text.clone()))
    };
    written.iter().map(net).collect()
}

/// A key, if there is one: from a file of its own, else the environment, else the configuration file. Never from the
/// command line, which every user of the machine can read. An empty one is a mistake.
pub(super) fn key(
    setting: &'static str,
    variable: &str,
    own_file: Option<PathBuf>,
    written: Option<String>,
    instead: &'static str,
) -> Result<Option<String>, ConfigError> {
    let key = match own_file {
        Some(path) => Some(
            std::fs::read_to_string(&path).map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?,
        ),
        None => std::env::var(variable).ok().or(written),
    };
    match key.map(|key| key.trim().to_owned()) {
        Some(key) if key.is_empty() => Err(ConfigError::EmptyKey { setting, instead }),
        key => Ok(key),
    }
}

pub(super) fn in_range(
    setting: &'static str,
    value: u64,
    allowed: std::ops::RangeInclusive<u64>,
    range: &'static str,
) -> Result<u64, ConfigError> {
    if allowed.contains(&value) { Ok(value) } else { Err(ConfigError::OutOfRange { setting, range, value }) }
}
