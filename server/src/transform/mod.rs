//! Records changed on their way by a function of the user's, under the contract between Firehose and Lambda.
//!
//! Owns what a transform is, when an invocation is tried again, and that every record gets a verdict: whatever the
//! function does, no record is lost and no batch waits for ever. Does not own what becomes of a verdict: the room
//! `delivery` does. Each shard has a transformer of its own, and with it a process of its own where the function is an
//! executable, as Lambda runs a function once for each shard that invokes it.

mod contract;
mod host;
mod http;
mod local;
mod runtime_api;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use url::Url;
use uuid::Uuid;

pub use contract::{INVOCATION_BYTES, Record, Verdict};
pub use host::InvokeError;

use self::contract::Asking;
use self::host::Host;
use self::http::HttpHost;
use self::local::{Identity, LocalHost};
use crate::amazon::ACCOUNT;
use crate::pauses::Pauses;

/// First pause after a failed invocation; doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Version-5 uuids of invocations live in this name space.
const INVOCATIONS: Uuid = Uuid::from_u128(0x41d8_3f06_b7a2_4c59_8e14_d0f5_69c3_7ba1);

/// A function, and how it is invoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transform {
    /// Which function.
    pub function: Function,
    /// AWS region: where a function on AWS is, and what every function is told.
    pub region: String,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// How often an invocation that failed is tried again before its records go to the error output.
    pub retries: u32,
}

/// A function, wherever it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Function {
    /// A Lambda executable that this server starts.
    Executable {
        /// Where it lies; a relative path is one from where the server was started.
        path: PathBuf,
        /// Variables of its environment, besides those that Lambda sets.
        environment: BTreeMap<String, String>,
    },
    /// A function that is invoked over HTTP.
    Named {
        /// Its name: 1 to 64 of `[a-zA-Z0-9_-]`.
        name: String,
        /// Where `Invoke` is answered; absent is AWS.
        endpoint: Option<Url>,
    },
}

impl Transform {
    /// Its name. An executable's is made of the file's: what a name may not have is written as `_`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.function {
            Function::Named { name, .. } => name.clone(),
            Function::Executable { path, .. } => {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
                stem.chars().take(64).map(allowed).collect()
            }
        }
    }

    /// How the error output and AWS's clients name it.
    #[must_use]
    pub fn arn(&self) -> String {
        format!("arn:aws:lambda:{}:{ACCOUNT}:function:{}:$LATEST", self.region, self.name())
    }
}

