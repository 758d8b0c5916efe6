//! What a process takes of the machine, and its end.

use std::process::{Child, Command};
use std::time::Duration;

use crate::running::Outcome;

/// CPU time of a process so far; `self` is this one.
pub fn cpu_of(process: &str) -> Outcome<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // Behind the command's name, which may hold spaces: user and system time are the 12th and 13th, in 1/100 s.
    let mut fields = stat.rsplit(')').next().ok_or("no fields")?.split_whitespace().skip(11);
    let mut ticks = || fields.next().ok_or("too few fields")?.parse::<u64>().map_err(|e| e.to_string());
    Ok(Duration::from_millis((ticks()? + ticks()?) * 10))
}

/// The most memory that a process has ever held, in bytes.
pub fn peak_memory_of(process: &str) -> Outcome<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
    Ok(peak.ok_or("no VmHWM")?.trim().parse::<u64>()? << 10)
}

/// Asks a process to end by a signal, and waits until it has.
pub fn end(child: &mut Child, signal: &str) -> Outcome<()> {
    Command::new("kill").args([signal, &child.id().to_string()]).status()?;
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(format!("ended with {status}").into()) }
}
