//! `cargo xtask accuracy [SEEDS]`: what a report finds of what was planted in so many made-up shops, and what else it claims.

use crate::Result;
use crate::workspace::{Workspace, cargo};

/// So many shops unless told otherwise.
const SEEDS: u64 = 100;

pub(crate) fn run(arguments: &[String]) -> Result {
    let seeds: u64 = match arguments {
        [] => SEEDS,
        [seeds] => seeds.parse().map_err(|_| format!("{seeds} is no number of seeds"))?,
        _ => return Err("it takes the number of seeds and nothing else".into()),
    };
    let workspace = Workspace::find()?;
    // A hundred shops and their reports take ten minutes otherwise.
    let status = cargo()
        .args(["test", "--quiet", "--release", "--package=storelogs-collector", "--test=suite", "--"])
        .args(["detection_accuracy::table_", "--ignored", "--nocapture", "--test-threads=1"])
        .env("STORELOGS_TRUTH_SEEDS", seeds.to_string())
        .current_dir(&workspace.root)
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    if status.success() { Ok(()) } else { Err("the tables could not be made".into()) }
}
