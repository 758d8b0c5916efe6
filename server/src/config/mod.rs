//! Configuration: one struct a concern, each value from a flag, else the environment, else the file, else its default.
//!
//! Owns names, defaults, bounds, and the sentence about a wrong value. Does not own what a value means to a room.
//!
//! The crate `figment` does not serve: `clap` reads flag and environment already and shows both in `--help`, and what is left
//! to merge is one `or` for each value.

mod error;
mod freshness;
mod streams;
mod transform;
mod values;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use app::api::freshness::Thresholds;
use clap::Args;
use ipnet::IpNet;
use serde::Deserialize;
use url::Url;

pub use self::error::ConfigError;
use self::freshness::WrittenFreshness;
use self::streams::WrittenStream;
use self::values::{in_range, key, nets};
use crate::delivery::BufferingHints;
use crate::registry::terms::StreamConfig;
use crate::warehouse::duckdb::Limits;

/// What `freshmark serve` takes on its command line; every flag has a variable in the environment.
#[derive(Args, Clone, Debug, Default)]
pub struct Flags {
    /// Configuration file (TOML)
    #[arg(long, env = "FRESHMARK_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder that holds everything that is kept; made if it is not there [default: data]
    #[arg(long, env = "FRESHMARK_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address to serve on [default: 127.0.0.1:8080]
    #[arg(long, env = "FRESHMARK_LISTEN", value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Address of the AWS wire: Firehose and Kinesis for AWS clients [default: 127.0.0.1:4566]
    #[arg(long, env = "FRESHMARK_AWS_LISTEN", value_name = "ADDR")]
    pub aws_listen: Option<SocketAddr>,
    /// Folder with the built front end [default: dist]
    #[arg(long, env = "FRESHMARK_SITE", value_name = "DIR")]
    pub site: Option<PathBuf>,
    /// Address that the relay puts records to, without the stream's name [default: this server's own /gateway/]
    #[arg(long, env = "FRESHMARK_GATEWAY_URL", value_name = "URL")]
    pub gateway_url: Option<Url>,
    /// File with the key for the gateway; or FRESHMARK_GATEWAY_KEY has it. Needed where --gateway-url is another server's
    /// [default: made at the first start, kept in DIR/gateway.key]
    #[arg(long, env = "FRESHMARK_GATEWAY_KEY_FILE", value_name = "FILE")]
    pub gateway_key_file: Option<PathBuf>,
    /// File with the key that opens /metrics from other machines; or FRESHMARK_METRICS_KEY has it [default: none; then they
    /// are read on this one only]
    #[arg(long, env = "FRESHMARK_METRICS_KEY_FILE", value_name = "FILE")]
    pub metrics_key_file: Option<PathBuf>,
    /// Buffering hint: cut a batch at so many MiB, 1 to 128 [default: 5]
    #[arg(long, env = "FRESHMARK_BUFFER_MIB", value_name = "MIB")]
    pub buffer_mib: Option<u64>,
    /// Buffering hint: cut a batch when its first record has waited so many seconds, 0 to 900; 0 is "as soon as the
    /// last COPY has finished" [default: 0]
    #[arg(long, env = "FRESHMARK_BUFFER_SECONDS", value_name = "S")]
    pub buffer_seconds: Option<u64>,
    /// Send a heartbeat when nothing has landed for so many seconds, 1 to 3600 [default: 10]
    #[arg(long, env = "FRESHMARK_HEARTBEAT_SECONDS", value_name = "S")]
    pub heartbeat_seconds: Option<u64>,
    /// Object store: a folder, or s3://bucket/prefix with AWS's usual environment [default: DIR/lake]
    #[arg(long, env = "FRESHMARK_LAKE", value_name = "WHERE")]
    pub lake: Option<String>,
    /// Memory that the warehouse may use, in MiB, 64 or more [default: 128]
    #[arg(long, env = "FRESHMARK_WAREHOUSE_MIB", value_name = "MIB")]
    pub warehouse_mib: Option<u32>,
    /// A proxy whose word counts on who sends a request and how, as an address or a net (10.0.0.0/8); may be given again
    /// [default: none]
    #[arg(long = "proxy", env = "FRESHMARK_PROXIES", value_name = "NET", value_delimiter = ',')]
    pub proxies: Vec<String>,
    /// Fill an empty data folder with a demo school
    #[arg(long, env = "FRESHMARK_DEMO")]
    pub demo: bool,
}

/// The file: the same names as the flags, with underscores.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    data: Option<PathBuf>,
    listen: Option<SocketAddr>,
    aws_listen: Option<SocketAddr>,
    site: Option<PathBuf>,
    gateway_url: Option<Url>,
    gateway_key: Option<String>,
    metrics_key: Option<String>,
    buffer_mib: Option<u64>,
    buffer_seconds: Option<u64>,
    heartbeat_seconds: Option<u64>,
    lake: Option<String>,
    proxies: Vec<String>,
    warehouse_mib: Option<u32>,
    freshness: WrittenFreshness,
    streams: BTreeMap<String, WrittenStream>,
}

