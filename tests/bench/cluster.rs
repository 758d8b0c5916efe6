//! PostgreSQL 15 in a new cluster with its defaults, in a folder of its own, over a Unix socket. It runs as `postgres`
//! where this process is root, because it refuses to be root.

use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio_postgres::{Client, NoTls};

use crate::ending::end;
use crate::running::Outcome;

const BIN: &str = "/usr/lib/postgresql/15/bin";
/// The same table as the warehouse's.
pub const TABLE: &str = "CREATE TABLE quiz_answers (record_id varchar(36) NOT NULL, accepted_seq bigint NOT NULL, \
    accepted_at timestamp NOT NULL, assignment_id bigint NOT NULL, class_id bigint NOT NULL, quiz_id bigint NOT NULL, \
    attempt_id varchar(36) NOT NULL, attempt_no integer NOT NULL, student_key varchar(36) NOT NULL, \
    question_id bigint NOT NULL, choice_id bigint, elapsed_ms bigint NOT NULL, producer varchar(36));";

/// Whether it is on this machine.
pub fn is_installed() -> bool {
    Path::new(BIN).join("postgres").exists()
}

/// A server that runs; ended when dropped.
pub struct Cluster {
    child: Child,
    folder: tempfile::TempDir,
}

impl Cluster {
    pub fn start() -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        if is_root() {
            let number = |flag: &str| -> Outcome<u32> {
                let answer = Command::new("id").args([flag, "postgres"]).output()?;
                Ok(String::from_utf8(answer.stdout)?.trim().parse()?)
            };
            chown(folder.path(), Some(number("-u")?), Some(number("-g")?))?;
        }
        let data = folder.path().join("data");
        let made = command("initdb").args(["--auth=trust", "--username=postgres", "-D"]).arg(&data).output()?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into());
        }
        let child = command("postgres")
            .args(["-c", "listen_addresses=", "-k"])
            .arg(folder.path())
            .arg("-D")
            .arg(&data)
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { child, folder })
    }

    /// A connection, as soon as it takes one.
    pub async fn connect(&self) -> Outcome<Client> {
        let mut config = tokio_postgres::Config::new();
        config.host_path(self.folder.path()).user("postgres").dbname("postgres");
        let mut tries = 0;
        loop {
            match config.connect(NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    return Ok(client);
                }
                Err(error) if tries == 100 => return Err(error.into()),
                Err(_) => tries += 1,
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGINT ends it fast, and in order.
        let _ = end(&mut self.child, "-INT");
    }
}

fn command(program: &str) -> Command {
    let program = Path::new(BIN).join(program);
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command.current_dir("/");
    command
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|answer| answer.stdout == b"0\n")
}
