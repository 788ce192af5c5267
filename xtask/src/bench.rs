//! `cargo xtask bench [--write] [GROUP …]` and `cargo xtask stores [N] [--write]`: the package `storelogs-bench`, built as it is
//! shipped.

use crate::Result;
use crate::workspace::{Workspace, cargo};

#[derive(clap::Args)]
pub(crate) struct StoresArgs {
    /// How many stores.
    #[arg(value_name = "N", default_value_t = 10_000)]
    stores: u32,
    /// Keep the figures in docs/benchmarks.md.
    #[arg(long)]
    write: bool,
}

/// One process that follows many stores.
pub(crate) fn stores(StoresArgs { stores, write }: StoresArgs) -> Result {
    let workspace = Workspace::find()?;
    build(&workspace, "storelogs-cli", "storelogs")?;
    let program = workspace.target.join("release/storelogs");
    let program = program.to_str().ok_or("the target folder's path is not text")?;
    measure(&["stores", &stores.to_string(), program], write)
}

#[derive(clap::Args)]
pub(crate) struct BenchArgs {
    /// Keep the tables in docs/benchmarks.md.
    #[arg(long)]
    write: bool,
    /// Groups of measurements, such as `decode` or `speed`. All of them, if none is named.
    #[arg(value_name = "GROUP")]
    groups: Vec<String>,
}

pub(crate) fn run(BenchArgs { write, groups }: BenchArgs) -> Result {
    if groups.is_empty() || groups.iter().any(|group| group == "drain") {
        // Whole processes are measured there.
        let workspace = Workspace::find()?;
        build(&workspace, "storelogs-cli", "storelogs")?;
        build(&workspace, "storelogs-bench", "by-hand")?;
    }
    measure(&Vec::from_iter(groups.iter().map(String::as_str)), write)
}

fn build(workspace: &Workspace, package: &str, program: &str) -> Result {
    let package = format!("--package={package}");
    let built = cargo().args(["build", "--release", &package, "--bin", program]).current_dir(&workspace.root).status();
    if built.map_err(|e| format!("cargo: {e}"))?.success() {
        Ok(())
    } else {
        Err(format!("the program `{program}` did not build"))
    }
}

fn measure(arguments: &[&str], write: bool) -> Result {
    let workspace = Workspace::find()?;
    let status = cargo()
        .args(["run", "--quiet", "--release", "--package=storelogs-bench", "--"])
        .args(arguments)
        .args(write.then_some("--write"))
        .current_dir(&workspace.root)
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("the benchmark ended with {status}")) }
}
