//! `cargo xtask accuracy [SEEDS]`: precision and recall of reports on made-up shops.

use crate::Result;
use crate::workspace::{Workspace, cargo};

#[derive(clap::Args)]
pub(crate) struct AccuracyArgs {
    /// How many made-up shops.
    #[arg(default_value_t = 100)]
    seeds: u64,
}

pub(crate) fn run(AccuracyArgs { seeds }: AccuracyArgs) -> Result {
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
