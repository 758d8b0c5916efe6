//! What a process takes of the machine, and its end.

use std::process::{Child, Command};
use std::time::Duration;

use crate::running::Outcome;

/// CPU time of a process so far; `self` is this one.
pub fn cpu_of(process: &str) -> Outcome<Duration> {
    ticks(process, 11)
}

/// CPU time of the processes that this one has started and that have ended, and of theirs.
pub fn cpu_of_ended() -> Outcome<Duration> {
    ticks("self", 13)
}

/// Two neighbouring counts of 1/100 s, in user and in system mode, at a place behind the command's name.
fn ticks(process: &str, place: usize) -> Outcome<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name may hold blanks.
    let fields = stat.rsplit(')').next().ok_or("no fields")?.split_whitespace().skip(place).take(2);
    let ticks = fields.map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
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
