//! `cargo xtask otlp [--quick] [ENTRIES [STORES]]`: a receiver of OTLP has every entry that it was sent and did not
//! refuse.
//!
//! The receiver keeps entries on disk before it answers, reads them with Google's protobuf, and has every fault that
//! real ones have; both sides are killed again and again. The same is tried through Rotel, a collector that we did not
//! write, if it can be installed. `--quick` takes a few thousand entries and leaves Rotel out. Needs Python.

use std::process::Command;

use crate::Result;
use crate::lake::maker;
use crate::readers::{done, python_with};
use crate::workspace::{Workspace, write};

/// The packages, pinned, with everything that they need.
const PACKAGES: &str = include_str!("../python/otlp.txt");
const ROTEL: &str = "rotel==0.0.1a15\n";

/// The receiver, and who kills and compares.
const SCRIPT: &str = include_str!("../python/otlp.py");

/// How many entries there are, and of how many stores.
const QUICK_SIZE: (u64, u64) = (1_500, 6);
const WHOLE_SIZE: (u64, u64) = (500_000, 100);

#[derive(clap::Args)]
pub(crate) struct OtlpArgs {
    /// Leave Rotel out, and take fewer entries.
    #[arg(long)]
    quick: bool,
    /// How many entries the archive has [default: 500000, or 1500 with --quick]
    entries: Option<u64>,
    /// Of how many stores, six at least [default: 100, or 6 with --quick]
    #[arg(value_parser = clap::value_parser!(u64).range(6..))]
    stores: Option<u64>,
}

pub(crate) fn run(OtlpArgs { quick, entries, stores }: OtlpArgs) -> Result {
    let size = if quick { QUICK_SIZE } else { WHOLE_SIZE };
    let (entries, stores) = (entries.unwrap_or(size.0), stores.unwrap_or(size.1));
    let workspace = Workspace::find()?;
    let program = if quick { workspace.program()? } else { workspace.released_program()? };
    let maker = maker(&workspace, quick)?;
    let folder = workspace.target.join(if quick { "otlp-quick" } else { "otlp" });
    let with_rotel = if quick { None } else { python_with(&folder, &format!("{PACKAGES}{ROTEL}")).ok() };
    let python = match &with_rotel {
        Some(python) => python.clone(),
        None => python_with(&folder, PACKAGES)?,
    };
    if !quick && with_rotel.is_none() {
        println!("Rotel cannot be installed here: what goes through it is left out");
    }
    write(&folder.join("otlp.py"), SCRIPT)?;
    let mut script = Command::new(python);
    script.arg("otlp.py").arg(program).arg(maker).args([stores.to_string(), entries.to_string()]);
    script.args(with_rotel.map(|_| "rotel"));
    done(script.current_dir(&folder))
}
