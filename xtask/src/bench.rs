//! `cargo xtask bench [--write] [--against REVISION] [GROUP …]` and `cargo xtask stores [N] [--write]`: the
//! measurements of the package `storelogs-bench`, in a release build.

use crate::Result;
use crate::bench_against;
use crate::workspace::{Workspace, cargo};

/// The variable that makes the benchmark leave out its largest sizes.
pub(crate) const QUICK: &str = "STORELOGS_BENCH_QUICK";

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
    build(&workspace, "storelogs-bench", "by-hand")?;
    let program = workspace.target.join("release/storelogs");
    let program = program.to_str().ok_or("the target folder's path is not text")?;
    measure(&["stores", &stores.to_string(), program], write, false)
}

#[derive(clap::Args)]
pub(crate) struct BenchArgs {
    /// Keep the tables in docs/benchmarks.md.
    #[arg(long)]
    write: bool,
    /// Measure another revision, too, in turns with this one, such as the last release.
    #[arg(long, value_name = "REVISION", conflicts_with = "write", requires = "groups")]
    against: Option<String>,
    /// How often both are measured; the middle figures count.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "against")]
    rounds: usize,
    /// At most a million entries for `large` and `growth`, and 10,000 stores.
    #[arg(long, conflicts_with = "write")]
    quick: bool,
    /// Groups of measurements, such as `decode` or `speed`. All of them, if none is named.
    #[arg(value_name = "GROUP")]
    groups: Vec<String>,
}

pub(crate) fn run(BenchArgs { write, against, rounds, quick, groups }: BenchArgs) -> Result {
    let groups = Vec::from_iter(groups.iter().map(String::as_str));
    if let Some(revision) = against {
        return bench_against::run(&Workspace::find()?, &revision, rounds.max(1), quick, &groups);
    }
    let some = |of: &[&str]| groups.is_empty() || of.iter().any(|group| groups.contains(group));
    // Whole processes are measured there.
    if some(&["drain", "growth", "footprint"]) {
        build(&Workspace::find()?, "storelogs-cli", "storelogs")?;
    }
    if some(&["drain"]) {
        build(&Workspace::find()?, "storelogs-bench", "by-hand")?;
    }
    measure(&groups, write, quick)
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

fn measure(arguments: &[&str], write: bool, quick: bool) -> Result {
    let workspace = Workspace::find()?;
    let status = cargo()
        .args(["run", "--quiet", "--release", "--bin=storelogs-bench", "--"])
        .args(arguments)
        .args(write.then_some("--write"))
        .envs(quick.then_some((QUICK, "1")))
        .current_dir(&workspace.root)
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("the benchmark ended with {status}")) }
}
