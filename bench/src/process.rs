//! What a process costs, from its start to its end: processor time and memory.
//!
//! A small process of this program stands between: it starts the measured one, waits for its end, and asks the system
//! about its children. The peak of a process includes what its parent held when it was started, and this one may hold
//! the rows of a whole store.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

use crate::Result;

/// The cost of a process that has ended.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// Seconds of work in all threads.
    pub(crate) cpu: f64,
    pub(crate) wall: f64,
    /// The most memory that it ever held, in bytes.
    pub(crate) peak: f64,
    /// The bytes that it wrote to its standard output, and how many lines.
    #[serde(skip)]
    pub(crate) bytes: u64,
    #[serde(skip)]
    pub(crate) lines: u64,
    succeeded: bool,
}

/// Runs a program to its end, counts what it writes, and forgets it. It must succeed.
pub(crate) fn cost(program: &Command) -> Result<Cost> {
    let mut between = Command::new(std::env::current_exe()?);
    between.arg("cost").arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => between.env(name, value),
            None => between.env_remove(name),
        };
    }
    if let Some(folder) = program.get_current_dir() {
        between.current_dir(folder);
    }
    let mut between = between.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (output, errors) = (between.stdout.take(), between.stderr.take());
    let counting = std::thread::spawn(move || output.map_or(Ok((0, 0)), count));
    let mut text = String::new();
    errors.map(|mut errors| errors.read_to_string(&mut text)).transpose()?;
    let (bytes, lines) = counting.join().map_err(|_| "the thread that reads has panicked")??;
    between.wait()?;
    // What the program itself had to say comes before.
    let last = text.lines().last().unwrap_or_default();
    match serde_json::from_str::<Cost>(last) {
        Ok(cost) if cost.succeeded => Ok(Cost { bytes, lines, ..cost }),
        _ => Err(format!("{program:?} failed: {text}").into()),
    }
}

fn count(mut output: impl Read) -> std::io::Result<(u64, u64)> {
    let mut buffer = vec![0; 1 << 16];
    let (mut bytes, mut lines) = (0, 0);
    loop {
        let read = output.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, lines));
        }
        bytes += read as u64;
        lines += buffer[..read].iter().filter(|byte| **byte == b'\n').count() as u64;
    }
}

/// `cost PROGRAM ARGUMENT …`: the process between.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let (program, arguments) = arguments.split_first().ok_or("use: cost PROGRAM ARGUMENT …")?;
    let start = Instant::now();
    let status = Command::new(program).args(arguments).status()?;
    let wall = start.elapsed().as_secs_f64();
    let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = (used.user_time() + used.system_time()).num_microseconds() as f64 / 1e6;
    // Linux counts KiB.
    let peak = used.max_rss() as f64 * 1024.0;
    let cost = Cost { cpu, wall, peak, bytes: 0, lines: 0, succeeded: status.success() };
    writeln!(std::io::stderr(), "\n{}", serde_json::to_string(&cost)?)?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_lines_are_counted_over_the_ends_of_buffers() {
        let text = "a line\n".repeat(100_000);
        assert_eq!(count(text.as_bytes()).unwrap(), (700_000, 100_000));
    }
}
