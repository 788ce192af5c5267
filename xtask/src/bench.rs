//! `cargo xtask bench [--write] [GROUP …]` and `cargo xtask stores [N] [--write]`: the package `storelogs-bench`, built as it is
//! shipped.

use crate::Result;
use crate::workspace::{Workspace, cargo};

/// One process that follows many stores.
pub(crate) fn stores(arguments: &[String]) -> Result {
    let workspace = Workspace::find()?;
    let built = cargo().args(["build", "--release", "--package=storelogs-cli"]).current_dir(&workspace.root).status();
    if !built.map_err(|e| format!("cargo: {e}"))?.success() {
        return Err("the program `storelogs` did not build".into());
    }
    let program = workspace.target.join("release/storelogs");
    let program = program.to_str().ok_or("the target folder's path is not text")?;
    let stores = arguments.iter().find(|argument| *argument != "--write").map_or("10000", String::as_str);
    let write = arguments.iter().filter(|argument| *argument == "--write").map(String::as_str);
    let arguments: Vec<String> = ["stores", stores, program].into_iter().chain(write).map(str::to_owned).collect();
    run(&arguments)
}

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
