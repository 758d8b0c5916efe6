//! Streams elsewhere: Amazon's Kinesis and Firehose, or whatever speaks like them, by AWS's own SDK.
//!
//! Owns how such a stream is named and reached, how its errors are told apart, reading a shard as a
//! [`Source`](crate::records::source::Source), and putting records. Does not own which streams there are, nor when a shard begins
//! to be delivered: the room `registry` does. Credentials are found as the SDK finds them: environment, profile, web
//! identity, container, instance.

mod lineage;
mod reader;
mod reading;
mod shard;
mod source;
mod target;

use std::error::Error;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kinesis::error::{ProvideErrorMetadata, SdkError};
use serde::Deserialize;
use url::Url;

pub use lineage::{Listed, ready};
pub use reader::Reader;
pub use shard::{Lag, RemoteShard};
pub use target::{NotPut, Target};

/// One try of a call may take so long; a connection that hangs is noticed by that.
const PATIENCE: Duration = Duration::from_secs(10);
/// Tries of a call that reads, the first among them. A call that puts has one: whoever put hears of it and tries again.
const TRIES: u32 = 3;
/// Codes of answers that say "slower". They pass.
const THROTTLED: [&str; 5] = [
    "ProvisionedThroughputExceededException",
    "LimitExceededException",
    "KMSThrottlingException",
    "ThrottlingException",
    "ServiceUnavailableException",
];

/// Where a stream elsewhere is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// The region; `None` is the SDK's own, or the ARN's.
    pub region: Option<String>,
    /// Another address than Amazon's.
    pub endpoint: Option<Url>,
}

/// `source = { kinesis = "…" }`: a stream is read from Kinesis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceConfig {
    /// The Kinesis stream, by name or ARN.
    pub kinesis: String,
    /// Where it is.
    pub at: At,
    /// Pause between two reads of a shard. Kinesis allows five a second, over all readers.
    pub poll: Duration,
}

/// `put_to = { firehose = "…" }` or `{ kinesis = "…" }`: records are handed on instead of kept here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetConfig {
    /// To which stream.
    pub to: To,
    /// Where it is.
    pub at: At,
}

/// What records are put to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// A delivery stream, by name.
    Firehose(String),
    /// A data stream, by name or ARN.
    Kinesis(String),
}

/// `source` or `put_to` as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Written {
    kinesis: Option<String>,
    firehose: Option<String>,
    region: Option<String>,
    endpoint: Option<Url>,
    poll_ms: Option<u64>,
}

/// Reads a second from a shard: four, so that one of Kinesis's five is left to somebody else.
const POLL_MS: u64 = 250;

impl Written {
    /// As a source.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn source(self) -> Result<SourceConfig, String> {
        if self.firehose.is_some() {
            return Err("source: nobody can read from a firehose; name a kinesis stream".to_owned());
        }
        let poll = self.poll_ms.unwrap_or(POLL_MS);
        if !(10..=1_000).contains(&poll) {
            return Err(format!("source: poll_ms has to be 10 to 1000, not {poll}"));
        }
        let kinesis = self.kinesis.clone().ok_or("source: needs kinesis = \"name or ARN\"")?;
        if !is_kinesis(&kinesis) {
            return Err(format!("source: {kinesis:?} is neither a Kinesis stream's name nor its ARN"));
        }
        Ok(SourceConfig { at: self.at("source", &kinesis)?, kinesis, poll: Duration::from_millis(poll) })
    }

    /// As a target.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn target(self) -> Result<TargetConfig, String> {
        if self.poll_ms.is_some() {
            return Err("put_to: poll_ms is for a source".to_owned());
        }
        let to = match (self.kinesis.clone(), self.firehose.clone()) {
            (Some(kinesis), None) if is_kinesis(&kinesis) => To::Kinesis(kinesis),
            (None, Some(firehose)) if is_name(&firehose, 64) => To::Firehose(firehose),
            (Some(kinesis), None) => {
                return Err(format!("put_to: {kinesis:?} is neither a Kinesis stream's name nor its ARN"));
            }
            (None, Some(firehose)) => return Err(format!("put_to: {firehose:?} is no name of a Firehose stream")),
            _ => return Err("put_to: needs either firehose = \"name\" or kinesis = \"name or ARN\"".to_owned()),
        };
        Ok(TargetConfig { at: self.at("put_to", to.name())?, to })
    }

    fn at(self, setting: &str, name: &str) -> Result<At, String> {
        if let Some(other) = self.endpoint.as_ref().filter(|url| !matches!(url.scheme(), "http" | "https")) {
            return Err(format!("{setting}: endpoint has to begin with http:// or https://, not {}:", other.scheme()));
        }
        let of_arn = || name.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(2)).map(str::to_owned);
        Ok(At { region: self.region.or_else(of_arn).filter(|region| !region.is_empty()), endpoint: self.endpoint })
    }
}

