//! The real binary on a data folder of its own, and its staff.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use app::api::accounts::{Me, Role};
use server::accounts::Accounts;
use server::clock::Clock;
use server::store::Store;

pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A server that runs; killed when dropped.
pub struct Server {
    pub child: Child,
    /// Pages and interfaces: `http://127.0.0.1:…`.
    pub address: String,
}

/// The binary that is measured: `FRESHMARK`, or the one that was built with this benchmark.
pub fn freshmark() -> Command {
    let built = || env!("CARGO_BIN_EXE_freshmark").into();
    Command::new(std::env::var_os("FRESHMARK").unwrap_or_else(built))
}

impl Server {
    /// Starts it, and says where its AWS wire is: `127.0.0.1:…`.
    pub fn start(folder: &Path) -> Outcome<(Self, String)> {
        let mut child = freshmark()
            .args(["serve", "--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            // What is slow shows in the figures.
            .env("FRESHMARK_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let mut said = |lead: &str| lines.find_map(|line| line.strip_prefix(lead).map(str::to_owned));
        let address = said("Freshmark is at ").ok_or("no address")?;
        let aws = said("The AWS wire is at http://").ok_or("no address of the AWS wire")?;
        std::thread::spawn(move || lines.for_each(drop));
        Ok((Self { child, address }, aws))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody of the staff, added to the data folder of a server that does not run yet; returns their number.
pub async fn add_staff(store: &Store, role: Role) -> Outcome<i64> {
    let me = Me { name: "T".into(), email: "t@x".into(), role };
    Ok(Accounts::new(store.clone(), Clock::system()).add(&me, "pw").await?)
}

/// The cookie of a session of theirs.
pub async fn sign_in(http: &reqwest::Client, address: &str) -> Outcome<String> {
    let body = serde_json::json!({ "email": "t@x", "password": "pw" });
    let signed_in = http.post(format!("{address}/api/session")).json(&body).send().await?.error_for_status()?;
    Ok(signed_in.headers()["set-cookie"].to_str()?.split(';').next().unwrap_or_default().to_owned())
}
