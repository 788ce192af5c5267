//! The golden files as they should be, written by the tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::workspace::{Workspace, read};

/// The modules of the library's tests that hold files to what they should say.
const TESTS: [&str; 2] = ["golden_files::", "shapes::"];

/// The golden files as they should be, by their paths in the repository.
pub(crate) struct Derived {
    pub(crate) files: BTreeMap<PathBuf, String>,
}

impl Derived {
    /// Builds the tests, build.rs and all, and lets them write what they would compare with. The tree is only read.
    ///
    /// # Errors
    /// If something does not build, or a request no longer has the shape that it must have.
    pub(crate) fn collect(workspace: &Workspace) -> Result<Self> {
        let tests = workspace.library_tests()?;
        // A run of its own: two of them may go on at the same time.
        let folder = workspace.target.join(format!("regen/derived-{}", std::process::id()));
        let files = write_all(&tests, &folder).and_then(|()| read_all(&folder));
        // Files that could not be removed do no harm: the next run has a folder of its own.
        drop(std::fs::remove_dir_all(&folder));
        Ok(Self { files: files? })
    }
}

fn write_all(tests: &Path, folder: &Path) -> Result {
    std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let output = Command::new(tests)
        .args(TESTS)
        // A snapshot names its test by the path from here.
        .current_dir(folder)
        .env("STORELOGS_REGEN", folder)
        .env("INSTA_WORKSPACE_ROOT", folder)
        .env("INSTA_UPDATE", "always")
        .env("INSTA_OUTPUT", "none")
        .output()
        .map_err(|e| format!("{}: {e}", tests.display()))?;
    if output.status.success() {
        return Ok(());
    }
    print!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err("a test fails above, for another reason than a stale file: fix that first".into())
}

fn read_all(folder: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let mut files = BTreeMap::new();
    for path in super::golden::files_below(folder)? {
        let text = read(&path)?;
        files.insert(path.strip_prefix(folder).map_err(|e| e.to_string())?.to_owned(), text);
    }
    Ok(files)
}
