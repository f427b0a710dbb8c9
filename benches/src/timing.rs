//! Times whole programs, as a user sees them.

use std::fs;
use std::io;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often a program's memory is looked at.
const GLANCE: Duration = Duration::from_millis(2);

/// What a run took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Run {
    /// Wall time.
    pub time: Duration,
    /// The most memory it held, in KiB, as far as glances at `/proc` tell.
    pub peak: u64,
}

/// Runs a program with its output thrown away.
///
/// # Errors
/// If it cannot be started, or ends with another code than 0 and 1.
pub fn run(command: &mut Command) -> io::Result<Run> {
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        peak = peak.max(high_water(&status).unwrap_or(0));
        thread::sleep(GLANCE);
    };
    let time = start.elapsed();
    if matches!(ended.code(), Some(0 | 1)) {
        Ok(Run { time, peak })
    } else {
        Err(io::Error::other(format!("{command:?} ended with {ended}")))
    }
}

/// `VmHWM` of a process in KiB (`proc_pid_status(5)`).
fn high_water(status: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// The run in the middle of several.
#[must_use]
pub fn median(mut runs: Vec<Run>) -> Run {
    runs.sort_by_key(|run| run.time);
    runs.get(runs.len() / 2).copied().unwrap_or_default()
}
