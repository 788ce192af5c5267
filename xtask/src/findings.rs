//! `cargo xtask findings [NAME …]`: are other people's tools still as `findings/` says?
//!
//! Each script there installs pinned packages, runs them without our program, and says by its exit code how that went.
//! It needs the package registries and takes most of an hour, so CI leaves it out.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Result;
use crate::workspace::Workspace;

/// A file that the scripts share, which is no finding.
const SHARED: &str = "lib";

#[derive(clap::Args)]
pub(crate) struct FindingsArgs {
    /// Scripts of findings/, without `.sh`. All of them, if none is named.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

pub(crate) fn run(FindingsArgs { names: wanted }: FindingsArgs) -> Result {
    let folder = Workspace::find()?.root.join("findings");
    let mut names = all(&folder)?;
    if let Some(unknown) = wanted.iter().find(|name| !names.contains(name)) {
        return Err(format!("there is no finding `{unknown}`; there are {}", names.join(", ")));
    }
    if !wanted.is_empty() {
        names.retain(|name| wanted.contains(name));
    }
    let mut rows = Vec::new();
    for name in names {
        println!("\n{name}");
        let start = Instant::now();
        let status = Command::new("bash").arg(folder.join(format!("{name}.sh"))).status();
        let status = status.map_err(|e| format!("bash: {e}"))?;
        rows.push(Row { name, outcome: Outcome::of(status.code()), took: start.elapsed() });
    }
    print!("\n{}", table(&rows));
    let changed: Vec<&str> =
        rows.iter().filter(|row| row.outcome == Outcome::Changed).map(|row| row.name.as_str()).collect();
    if changed.is_empty() { Ok(()) } else { Err(format!("no longer as stated: {}", changed.join(", "))) }
}

fn all(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".sh")?.to_owned()))
        .filter(|name| name != SHARED)
        .collect();
    names.sort();
    Ok(names)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    AsStated,
    Changed,
    /// A package is gone, or its registry is out of reach: that says nothing about the tool.
    NotSetUp,
}

impl Outcome {
    /// The result by the exit code, as `findings/lib.sh` gives it.
    fn of(code: Option<i32>) -> Self {
        match code {
            Some(0) => Self::AsStated,
            Some(1) => Self::Changed,
            _ => Self::NotSetUp,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::AsStated => "as stated",
            Self::Changed => "changed",
            Self::NotSetUp => "not set up",
        }
    }
}

struct Row {
    name: String,
    outcome: Outcome,
    took: Duration,
}

fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
    let line = |row: &Row| format!("{:<width$}  {:<10}  {:>4} s\n", row.name, row.outcome.words(), row.took.as_secs());
    rows.iter().map(line).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_can_be_run_and_is_in_the_list() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../findings");
        let list = fs::read_to_string(folder.join("README.md")).unwrap();
        let names = all(&folder).unwrap();
        assert!(!names.is_empty());
        for name in &names {
            assert!(list.contains(&format!("[{name}]({name}.sh)")), "README.md does not list {name}");
        }
        assert_eq!(list.matches(".sh)").count(), names.len(), "README.md lists what is not there");
    }

    #[test]
    fn a_tool_that_cannot_be_installed_is_not_taken_for_one_that_changed() {
        assert_eq!([0, 1, 2].map(|code| Outcome::of(Some(code)).words()), ["as stated", "changed", "not set up"]);
        assert_eq!(Outcome::of(None).words(), "not set up");
    }
}
