//! The golden files, and whether they are up to date.

use std::fs;
use std::path::{Path, PathBuf};

use super::derived::Derived;
use crate::Result;
use crate::workspace::{read, write};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Write,
    /// Writes nothing.
    Check,
}

/// Updates every golden file, or only compares. Returns which were stale, and how.
pub(crate) fn ensure(root: &Path, derived: &Derived, mode: Mode) -> Result<Vec<String>> {
    let mut stale = Vec::new();
    for path in all(root, derived)? {
        let contents = derived.files.get(&path).map(String::as_str);
        stale.extend(ensure_file(root, &path, contents, mode)?);
    }
    Ok(stale)
}

/// Every golden file that there should be, then files that should not be there.
pub(crate) fn all(root: &Path, derived: &Derived) -> Result<Vec<PathBuf>> {
    let orphans = golden_files(root)?.into_iter().filter(|path| !derived.files.contains_key(path));
    Ok(derived.files.keys().cloned().chain(orphans).collect())
}

/// Makes one file say what it should, or be absent, and says what was wrong with it. In [`Mode::Check`] it only says.
pub(crate) fn ensure_file(root: &Path, path: &Path, contents: Option<&str>, mode: Mode) -> Result<Option<String>> {
    let (name, place) = (path.display(), root.join(path));
    let found = if place.is_file() { Some(read(&place)?.replace("\r\n", "\n")) } else { None };
    let why = match (&found, contents) {
        (Some(found), Some(contents)) if found == contents => return Ok(None),
        (None, None) => return Ok(None),
        (Some(found), Some(contents)) => format!("{name}: line {} is stale", first_difference(found, contents)),
        (None, Some(_)) => format!("{name} is missing"),
        (Some(_), None) => format!("{name}: nothing makes this file any more"),
    };
    match (mode, contents) {
        (Mode::Check, _) => {}
        (Mode::Write, Some(contents)) => write(&place, contents)?,
        (Mode::Write, None) => fs::remove_file(&place).map_err(|e| format!("{name}: {e}"))?,
    }
    Ok(Some(why))
}

fn first_difference(found: &str, contents: &str) -> usize {
    found.lines().zip(contents.lines()).take_while(|(found, line)| found == line).count() + 1
}

/// The files of the tree that only `regen` writes, whether or not something still makes them.
fn golden_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in ["docs", "specs", "tests/suite/snapshots"] {
        for path in files_below(&root.join(folder))? {
            let path = path.strip_prefix(root).map_err(|e| e.to_string())?.to_owned();
            if is_golden(&path) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

fn is_golden(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_snapshot = ["suite__golden_files__", "suite__shapes__"].iter().any(|module| name.starts_with(module));
    path.starts_with("specs") && name == "effective.json"
        || path.starts_with("tests/suite/snapshots") && is_snapshot && name.ends_with(".snap")
        || ["docs/faults.md", "docs/log-entry.schema.json"].iter().any(|file| path == Path::new(file))
}

/// Every file below a folder, in order; none if there is no such folder.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let fault = |e: std::io::Error| format!("{}: {e}", folder.display());
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        if path.is_dir() { files.extend(files_below(&path)?) } else { files.push(path) }
    }
    files.sort();
    Ok(files)
}
