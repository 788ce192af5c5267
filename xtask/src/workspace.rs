//! The workspace as cargo knows it: where things are, and where a build put them.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Result;
use crate::generator::PLATFORMS;

pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
}

impl Workspace {
    pub(crate) fn find() -> Result<Self> {
        let output = cargo().args(["metadata", "--no-deps", "--format-version=1"]).output();
        let output = output.map_err(|e| format!("cargo metadata: {e}"))?;
        let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|e| format!("cargo metadata: {e}"))?;
        let path = |field: &str| {
            metadata[field].as_str().map(PathBuf::from).ok_or_else(|| format!("cargo metadata names no {field}"))
        };
        Ok(Self { root: path("workspace_root")?, target: path("target_directory")? })
    }

    /// The folder that holds the effective documents: `bigcommerce.json` and `shopline.json`, after the patch.
    /// build.rs writes them, so they are there even while the library itself does not compile.
    pub(crate) fn effective_documents(&self) -> Result<PathBuf> {
        let messages = self.cargo_messages(&["check", "--package=storelogs"])?;
        messages
            .iter()
            .filter(|message| message["reason"] == "build-script-executed")
            .filter_map(|message| message["out_dir"].as_str().map(PathBuf::from))
            .find(|out| PLATFORMS.iter().all(|platform| out.join(format!("{}.json", platform.name)).is_file()))
            .ok_or_else(|| "build.rs did not write the effective documents".into())
    }

    /// Builds the program `storelogs` and says where it is.
    pub(crate) fn program(&self) -> Result<PathBuf> {
        self.built_beside_tests("storelogs")
    }

    /// Builds a program as `cargo test` does: with the features that all tests ask for together, so that nothing that
    /// others wrote is built twice.
    pub(crate) fn built_beside_tests(&self, program: &str) -> Result<PathBuf> {
        // Cargo asks for the features of tests where an example is built.
        self.built(program, "--example=help_files")
    }

    /// The same, as it is released: several times as fast, and a build of its own.
    pub(crate) fn released_program(&self) -> Result<PathBuf> {
        self.released("storelogs")
    }

    /// Builds a program as it is released.
    pub(crate) fn released(&self, program: &str) -> Result<PathBuf> {
        self.built(program, "--release")
    }

    fn built(&self, program: &str, option: &str) -> Result<PathBuf> {
        self.cargo_messages(&["build", &format!("--bin={program}"), option])?
            .iter()
            .filter(|message| message["target"]["name"] == program)
            .find_map(|message| message["executable"].as_str().map(PathBuf::from))
            .ok_or_else(|| format!("the program `{program}` did not build"))
    }

    /// Builds the library's tests and says where they are. The whole workspace is built as `cargo test` does, so that
    /// nothing is built twice.
    pub(crate) fn library_tests(&self) -> Result<PathBuf> {
        let messages = self.cargo_messages(&["test", "--no-run", "--test=suite"])?;
        // The library may build, and a floor above it not.
        if !messages.iter().any(|message| message["reason"] == "build-finished" && message["success"] == true) {
            return Err("something does not build: see above".into());
        }
        let manifest = self.root.join("Cargo.toml");
        messages
            .iter()
            .filter(|message| message["manifest_path"].as_str().map(Path::new) == Some(&manifest))
            .filter(|message| message["target"]["name"] == "suite")
            .find_map(|message| message["executable"].as_str().map(PathBuf::from))
            .ok_or_else(|| "the library's tests did not build".into())
    }

    fn cargo_messages(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        messages(cargo().args(arguments).current_dir(&self.root))
    }
}

/// The messages of a build.
pub(crate) fn messages(build: &mut Command) -> Result<Vec<Value>> {
    let output = build
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| format!("cargo: {e}"))?;
    let lines = String::from_utf8_lossy(&output.stdout);
    lines.lines().map(|line| serde_json::from_str(line).map_err(|e| format!("cargo's message: {e}"))).collect()
}

/// Cargo, as one would call it in a shell. What `cargo xtask` sets for our own package must not be passed on: build
/// scripts that look at it, such as ring's, would run again, and most of the workspace be built twice.
pub(crate) fn cargo() -> Command {
    in_place_of_cargo(&env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A program that calls cargo, with the environment that cargo is called with.
pub(crate) fn in_place_of_cargo(program: &OsStr) -> Command {
    let mut cargo = Command::new(program);
    for (name, _) in env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|ours| name.to_string_lossy().starts_with(ours)) {
            cargo.env_remove(name);
        }
    }
    cargo
}

pub(crate) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

pub(crate) fn write(path: &Path, text: &str) -> Result {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}