/// Why a transform cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TransformError {
    /// The file is not there, or cannot be started.
    #[error("transform.executable: {path} cannot be used: {problem}; name a Lambda executable")]
    Executable {
        /// Which.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// The endpoint is none.
    #[error("transform.endpoint: {problem}; it has to be like http://127.0.0.1:9001")]
    Endpoint {
        /// What is wrong with it.
        problem: String,
    },
    /// The environment's credentials cannot be used.
    #[error("transform: the credentials in the environment cannot be used: {0}")]
    Credentials(#[source] object_store::Error),
    /// There is no HTTP client.
    #[error("transform: no HTTP client can be made: {0}")]
    Client(#[source] reqwest::Error),
}

/// What became of one record, and after how many invocations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What became of it.
    pub verdict: Verdict,
    /// Invocations that were tried with it.
    pub attempts: u32,
}

/// What was invoked since the start, under Firehose's names.
#[derive(Default)]
pub struct Invocations {
    /// Every try.
    pub attempts: Counter,
    /// Those that were answered: `ExecuteProcessing.Success` is the share of these.
    pub success: Counter,
}

/// A transform of one shard, ready to work.
pub struct Transformer {
    host: Box<dyn Host>,
    stream: String,
    stream_arn: String,
    arn: String,
    region: String,
    timeout: Duration,
    retries: u32,
}

impl Transformer {
    /// Makes ready what invokes the function. Called within a runtime. Nothing is invoked yet.
    ///
    /// # Errors
    /// If an executable is not there or cannot be started, or credentials are not right.
    pub fn new(transform: &Transform, stream: &str) -> Result<Self, TransformError> {
        let Transform { function, region, timeout, retries } = transform.clone();
        let (name, arn) = (transform.name(), transform.arn());
        let host: Box<dyn Host> = match function {
            Function::Executable { path, environment } => {
                let identity = Identity { stream, name: &name, arn: &arn, region: &region };
                Box::new(LocalHost::new(&path, environment, &identity)?)
            }
            Function::Named { name, endpoint } => Box::new(HttpHost::new(&name, endpoint.as_ref(), &region)?),
        };
        let stream_arn = format!("arn:aws:firehose:{region}:{ACCOUNT}:deliverystream/{stream}");
        Ok(Self { host, stream: stream.to_owned(), stream_arn, arn, region, timeout, retries })
    }

    /// How the error output names the function.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Has every record of a batch transformed, and says for each what became of it, in order. `failing` hears of each
    /// failed invocation that will be tried again. Dropping the future ends what is under way.
    pub async fn run(
        &self,
        records: &[Record<'_>],
        invocations: &Invocations,
        failing: impl Fn(&InvokeError) + Send + Sync,
    ) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(records.len());
        let mut rest = records;
        while let Some(first) = rest.first() {
            let fitting = contract::fitting(rest);
            if fitting == 0 {
                outcomes.push(Outcome { verdict: Verdict::too_large(first), attempts: 0 });
                rest = &rest[1..];
                continue;
            }
            let (these, after) = rest.split_at(fitting);
            let (verdicts, attempts) = self.invoke(these, invocations, &failing).await;
            outcomes.extend(verdicts.into_iter().map(|verdict| Outcome { verdict, attempts }));
            rest = after;
        }
        outcomes
    }

    /// One invocation with its retries: a verdict for each record, and how often it was tried.
    async fn invoke(
        &self,
        records: &[Record<'_>],
        invocations: &Invocations,
        failing: &(impl Fn(&InvokeError) + Send + Sync),
    ) -> (Vec<Verdict>, u32) {
        let (mut attempts, mut pauses) = (0, Pauses::new(FIRST_PAUSE, LONGEST_PAUSE));
        loop {
            attempts += 1;
            invocations.attempts.inc();
            let error = match self.try_once(records).await {
                Ok(verdicts) => {
                    invocations.success.inc();
                    return (verdicts, attempts);
                }
                Err(error) => error,
            };
            let (stream, function, count) = (&self.stream, &self.arn, records.len());
            if attempts > self.retries {
                tracing::error!(stream, function, count, attempts, %error, "records could not be transformed");
                let verdict = Verdict::failed(error.code(), error.to_string());
                return (vec![verdict; count], attempts);
            }
            let pause = pauses.after_failure();
            tracing::warn!(stream, function, count, attempts, %error, ?pause, "an invocation failed; trying again");
            failing(&error);
            tokio::time::sleep(pause).await;
        }
    }

    async fn try_once(&self, records: &[Record<'_>]) -> Result<Vec<Verdict>, InvokeError> {
        let payload = contract::payload(self.asking(&self.invocation_id(records)), records)?;
        let answer = self.host.invoke(payload, self.timeout).await?;
        let (verdicts, strays) = contract::sort(records, &answer)?;
        if strays > 0 {
            let (stream, function) = (&self.stream, &self.arn);
            tracing::warn!(stream, function, strays, "the function returned records that it was not sent");
        }
        Ok(verdicts)
    }

    fn asking<'a>(&'a self, invocation_id: &'a str) -> Asking<'a> {
        Asking { invocation_id, delivery_stream_arn: &self.stream_arn, region: &self.region }
    }

    /// The same for the same records, so that a function can tell a repetition.
    fn invocation_id(&self, records: &[Record<'_>]) -> String {
        let (first, last) = (records.first(), records.last());
        let ends = [first, last].map(|record| record.map_or("", |record| record.id.as_str()));
        Uuid::new_v5(&INVOCATIONS, format!("{}/{}/{}", self.stream, ends[0], ends[1]).as_bytes()).to_string()
    }
}

#[cfg(test)]
mod tests;
