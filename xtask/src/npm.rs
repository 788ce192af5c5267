//! The programs that come from npm. `xtask/npm` pins them; they are installed under `target/npm`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::workspace::{Workspace, read, write};

pub(crate) struct Npm {
    folder: PathBuf,
    bin: PathBuf,
}

impl Npm {
    /// Installs what the lock file names, unless that was done before. No package's install script runs.
    pub(crate) fn install(workspace: &Workspace) -> Result<Self> {
        let source = workspace.root.join("xtask/npm");
        let prefix = workspace.target.join("npm");
        let npm = Self { folder: prefix.clone(), bin: prefix.join("node_modules/.bin") };
        let lock = read(&source.join("package-lock.json"))?;
        let installed = prefix.join("installed.json");
        if read(&installed).is_ok_and(|text| text == lock) {
            return Ok(npm);
        }
        println!("Installing the packages of xtask/npm under {}", prefix.display());
        write(&prefix.join("package.json"), &read(&source.join("package.json"))?)?;
        write(&prefix.join("package-lock.json"), &lock)?;
        let status = Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(&prefix)
            .status()
            .map_err(|e| format!("npm: {e}. Node.js 20.19 or later is needed"))?;
        if !status.success() {
            return Err(format!("npm ci failed: {status}"));
        }
        write(&installed, &lock)?;
        Ok(npm)
    }

    /// The folder in which the packages are installed.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn command(&self, name: &str, folder: &Path) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command
            .current_dir(folder)
            .env("NO_COLOR", "1")
            .env("REDOCLY_TELEMETRY", "off")
            .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
        command
    }
}
