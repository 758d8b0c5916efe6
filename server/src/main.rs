//! The command `freshmark`.
//!
//! Owns the command line, the log, and the signals that end the process. Does not own what a subcommand does.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use server::clock::Clock;
use server::commands;
use server::config::{Config, Flags};
use server::demo;
use server::private;
use server::serve::{self, Running};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// DuckDB allocates much and from many threads; see the manifest.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A student presses Submit; a moment later the teacher sees how the class answered.
#[derive(Parser)]
#[command(name = "freshmark", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve everything: pages, gateway, pipeline and warehouse
    Serve(Box<Flags>),
    /// Play a class against a running server, through its public HTTP interface
    Demo(demo::class::Flags),
    /// Make, list and revoke keys of the gateway and the AWS wire
    Key(commands::key::Flags),
    /// Bring batches in again that lie in the lake, while the server does not run
    Replay(Box<commands::replay::Flags>),
    /// Compare all stores, while the server does not run, and name every difference
    Verify(Box<commands::verify::Flags>),
}

#[tokio::main]
async fn main() -> ExitCode {
    if let Err(problem) = log_to_stderr() {
        eprintln!("freshmark: {problem}");
        return ExitCode::FAILURE;
    }
    private::by_default();
    let done = match Cli::parse().command {
        Command::Serve(flags) => run_server(*flags).await,
        Command::Demo(flags) => demo::class::play(flags).await.map_err(|e| e.to_string()),
        Command::Key(flags) => commands::key::run(flags).await.map_err(|e| e.to_string()),
        Command::Replay(flags) => commands::replay::run(*flags).await.map_err(|e| e.to_string()),
        Command::Verify(flags) => commands::verify::run(*flags).await.map_err(|e| e.to_string()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("freshmark: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Logs as `FRESHMARK_LOG` and `FRESHMARK_LOG_FORMAT` say.
fn log_to_stderr() -> Result<(), String> {
    let filter = EnvFilter::try_from_env("FRESHMARK_LOG").unwrap_or_else(|_| EnvFilter::new("warn,server=info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match std::env::var("FRESHMARK_LOG_FORMAT").as_deref() {
        Err(std::env::VarError::NotPresent) | Ok("text") => log.init(),
        Ok("json") => log.json().flatten_event(true).init(),
        _ => return Err("FRESHMARK_LOG_FORMAT has to be text or json".to_owned()),
    }
    Ok(())
}

async fn run_server(flags: Flags) -> Result<(), String> {
    let config = Config::load(flags).map_err(|e| e.to_string())?;
    let mut signals = Signals::listen().map_err(|e| format!("cannot listen for signals: {e}"))?;
    let (demo, data, store) = (config.server.demo, config.data.folder().to_owned(), config.data.store());
    // On a task of its own, so that a signal is heard while a step of the start keeps its thread.
    let starting = tokio::spawn(serve::start(config, Clock::system()));
    let running = tokio::select! {
        started = starting => started.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?,
        () = signals.next() => stop_before_it_has_started(),
    };
    println!("Freshmark is at http://{}", running.address());
    println!("The AWS wire is at http://{}", running.aws_address());
    println!("Its data lies in {}", std::path::absolute(&data).unwrap_or(data).display());
    if demo && demo::school::is_in(&store).await.unwrap_or(false) {
        print!("{}", demo::school::WELCOME);
    }
    signals.next().await;
    stop(running).await;
    Ok(())
}

/// Ends at once. A start may take minutes, and no step of it needs an end of its own: the next one begins as after a crash.
fn stop_before_it_has_started() -> ! {
    eprintln!("Stopping before the server has started; what has been accepted is safe.");
    std::process::exit(0)
}

async fn stop(running: Running) {
    eprintln!("Stopping; what has been accepted is safe.");
    running.stop().await;
}

/// Ctrl-C, or a polite kill: heard from the moment that somebody listens, so that none comes too early.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
