//! `cargo xtask fleet [--quick] [--seed N] [STORES [PROCESSES]]`: many collectors share one lake, and nothing gets lost or
//! doubled, whatever happens to them.
//!
//! Processes of the real program run as the pods of `deploy/kubernetes/statefulset.yaml` do. They are killed, restarted in
//! turn, and rescaled, while thousands of stores of the sandbox have news. Then DuckDB reads the lake: it has what the stores
//! have, and no store was unread for long. Needs Python.

use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Result;
use crate::lake::QUICK;
use crate::readers::{done, python_with};
use crate::workspace::{Workspace, write};

/// Compares the lake with the stores and the archives.
const SCRIPT: &str = include_str!("../python/fleet.py");

#[derive(clap::Args)]
pub(crate) struct FleetArgs {
    /// Take few stores and a debug build, and be done in a minute or so.
    #[arg(long)]
    quick: bool,
    /// Do what another run did, as far as time allows.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How many stores [default: 2000, or 60 with --quick]
    #[arg(value_parser = clap::value_parser!(u32).range(10..))]
    stores: Option<u32>,
    /// How many collectors at first [default: 8, or 3 with --quick]
    #[arg(value_parser = clap::value_parser!(u32).range(2..=64))]
    processes: Option<u32>,
}

pub(crate) fn run(FleetArgs { quick, seed, stores, processes }: FleetArgs) -> Result {
    let usual = if quick { (60, 3) } else { (2000, 8) };
    let (stores, processes) = (stores.unwrap_or(usual.0), processes.unwrap_or(usual.1));
    let seed = seed.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_secs()));
    let workspace = Workspace::find()?;
    let (program, bench) = if quick {
        (workspace.program()?, workspace.built_beside_tests("storelogs-bench")?)
    } else {
        (workspace.released_program()?, workspace.released("storelogs-bench")?)
    };
    // The same packages as those of `cargo xtask lake --quick`, installed once.
    let python = python_with(&workspace.target.join("lake-quick"), QUICK)?;
    let folder = workspace.target.join(if quick { "fleet-quick" } else { "fleet" });
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    write(&folder.join("fleet.py"), SCRIPT)?;
    println!("--seed {seed}");
    let mut run = Command::new(bench);
    run.arg("fleet").arg(&program).arg(&folder);
    run.args([u64::from(stores), u64::from(processes), seed].map(|number| number.to_string()));
    let ran = done(run.args(quick.then_some("quick")).current_dir(&workspace.root));
    // What is in the lake is worth knowing, whatever went wrong before.
    let compared =
        done(Command::new(python).arg("fleet.py").arg(workspace.root.join("docs/lake.md")).current_dir(&folder));
    ran.and(compared).map_err(|_| format!("see above, and {}; --seed {seed}", folder.display()))
}
