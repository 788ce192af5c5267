//! `cargo xtask soak [SECONDS]`: kills the program again and again, and proves that nothing is lost and nothing doubled.

use crate::Result;
use crate::workspace::{Workspace, cargo};

/// So long unless told otherwise.
const SECONDS: u64 = 600;

pub(crate) fn run(arguments: &[String]) -> Result {
    let seconds: u64 = match arguments {
        [] => SECONDS,
        [seconds] => seconds.parse().map_err(|_| format!("{seconds} is no number of seconds"))?,
        _ => return Err("it takes the number of seconds and nothing else".into()),
    };
    let workspace = Workspace::find()?;
    // As cargo test builds it, so that nothing is built twice. Only the program of the tests can be told where to die.
    let status = cargo()
        .args(["test", "--quiet", "--package=storelogs-cli", "--test=suite", "--"])
        .args(["crash_tests::soak", "--exact", "--ignored", "--nocapture"])
        .env("STORELOGS_SOAK_SECONDS", seconds.to_string())
        .current_dir(&workspace.root)
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    if status.success() { Ok(()) } else { Err("the archive is not what the shops wrote; the seed is above".into()) }
}
