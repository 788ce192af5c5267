//! `cargo xtask soak [SECONDS]`: kills the program again and again, and proves that nothing is lost or doubled.

use crate::Result;
use crate::workspace::{Workspace, cargo};

#[derive(clap::Args)]
pub(crate) struct SoakArgs {
    /// How long.
    #[arg(default_value_t = 600)]
    seconds: u64,
}

pub(crate) fn run(SoakArgs { seconds }: SoakArgs) -> Result {
    let workspace = Workspace::find()?;
    // As cargo test builds it, so that nothing is built twice. Only the program of the tests can be made to die where it
    // should.
    let status = cargo()
        .args(["test", "--quiet", "--package=storelogs-cli", "--test=suite", "--"])
        .args(["crash_tests::soak", "--exact", "--ignored", "--nocapture"])
        .env("STORELOGS_SOAK_SECONDS", seconds.to_string())
        .current_dir(&workspace.root)
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    if status.success() { Ok(()) } else { Err("the archive is not what the shops wrote; the seed is above".into()) }
}
