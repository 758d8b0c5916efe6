//! `freshmark key`: makes, lists and revokes keys of the gateway and the AWS wire, whether the server runs or not.
//!
//! Owns the flags and what is printed. Does not own keys: the room `keys` does.

use std::path::PathBuf;

use app::api::Millis;
use chrono::DateTime;
use clap::{Args, Subcommand};

use crate::access::Rights;
use crate::clock::Clock;
use crate::config::DataConfig;
use crate::keys::{KeyError, Keys, MadeKey, NewKey, Own};
use crate::private::secret_in;
use crate::store::Store;
use crate::store::tables::gateway_key;

/// What `freshmark key` takes on its command line.
#[derive(Args, Clone, Debug)]
pub struct Flags {
    #[command(subcommand)]
    what: What,
}

/// The data folder of the server that the keys are for.
#[derive(Args, Clone, Debug)]
struct At {
    /// The server's data folder
    #[arg(long, env = "FRESHMARK_DATA", value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand, Clone, Debug)]
enum What {
    /// Make a key and print its secrets, this once
    Create {
        #[command(flatten)]
        at: At,
        /// What it is for
        #[arg(long)]
        name: String,
        /// A stream that it may put to; a * at the end stands for any ending; may be given again. A key without --stream,
        /// --read and --manage opens all streams but quiz-answers and quiz-catalog, which have to be named
        #[arg(long, value_name = "NAME")]
        stream: Vec<String>,
        /// A data stream that it may read over the AWS wire; as --stream
        #[arg(long, value_name = "NAME")]
        read: Vec<String>,
        /// A stream that it may create, delete and change over the AWS wire; as --stream
        #[arg(long, value_name = "NAME")]
        manage: Vec<String>,
        /// Requests a second [default: 10000]
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        rate: Option<u32>,
        /// Requests at once [default: the rate, or 5000]
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        burst: Option<u32>,
        /// Requests a day, from midnight UTC [default: no limit]
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        daily: Option<u32>,
    },
    /// List every key, without its secrets
    List {
        #[command(flatten)]
        at: At,
    },
    /// Take a key back; a running server notices within a second
    Revoke {
        #[command(flatten)]
        at: At,
        /// As `list` shows it
        id: String,
    },
}

/// Why a command did nothing.
#[derive(Debug, thiserror::Error)]
pub enum KeyCommandError {
    /// There is no data folder.
    #[error("there is no data folder {0}; name the server's with --data")]
    NoFolder(PathBuf),
    /// The folder's secret cannot be read.
    #[error("the data folder cannot be used: {0}")]
    Folder(#[from] std::io::Error),
    /// The store cannot be opened.
    #[error("cannot open the transactional store: {0}")]
    Store(#[from] sea_orm::DbErr),
    /// No key of that id works.
    #[error("there is no key {0:?} that works; see `freshmark key list`")]
    Unknown(String),
    /// The key was not made.
    #[error(transparent)]
    Key(KeyError),
    /// The answer cannot be written as JSON.
    #[error("the answer cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}

/// Does what the command line says.
///
/// # Errors
/// If the folder cannot be used, or the key is not there.
pub async fn run(flags: Flags) -> Result<(), KeyCommandError> {
    match flags.what {
        What::Create { at, name, stream, read, manage, rate, burst, daily } => {
            let rights = Rights { put: stream, read, manage };
            let new = NewKey { name, rights, rate, burst, daily };
            let made = open(&at).await?.create(&new).await.map_err(KeyCommandError::Key)?;
            show_made(&made, at.json)
        }
        What::List { at } => {
            let keys = open(&at).await?.list().await.map_err(KeyCommandError::Key)?;
            show_list(&keys, at.json)
        }
        What::Revoke { at, id } => match open(&at).await?.revoke(&id).await {
            Ok(()) => {
                println!("{id} is revoked");
                Ok(())
            }
            Err(KeyError::Unknown) => Err(KeyCommandError::Unknown(id)),
            Err(error) => Err(KeyCommandError::Key(error)),
        },
    }
}

async fn open(at: &At) -> Result<Keys, KeyCommandError> {
    let data = DataConfig(at.data.clone());
    if !data.folder().is_dir() {
        return Err(KeyCommandError::NoFolder(at.data.clone()));
    }
    let wire = secret_in(&data.wire_secret())?;
    let own = Own { wire, ..Own::default() };
    Ok(Keys::new(Store::open(&data.store()).await?, own, Clock::system()))
}

fn show_made(made: &MadeKey, json: bool) -> Result<(), KeyCommandError> {
    if json {
        println!("{}", serde_json::to_string(made)?);
        return Ok(());
    }
    println!("{} is made. Its secrets are shown this once:", made.id);
    println!("  x-api-key             {}", made.api_key);
    println!("  AWS_ACCESS_KEY_ID     {}", made.access_key_id);
    println!("  AWS_SECRET_ACCESS_KEY {}", made.secret_access_key);
    Ok(())
}

fn show_list(keys: &[gateway_key::Model], json: bool) -> Result<(), KeyCommandError> {
    if json {
        let keys: Vec<serde_json::Value> = keys
            .iter()
            .map(|key| {
                serde_json::json!({
                    "id": key.id, "name": key.name, "access_key_id": key.access_key_id,
                    "streams": names(&key.streams), "read": names(&key.reads), "manage": names(&key.manages),
                    "rate": key.rate, "burst": key.burst, "daily": key.daily,
                    "created_at": key.created_at, "revoked_at": key.revoked_at,
                })
            })
            .collect();
        println!("{}", serde_json::to_string(&keys)?);
        return Ok(());
    }
    println!("{:<20} {:<20} {:<36} {:<24} {:<17} state", "id", "access key id", "may", "limits", "made");
    for key in keys {
        let rights = [("put to", &key.streams), ("read", &key.reads), ("manage", &key.manages)];
        let given = rights.iter().filter(|(_, names)| !names.is_empty());
        let may: Vec<String> = given.map(|(right, names)| format!("{right} {names}")).collect();
        let may = may.join("; ");
        let state = key.revoked_at.map_or_else(|| key.name.clone(), |at| format!("revoked {}", day(at)));
        let limits = [(key.rate, "/s"), (key.burst, " at once"), (key.daily, "/day")];
        let limits: Vec<String> = limits.iter().filter_map(|(n, unit)| n.map(|n| format!("{n}{unit}"))).collect();
        let limits = if limits.is_empty() { "-".to_owned() } else { limits.join(", ") };
        println!("{:<20} {:<20} {may:<36} {limits:<24} {:<17} {state}", key.id, key.access_key_id, day(key.created_at));
    }
    Ok(())
}

/// The names in a column of a key's row.
fn names(column: &str) -> Vec<&str> {
    column.split(',').filter(|name| !name.is_empty()).collect()
}

fn day(at: Millis) -> String {
    DateTime::from_timestamp_millis(at).unwrap_or_default().format("%Y-%m-%d %H:%M").to_string()
}
