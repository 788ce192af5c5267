//! `cargo xtask picture`: the picture of the README, drawn from the terminal output of `storelogs demo`.

use std::process::Command;

use crate::Result;
use crate::readers::{done, python_with};
use crate::workspace::{Workspace, cargo, write};

/// The drawing package, pinned, with its dependencies.
const REQUIREMENTS: &str = include_str!("../python/picture.txt");

/// Runs a program in a terminal of its own, and draws what it prints.
const SCRIPT: &str = include_str!("../python/picture.py");

/// A release build of the program: the picture shows how long it took.
pub(crate) fn run() -> Result {
    let workspace = Workspace::find()?;
    done(cargo().args(["build", "--release", "--package=storelogs-cli"]).current_dir(&workspace.root))?;
    let program = workspace.target.join("release").join(format!("storelogs{}", std::env::consts::EXE_SUFFIX));
    let folder = workspace.target.join("picture");
    let python = python_with(&folder, REQUIREMENTS)?;
    write(&folder.join("picture.py"), SCRIPT)?;
    done(
        Command::new(&python)
            .arg("picture.py")
            .arg(workspace.root.join("docs/demo.svg"))
            .arg("storelogs")
            .arg(&program)
            .arg("demo")
            .env("TZ", "UTC")
            .current_dir(&folder),
    )
}
