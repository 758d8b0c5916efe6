//! CPU time of processes.

use std::time::Duration;

use crate::running::Outcome;

/// CPU time of a process so far; `self` is this one.
pub fn cpu_of(process: &str) -> Outcome<Duration> {
    ticks(process, 11)
}

/// Two neighbouring counts of 1/100 s, in user and in system mode, at a place behind the command's name.
pub fn ticks(process: &str, place: usize) -> Outcome<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name may hold blanks.
    let fields = stat.rsplit(')').next().ok_or("no fields")?.split_whitespace().skip(place).take(2);
    let ticks = fields.map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}
