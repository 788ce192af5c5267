//! `cargo xtask package`: the library as users get it, built by itself and offline.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, process};

use crate::Result;
use crate::workspace::{Workspace, cargo};

/// Files that the package cannot do without. The rest shows in the build.
const PARTS: [&str; 6] = ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "build.rs", "Cargo.lock"];

pub(crate) fn run() -> Result {
    let workspace = Workspace::find()?;
    let packed = workspace.target.join("package");
    let package =
        ["package", "--package=storelogs", "--no-verify", "--allow-dirty", "--offline", "--quiet", "--target-dir"];
    done("cargo package", cargo().args(package).arg(&workspace.target).current_dir(&workspace.root))?;

    // Elsewhere: in a folder below the workspace the package could reach what is not in it.
    let alone = Alone::new()?;
    let archive = newest(&packed)?;
    done("tar", Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(&alone.0))?;
    let root = only_folder(&alone.0)?;
    if let Some(missing) = PARTS.iter().find(|part| !root.join(part).is_file()) {
        return Err(format!("the package lacks {missing}: see `include` in Cargo.toml"));
    }
    let check = ["check", "--offline", "--locked", "--all-features", "--quiet", "--target-dir"];
    done("the package does not build by itself", cargo().args(check).arg(&workspace.target).current_dir(&root))?;
    let size = fs::metadata(&archive).map_err(|e| format!("{}: {e}", archive.display()))?.len();
    println!("{} builds by itself, offline; {} KiB", archive.display(), size.div_ceil(1024));
    Ok(())
}

fn done(what: &str, command: &mut Command) -> Result {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{what}: {status}")),
        Err(why) => Err(format!("{what}: {why}")),
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(listed.flatten().map(|entry| entry.path()).collect())
}

/// The package that was made last: packages of earlier versions may lie there, too.
fn newest(folder: &Path) -> Result<PathBuf> {
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.strip_prefix("storelogs-").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            && path.extension().is_some_and(|extension| extension == "crate")
    };
    let made = |path: &PathBuf| fs::metadata(path).and_then(|data| data.modified()).ok();
    let packages = entries(folder)?.into_iter().filter(is_ours);
    packages.max_by_key(made).ok_or_else(|| format!("no package in {}", folder.display()))
}

fn only_folder(folder: &Path) -> Result<PathBuf> {
    match <[PathBuf; 1]>::try_from(entries(folder)?) {
        Ok([one]) => Ok(one),
        Err(found) => Err(format!("the package holds {} folders instead of one", found.len())),
    }
}

/// A folder of its own, gone when it is dropped.
struct Alone(PathBuf);

impl Alone {
    fn new() -> Result<Self> {
        let folder = env::temp_dir().join(format!("storelogs-package-{}", process::id()));
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // it lies among temporary files anyway
    }
}