/// Where the server listens and what it serves.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Address to serve on.
    pub listen: SocketAddr,
    /// Address of the AWS wire.
    pub aws_listen: SocketAddr,
    /// Folder with the built front end.
    pub site: PathBuf,
    /// Whether an empty data folder is filled with a demo school.
    pub demo: bool,
    /// Proxies whose word counts on who sends a request and how.
    pub proxies: Vec<IpNet>,
    /// Opens `/metrics` from other machines; `None` is that nothing does.
    pub metrics_key: Option<String>,
}

/// Where the relay puts records.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// The gateway's address without the stream's name; `None` is this server's own.
    pub url: Option<Url>,
    /// Its key. `None`: the gateway is this server's own, and the relay puts records as this server itself; others have the
    /// key in the data folder.
    pub key: Option<String>,
}

/// Where objects are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LakeConfig {
    /// In a folder of this machine.
    Folder(PathBuf),
    /// In a bucket: `s3://bucket/prefix`.
    Bucket(Url),
}

impl LakeConfig {
    fn of(written: Option<&str>, data: &DataConfig) -> Result<Self, ConfigError> {
        let Some(written) = written else { return Ok(Self::Folder(data.lake())) };
        match Url::parse(written) {
            Ok(url) if url.scheme() == "s3" && url.has_host() => Ok(Self::Bucket(url)),
            Ok(url) if url.scheme().len() > 1 => Err(ConfigError::Lake(written.to_owned())),
            _ => Ok(Self::Folder(written.into())),
        }
    }
}

/// The pieces of the data folder.
#[derive(Clone, Debug)]
pub struct DataConfig(pub PathBuf);

impl DataConfig {
    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// The transactional store, a SQLite file.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.0.join("freshmark.db")
    }

    /// A file that is there while the store is owed a comparison with what has left it.
    pub(crate) fn set_back_mark(&self) -> PathBuf {
        self.0.join("freshmark.db.set-back")
    }

    /// The streams' logs, a folder.
    #[must_use]
    pub fn stream(&self) -> PathBuf {
        self.0.join("stream")
    }

    /// The object store, a folder.
    #[must_use]
    pub fn lake(&self) -> PathBuf {
        self.0.join("lake")
    }

    /// The warehouse, a DuckDB file.
    #[must_use]
    pub fn warehouse(&self) -> PathBuf {
        self.0.join("warehouse.duckdb")
    }

    /// What secrets of the AWS wire are derived from, a file that only its owner can read.
    #[must_use]
    pub fn wire_secret(&self) -> PathBuf {
        self.0.join("wire.secret")
    }

    /// The gateway's key, a file that only its owner can read.
    #[must_use]
    pub fn gateway_key(&self) -> PathBuf {
        self.0.join("gateway.key")
    }
}

/// Everything that `freshmark serve` needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the server listens.
    pub server: ServerConfig,
    /// What is kept where.
    pub data: DataConfig,
    /// Where the relay puts records.
    pub gateway: GatewayConfig,
    /// The delivery streams.
    pub streams: Vec<StreamConfig>,
    /// Where objects are kept.
    pub lake: LakeConfig,
    /// How often a heartbeat is sent when no one answers.
    pub heartbeat: Duration,
    /// How much of the machine the warehouse may use.
    pub warehouse: Limits,
    /// From when on a wait is worth a word.
    pub freshness: Thresholds,
}

