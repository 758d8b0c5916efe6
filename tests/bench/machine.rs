//! What a process takes of the machine.

use std::time::Duration;

use crate::cpu::ticks;
use crate::running::Outcome;

/// CPU time of the processes that this one has started and that have ended, and of theirs.
pub fn cpu_of_ended() -> Outcome<Duration> {
    ticks("self", 13)
}

/// The most memory that a process has ever held, in bytes.
pub fn peak_memory_of(process: &str) -> Outcome<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
    Ok(peak.ok_or("no VmHWM")?.trim().parse::<u64>()? << 10)
}
