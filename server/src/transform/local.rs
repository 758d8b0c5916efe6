//! An ordinary Lambda executable, started here: the file that runs on AWS as `bootstrap` runs here as it is.
//!
//! Owns the function's process: its environment (AWS, "Defined runtime environment variables"), its words in the log,
//! its end. It is started at the first invocation and kept for the next ones; one that ends or takes too long is killed,
//! with all that it started, and the next invocation starts another. A server that is killed cannot do that; its
//! functions end as soon as they ask for the next invocation. Does not own the Runtime API that they speak.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use super::TransformError;
use super::host::{Host, InvokeError};
use super::runtime_api::RuntimeApi;

/// A longer line of a function's output is logged in pieces.
const LONGEST_LINE: u64 = 8 << 10;
/// What a function is told of its memory, in MB. It is AWS's least; nobody holds it to that here.
const MEMORY: &str = "128";
const VERSION: &str = "$LATEST";
/// Variables that Lambda sets and lets a function's configuration change.
const CHANGEABLE: [(&str, &str); 3] = [("LANG", "C.UTF-8"), ("PATH", "/usr/local/bin:/usr/bin:/bin"), ("TZ", ":UTC")];

/// A function as a file.
pub(super) struct LocalHost {
    executable: PathBuf,
    environment: BTreeMap<String, String>,
    stream: String,
    name: String,
    arn: String,
    region: String,
    running: Mutex<Option<Function>>,
}

/// What a function is told of itself, and who it works for.
pub(super) struct Identity<'a> {
    pub stream: &'a str,
    pub name: &'a str,
    pub arn: &'a str,
    pub region: &'a str,
}

/// A process, and what serves it. Both end when it is dropped.
struct Function {
    api: RuntimeApi,
    child: Child,
    group: Option<Pid>,
}

impl Function {
    fn if_alive(mut self) -> Option<Self> {
        matches!(self.child.try_wait(), Ok(None)).then_some(self)
    }
}

impl Drop for Function {
    /// Kills the process and what it has started; tokio takes care of what is left of the process itself.
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // Fails if they have all ended, which is as well.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl LocalHost {
    /// Looks whether the file can be started. Nothing is started yet.
    pub fn new(
        executable: &Path,
        environment: BTreeMap<String, String>,
        identity: &Identity<'_>,
    ) -> Result<Self, TransformError> {
        Ok(Self {
            executable: executable_file(executable)?,
            environment,
            stream: identity.stream.to_owned(),
            name: identity.name.to_owned(),
            arn: identity.arn.to_owned(),
            region: identity.region.to_owned(),
            running: Mutex::default(),
        })
    }

    async fn start(&self) -> Result<Function, InvokeError> {
        let api = RuntimeApi::open(&self.arn).await.map_err(InvokeError::Start)?;
        let folder = self.executable.parent().unwrap_or(Path::new("/"));
        let mut child = Command::new(&self.executable)
            .env_clear()
            .envs(CHANGEABLE)
            .envs(&self.environment)
            .envs(self.reserved(&api))
            .env("LAMBDA_TASK_ROOT", folder)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // One of its own: a Ctrl-C on the server's terminal is the server's to handle, and all can be killed at once.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(InvokeError::Start)?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(output) = child.stdout.take() {
            tokio::spawn(log(output, self.stream.clone(), self.name.clone()));
        }
        if let Some(output) = child.stderr.take() {
            tokio::spawn(log(output, self.stream.clone(), self.name.clone()));
        }
        Ok(Function { api, child, group })
    }

    /// Variables that are Lambda's alone to set; the configuration has been held against that.
    fn reserved(&self, api: &RuntimeApi) -> [(&'static str, String); 10] {
        [
            ("AWS_LAMBDA_RUNTIME_API", api.address().to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", self.name.clone()),
            ("AWS_LAMBDA_FUNCTION_VERSION", VERSION.to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MEMORY.to_owned()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", self.name)),
            ("AWS_LAMBDA_LOG_STREAM_NAME", self.stream.clone()),
            ("AWS_REGION", self.region.clone()),
            ("AWS_DEFAULT_REGION", self.region.clone()),
            ("_HANDLER", self.name.clone()),
        ]
    }
}

#[async_trait]
impl Host for LocalHost {
    async fn invoke(&self, payload: Bytes, timeout: Duration) -> Result<Bytes, InvokeError> {
        let mut running = self.running.lock().await;
        // Out of its place until it has answered: whatever ends this call early ends the function with it.
        let mut function = match running.take().and_then(Function::if_alive) {
            Some(function) => function,
            None => self.start().await?,
        };
        let answer = tokio::select! {
            // A function that answers and ends at once has answered.
            biased;
            answer = function.api.invoke(payload, timeout) => answer,
            ended = function.child.wait() => Err(ended.map_or_else(InvokeError::Start, InvokeError::Ended)),
            () = tokio::time::sleep(timeout) => Err(InvokeError::TimedOut(timeout)),
        };
        if matches!(answer, Ok(_) | Err(InvokeError::Function(_) | InvokeError::AnswerTooLarge)) {
            *running = Some(function);
        }
        answer
    }
}

/// The file as an absolute path, if it can be started.
fn executable_file(path: &Path) -> Result<PathBuf, TransformError> {
    let wrong = |problem: String| TransformError::Executable { path: path.to_owned(), problem };
    let found = path.canonicalize().map_err(|e| wrong(e.to_string()))?;
    let metadata = found.metadata().map_err(|e| wrong(e.to_string()))?;
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
    if !metadata.is_file() || mode & 0o111 == 0 {
        return Err(wrong("is no file that may be executed".to_owned()));
    }
    Ok(found)
}

/// Each line that a function writes is a line of the server's log.
async fn log(output: impl AsyncRead + Unpin, stream: String, function: String) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut output).take(LONGEST_LINE).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let said = String::from_utf8_lossy(&line);
                tracing::info!(stream, function, "{}", said.trim_end());
            }
        }
    }
}