impl Config {
    /// Puts flags (the environment's among them), file and defaults together.
    ///
    /// # Errors
    /// Names the file or the setting that is not right.
    pub fn load(flags: Flags) -> Result<Self, ConfigError> {
        let file = flags.config.as_deref().map(read_file).transpose()?.unwrap_or_default();
        let mib = in_range("buffer_mib", flags.buffer_mib.or(file.buffer_mib).unwrap_or(5), 1..=128, "1 to 128")?;
        let seconds =
            in_range("buffer_seconds", flags.buffer_seconds.or(file.buffer_seconds).unwrap_or(0), 0..=900, "0 to 900")?;
        let heartbeat = flags.heartbeat_seconds.or(file.heartbeat_seconds).unwrap_or(10);
        let heartbeat = in_range("heartbeat_seconds", heartbeat, 1..=3600, "1 to 3600")?;
        let memory = flags.warehouse_mib.or(file.warehouse_mib).unwrap_or(128);
        in_range("warehouse_mib", u64::from(memory), 64..=u64::MAX, "64 or more")?;
        let hints = BufferingHints { size_bytes: (mib as usize) << 20, interval: Duration::from_secs(seconds) };
        let instead = "one is made and kept in the data folder";
        let gateway_key =
            key("gateway_key", "FRESHMARK_GATEWAY_KEY", flags.gateway_key_file, file.gateway_key, instead)?;
        let instead = "metrics are read on the server's own machine only";
        let metrics_key =
            key("metrics_key", "FRESHMARK_METRICS_KEY", flags.metrics_key_file, file.metrics_key, instead)?;
        let data = DataConfig(flags.data.or(file.data).unwrap_or_else(|| "data".into()));
        let lake = LakeConfig::of(flags.lake.or(file.lake).as_deref(), &data)?;
        Ok(Self {
            server: ServerConfig {
                listen: flags.listen.or(file.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
                aws_listen: flags
                    .aws_listen
                    .or(file.aws_listen)
                    .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 4566))),
                site: flags.site.or(file.site).unwrap_or_else(|| "dist".into()),
                demo: flags.demo,
                proxies: nets(if flags.proxies.is_empty() { &file.proxies } else { &flags.proxies })?,
                metrics_key,
            },
            data,
            lake,
            gateway: GatewayConfig { url: flags.gateway_url.or(file.gateway_url).map(as_folder), key: gateway_key },
            streams: streams::streams(file.streams, hints)?,
            heartbeat: Duration::from_secs(heartbeat),
            freshness: file.freshness.thresholds()?,
            warehouse: Limits { memory_mib: memory, threads: warehouse_threads() },
        })
    }
}

/// The stream's name goes behind the address, which may have been written without its last slash.
fn as_folder(mut url: Url) -> Url {
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push("");
    }
    url
}

/// Half of the machine, so that a large question leaves room for the submissions. Small questions are answered faster
/// by one thread than by two (measured: a COPY in 2.2 instead of 2.7 ms).
fn warehouse_threads() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u32::try_from(cores / 2).unwrap_or(1).max(1)
}

fn read_file(path: &Path) -> Result<File, ConfigError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    toml::from_str(&text).map_err(|source| ConfigError::Malformed { path: path.to_owned(), source: Box::new(source) })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn with_file(text: &str, flags: Flags) -> Result<Config, ConfigError> {
        let mut file = tempfile::NamedTempFile::new().expect("file");
        file.write_all(text.as_bytes()).expect("write");
        Config::load(Flags { config: Some(file.path().to_owned()), ..flags })
    }

    #[test]
    fn a_flag_beats_the_file_and_the_file_beats_the_default() {
        let flags = Flags { buffer_mib: Some(2), ..Flags::default() };
        let config = with_file("buffer_mib = 9\nheartbeat_seconds = 3", flags).expect("config");
        let destination = config.streams[0].destination.as_ref().expect("delivered");
        assert_eq!(destination.settings.hints.size_bytes, 2 << 20);
        assert_eq!(config.heartbeat, Duration::from_secs(3));
        assert_eq!(config.server.listen, SocketAddr::from(([127, 0, 0, 1], 8080)));
    }

    #[test]
    fn an_unknown_setting_and_one_out_of_range_are_named() {
        let unknown = with_file("bufer_mib = 9", Flags::default()).expect_err("unknown").to_string();
        assert!(unknown.contains("bufer_mib"), "{unknown}");
        let range = with_file("buffer_seconds = 901", Flags::default()).expect_err("range").to_string();
        assert_eq!(range, "buffer_seconds has to be 0 to 900, not 901");
    }

    #[test]
    fn the_lake_is_a_folder_or_a_bucket() {
        let lake = |written: &str| LakeConfig::of(Some(written), &DataConfig("data".into()));
        assert_eq!(LakeConfig::of(None, &DataConfig("data".into())).ok(), Some(LakeConfig::Folder("data/lake".into())));
        assert_eq!(lake("/mnt/lake").ok(), Some(LakeConfig::Folder("/mnt/lake".into())));
        assert!(matches!(lake("s3://bucket/prefix"), Ok(LakeConfig::Bucket(_))));
        for wrong in ["gs://bucket", "s3:bucket", "https://bucket.s3.amazonaws.com"] {
            assert!(lake(wrong).expect_err(wrong).to_string().contains(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_empty_key_would_let_everybody_in_and_is_refused() {
        for key in ["gateway_key", "metrics_key"] {
            let refused = with_file(&format!("{key} = \" \""), Flags::default()).expect_err(key);
            assert!(matches!(refused, ConfigError::EmptyKey { setting, .. } if setting == key), "{refused}");
        }
    }

    #[test]
    fn the_gateway_s_address_may_be_written_without_its_last_slash() {
        for written in ["http://h/gateway", "http://h/gateway/"] {
            let config = with_file(&format!("gateway_url = \"{written}\""), Flags::default()).expect("config");
            let stream = config.gateway.url.and_then(|url| url.join("quiz-answers").ok()).expect("an address");
            assert_eq!(stream.as_str(), "http://h/gateway/quiz-answers");
        }
    }
}
