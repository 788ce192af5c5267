//! `cargo xtask bench [--write] [GROUP …]`: the package `storelogs-bench`, built as it is shipped.

use crate::Result;
use crate::workspace::{Workspace, cargo};

pub(crate) fn run(arguments: &[String]) -> Result {
    let workspace = Workspace::find()?;
    let status = cargo()
        .args(["run", "--quiet", "--release", "--package=storelogs-bench", "--"])
        .args(arguments)
        .current_dir(&workspace.root)
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("the benchmark ended with {status}")) }
}