impl To {
    /// Name or ARN.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Firehose(name) | Self::Kinesis(name) => name,
        }
    }
}

impl SourceConfig {
    /// The stream's name, even if it was given by ARN.
    #[must_use]
    pub fn name(&self) -> &str {
        self.kinesis.rsplit('/').next().unwrap_or(&self.kinesis)
    }
}

fn is_name(name: &str, most: usize) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    (1..=most).contains(&name.len()) && name.bytes().all(allowed)
}

/// `name`, or `arn:aws:kinesis:region:account:stream/name`.
fn is_kinesis(stream: &str) -> bool {
    let Some(arn) = stream.strip_prefix("arn:") else { return is_name(stream, 128) };
    let parts: Vec<&str> = arn.splitn(5, ':').collect();
    let [_, "kinesis", _, _, resource] = parts[..] else { return false };
    resource.strip_prefix("stream/").is_some_and(|name| is_name(name, 128))
}

/// Why a stream elsewhere did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// Nothing says in which region it is.
    #[error("no region: set region beside the stream's name, or AWS_REGION")]
    NoRegion,
    /// It is asked too often, or busy; it passes.
    #[error("{0}")]
    Throttled(String),
    /// It did not answer, or is at fault itself; it may pass.
    #[error("{0}")]
    Unavailable(String),
    /// The iterator is too old; another one is needed.
    #[error("{0}")]
    ExpiredIterator(String),
    /// Something of the call cannot be, such as a sequence number of another stream.
    #[error("{0}")]
    Invalid(String),
    /// It said no.
    #[error("{0}")]
    Refused(String),
}

impl RemoteError {
    fn of<E>(operation: &str, error: &SdkError<E>) -> Self
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        let Some(code) = error.code() else {
            return Self::Unavailable(format!("{operation} got no answer: {}", chain(error)));
        };
        let message = format!("{operation} answered {code}: {}", error.message().unwrap_or("no more"));
        let at_fault = error.raw_response().is_some_and(|response| response.status().is_server_error());
        match code {
            code if THROTTLED.contains(&code) => Self::Throttled(message),
            "ExpiredIteratorException" => Self::ExpiredIterator(message),
            "InvalidArgumentException" => Self::Invalid(message),
            _ if at_fault => Self::Unavailable(message),
            _ => Self::Refused(message),
        }
    }
}

/// What an error says, and what the errors below it say.
fn chain(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut below = error.source();
    while let Some(error) = below {
        said = format!("{said}: {error}");
        below = error.source();
    }
    said
}

/// What the SDK finds for this place, with `tries` of each call.
async fn sdk(at: &At, tries: u32) -> Result<SdkConfig, RemoteError> {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(PATIENCE).build();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(tries));
    if let Some(region) = &at.region {
        loader = loader.region(Region::new(region.clone()));
    }
    let config = loader.load().await;
    if config.region().is_some() { Ok(config) } else { Err(RemoteError::NoRegion) }
}

async fn kinesis(at: &At, tries: u32) -> Result<aws_sdk_kinesis::Client, RemoteError> {
    let mut config = aws_sdk_kinesis::config::Builder::from(&sdk(at, tries).await?);
    if let Some(endpoint) = &at.endpoint {
        config.set_endpoint_url(Some(endpoint.to_string()));
    }
    Ok(aws_sdk_kinesis::Client::from_conf(config.build()))
}

async fn firehose(at: &At, tries: u32) -> Result<aws_sdk_firehose::Client, RemoteError> {
    let mut config = aws_sdk_firehose::config::Builder::from(&sdk(at, tries).await?);
    if let Some(endpoint) = &at.endpoint {
        config.set_endpoint_url(Some(endpoint.to_string()));
    }
    Ok(aws_sdk_firehose::Client::from_conf(config.build()))
}

/// A stream by the parameter that it was named for: name and ARN.
fn named(stream: &str) -> (Option<String>, Option<String>) {
    let stream = stream.to_owned();
    if stream.starts_with("arn:") { (None, Some(stream)) } else { (Some(stream), None) }
}

#[cfg(test)]
mod tests;
