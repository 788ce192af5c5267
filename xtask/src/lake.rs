//! `cargo xtask lake [--quick] [ENTRIES [STORES]]`: other people's engines say of a lake what the program says of its archive.
//!
//! An archive is made and exported in steps. DuckDB, deltalake, polars and a Spark cluster of a master and two workers are
//! asked the same questions, and `storelogs sql` the archive: all answers are equal, ids and times to the digit. `--quick`
//! leaves Spark out and takes a few thousand entries. Needs Python, and Java 17 for Spark.

use std::path::PathBuf;
use std::process::Command;

use crate::Result;
use crate::readers::{done, python_with};
use crate::workspace::{Workspace, cargo, messages, write};

/// The packages, pinned, with everything that they need: without Spark, which is half a gigabyte, and with it.
const QUICK: &str = include_str!("../python/lake.txt");
const WHOLE: &str = include_str!("../python/lake-spark.txt");

/// Exports, asks and compares.
const SCRIPT: &str = include_str!("../python/lake.py");

/// How many entries there are, and of how many stores.
const QUICK_SIZE: (u64, u64) = (20_000, 10);
const WHOLE_SIZE: (u64, u64) = (2_000_000, 200);

pub(crate) fn run(arguments: &[String]) -> Result {
    let quick = arguments.first().is_some_and(|argument| argument == "--quick");
    let numbers = arguments[usize::from(quick)..]
        .iter()
        .map(|argument| argument.parse::<u64>().map_err(|_| format!("{argument} is no number of entries or stores")));
    let numbers = numbers.collect::<Result<Vec<u64>>>()?;
    let (entries, stores) = if quick { QUICK_SIZE } else { WHOLE_SIZE };
    let (entries, stores) = match numbers[..] {
        [] => (entries, stores),
        [entries] => (entries, stores),
        [entries, stores] if stores >= 6 => (entries, stores),
        [_, _] => return Err("it takes six stores at least".into()),
        _ => return Err("it takes the number of entries, that of stores, and nothing else".into()),
    };
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

/// What makes the archive.
fn maker(workspace: &Workspace, quick: bool) -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--package=storelogs-collector", "--example=lake_archive"]).current_dir(&workspace.root);
    if !quick {
        build.arg("--release");
    }
    messages(&mut build)?
        .iter()
        .filter(|message| message["target"]["name"] == "lake_archive")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| "the maker of the archive did not build".into())
}
