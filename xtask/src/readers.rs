//! `cargo xtask readers`: other SQLite programs read the archive as ours does, view by view, row by row.
//!
//! Debian's `sqlite3` opens, dumps and recovers it; Python's `sqlite3`, Datasette, `sqlite-utils` and DuckDB read every
//! view that `docs/search.md` documents. Each has to give the same rows as `storelogs sql`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::workspace::{Workspace, read, write};

/// The packages, pinned, with everything that they need.
const REQUIREMENTS: &str = include_str!("../python/readers.txt");

/// Compares the readers.
const SCRIPT: &str = include_str!("../python/readers.py");

pub(crate) fn run() -> Result {
    let workspace = Workspace::find()?;
    let program = workspace.program()?;
    let folder = workspace.target.join("readers");
    let python = python_with(&folder, REQUIREMENTS)?;
    let archive = folder.join("archive.db");
    make(&workspace, &program, &archive)?;
    let docs = read(&workspace.root.join("docs/search.md"))?;
    write(&folder.join("readers.py"), SCRIPT)?;
    done(
        Command::new(&python)
            .arg("readers.py")
            .arg(&program)
            .arg("archive.db")
            .args(views(&docs)?)
            .current_dir(&folder),
    )
}

/// Python with these packages, pinned, in an environment of its own below a folder. It is made once.
pub(crate) fn python_with(folder: &Path, requirements: &str) -> Result<PathBuf> {
    let python = folder.join("python/bin/python");
    let installed = folder.join("installed.txt");
    if !read(&installed).is_ok_and(|text| text == requirements) {
        println!("Installing packages for Python under {}", folder.display());
        write(&folder.join("requirements.txt"), requirements)?;
        done(Command::new("python3").args(["-m", "venv", "python"]).current_dir(folder))?;
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"];
        done(Command::new(&python).args(install).arg("requirements.txt").current_dir(folder))?;
        write(&installed, requirements)?;
    }
    Ok(python)
}

/// The views that the page documents: the first column of their table.
fn views(docs: &str) -> Result<Vec<String>> {
    let (_, table) = docs.split_once("| view | ").ok_or("docs/search.md has no table of views")?;
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let views: Vec<String> = rows.filter_map(|row| row.split('`').nth(1)).map(str::to_owned).collect();
    if views.len() > 6 { Ok(views) } else { Err(format!("docs/search.md documents {views:?} only")) }
}

/// A year of one owner's two stores, with its words indexed.
pub(crate) fn make(workspace: &Workspace, program: &Path, archive: &Path) -> Result {
    for ending in ["db", "db-wal", "db-shm", "index.db", "index.db-wal", "index.db-shm"] {
        let _ = std::fs::remove_file(archive.with_extension(ending)); // of the run before, if there was one
    }
    done(Command::new(workspace.built_beside_tests("large-archive")?).arg(archive).args(["1", "400"]))?;
    done(Command::new(program).args(["search", "--count", "payment", "--archive"]).arg(archive))
}

pub(crate) fn done(command: &mut Command) -> Result {
    let name = command.get_program().display().to_string();
    let status = command.status().map_err(|e| format!("{name}: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{name} {:?}: {status}", command.get_args().collect::<Vec<_>>()))
    }
}
