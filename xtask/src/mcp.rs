//! `cargo xtask mcp`: the official clients of the Model Context Protocol, for Python and for TypeScript, ask `storelogs mcp`.
//!
//! They check every answer against the schema of its tool, read an archive to its end by cursors, and get errors that say what is wrong.

use std::process::{Command, Stdio};

use crate::Result;
use crate::npm::Npm;
use crate::readers::{done, make, python_with};
use crate::workspace::{Workspace, read, write};

/// The client for Python, pinned, with everything that it needs.
const REQUIREMENTS: &str = include_str!("../python/mcp.txt");

pub(crate) fn run() -> Result {
    let workspace = Workspace::find()?;
    let program = workspace.program()?;
    let folder = workspace.target.join("mcp");
    let python = python_with(&folder, REQUIREMENTS)?;
    let npm = Npm::install(&workspace)?;
    let archive = folder.join("archive.db");
    make(&workspace, &program, &archive)?;
    let count =
        Command::new(&program).args(["search", "--count", "--archive"]).arg(&archive).stderr(Stdio::inherit()).output();
    let count = count.map_err(|e| format!("{}: {e}", program.display()))?;
    let entries = String::from_utf8_lossy(&count.stdout).trim().to_owned();
    let script = workspace.root.join("xtask/python/ask_mcp.py");
    done(Command::new(&python).arg(script).arg(&program).arg(&archive).arg(&entries).current_dir(&folder))?;
    // Node finds packages beside the script.
    let script = npm.folder().join("ask_mcp.mjs");
    write(&script, &read(&workspace.root.join("xtask/npm/ask_mcp.mjs"))?)?;
    done(Command::new("node").arg(script).arg(&program).arg(&archive).arg(&entries).current_dir(&folder))
}
