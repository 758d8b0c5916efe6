//! The polite end of a process.

use std::process::{Child, Command};

use crate::running::Outcome;

/// Asks a process to end by a signal, and waits until it has.
pub fn end(child: &mut Child, signal: &str) -> Outcome<()> {
    Command::new("kill").args([signal, &child.id().to_string()]).status()?;
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(format!("ended with {status}").into()) }
}
