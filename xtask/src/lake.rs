//! `cargo xtask lake [--quick] [ENTRIES [STORES]]`: other engines read from a lake exactly what the program reads from
//! its archive.
//!
//! An archive is made and exported in steps. DuckDB, deltalake, polars and a Spark cluster of a master and two workers
//! run the same queries on the lake as `storelogs sql` on the archive: all results are equal, ids and times to the
//! digit. `--quick` leaves Spark out and takes a few thousand entries. Needs Python, and Java 17 for Spark.

use std::path::PathBuf;
use std::process::Command;

use crate::Result;
use crate::readers::{done, python_with};
use crate::workspace::{Workspace, write};

/// The packages, pinned, with everything that they need: without Spark, which is half a gigabyte, and with it.
pub(crate) const QUICK: &str = include_str!("../python/lake.txt");
const WHOLE: &str = include_str!("../python/lake-spark.txt");

/// Exports, asks and compares.
const SCRIPT: &str = include_str!("../python/lake.py");

/// How many entries there are, and of how many stores.
const QUICK_SIZE: (u64, u64) = (20_000, 10);
const WHOLE_SIZE: (u64, u64) = (2_000_000, 200);

#[derive(clap::Args)]
pub(crate) struct LakeArgs {
    /// Leave Spark out, and take fewer entries.
    #[arg(long)]
    quick: bool,
    /// How many entries the archive has [default: 2000000, or 20000 with --quick]
    entries: Option<u64>,
    /// Of how many stores, six at least [default: 200, or 10 with --quick]
    #[arg(value_parser = clap::value_parser!(u64).range(6..))]
    stores: Option<u64>,
}

pub(crate) fn run(LakeArgs { quick, entries, stores }: LakeArgs) -> Result {
    let size = if quick { QUICK_SIZE } else { WHOLE_SIZE };
    let (entries, stores) = (entries.unwrap_or(size.0), stores.unwrap_or(size.1));
    let workspace = Workspace::find()?;
    let program = if quick { workspace.program()? } else { workspace.released_program()? };
    let maker = maker(&workspace, quick)?;
    let folder = workspace.target.join(if quick { "lake-quick" } else { "lake" });
    let python = python_with(&folder, if quick { QUICK } else { WHOLE })?;
    write(&folder.join("lake.py"), SCRIPT)?;
    let mut script = Command::new(python);
    script.arg("lake.py").arg(program).arg(maker).args([stores.to_string(), entries.to_string()]);
    if !quick {
        script.arg("spark");
    }
    done(script.current_dir(&folder))
}

/// Builds the program that makes the archive.
pub(crate) fn maker(workspace: &Workspace, quick: bool) -> Result<PathBuf> {
    const MAKER: &str = "lake-archive";
    if quick { workspace.built_beside_tests(MAKER) } else { workspace.released(MAKER) }
}
