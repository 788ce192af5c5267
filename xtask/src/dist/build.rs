//! The program, as users get it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::target::{GLIBC, Target};
use crate::Result;
use crate::workspace::{Workspace, in_place_of_cargo, messages};

/// The features that the program has.
pub(super) struct Features {
    /// Besides the default ones.
    pub(super) more: Option<String>,
    pub(super) no_default: bool,
}

impl Features {
    pub(super) fn arguments(&self) -> Vec<&str> {
        let mut arguments = Vec::new();
        if self.no_default {
            arguments.push("--no-default-features");
        }
        if let Some(more) = &self.more {
            arguments.extend(["--features", more]);
        }
        arguments
    }
}

/// The moment that everything is dated by: `SOURCE_DATE_EPOCH`, or the last commit's.
pub(super) fn source_date(workspace: &Workspace) -> Result<i64> {
    let text = match env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text,
        Err(_) => printed(Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(&workspace.root))?,
    };
    text.trim().parse().map_err(|_| format!("not a number of seconds: {text}"))
}

/// Builds the program for a target. Says where it is.
pub(super) fn program(
    workspace: &Workspace,
    target: &Target,
    tools: &Path,
    features: &Features,
    moment: i64,
) -> Result<PathBuf> {
    let mut build = in_place_of_cargo(tools.join("cargo-zigbuild").as_os_str());
    build
        .args(["zigbuild", "--profile=dist", "--package=storelogs-cli", "--bin=storelogs", "--locked", "--target"])
        .arg(target.with_glibc())
        .args(features.arguments())
        .current_dir(&workspace.root)
        .env("PATH", first_in_path(tools)?)
        .env("SOURCE_DATE_EPOCH", moment.to_string())
        .env("RUSTFLAGS", without_our_paths(workspace)?);
    let program = messages(&mut build)?
        .iter()
        .filter(|message| message["target"]["name"] == "storelogs")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or("the program `storelogs` did not build")?;
    let symbols = printed(Command::new("objdump").arg("-T").arg(&program))?;
    match newest_glibc(&symbols) {
        Some(newest) if newest <= version(GLIBC) => Ok(program),
        newest => Err(format!("the program is to run with glibc {GLIBC}, and needs {newest:?}")),
    }
}

/// Paths of this machine are nobody's business, and would make each machine's program another one.
fn without_our_paths(workspace: &Workspace) -> Result<String> {
    let cargo = match env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => env::home_dir().ok_or("no home directory")?.join(".cargo"),
    };
    let rustc = printed(Command::new("rustc").args(["--print", "sysroot"]))?;
    let places = [(cargo.display().to_string(), "/cargo"), (rustc.trim().to_owned(), "/rust")];
    let here = (workspace.root.display().to_string(), "/storelogs");
    let flags = places.into_iter().chain([here]).map(|(from, to)| format!("--remap-path-prefix={from}={to}"));
    Ok(flags.collect::<Vec<_>>().join(" "))
}

fn first_in_path(folder: &Path) -> Result<std::ffi::OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let places = std::iter::once(folder.to_owned()).chain(env::split_paths(&path));
    env::join_paths(places).map_err(|e| e.to_string())
}

/// The newest version of glibc that a table of symbols asks for.
fn newest_glibc(symbols: &str) -> Option<Vec<u32>> {
    let versions = symbols.split("GLIBC_").skip(1);
    versions.map(|rest| version(rest.split(|c: char| c != '.' && !c.is_ascii_digit()).next().unwrap_or(""))).max()
}

fn version(text: &str) -> Vec<u32> {
    text.split('.').filter_map(|part| part.parse().ok()).collect()
}

/// The output of a program, if it ends well.
pub(super) fn printed(command: &mut Command) -> Result<String> {
    let name = command.get_program().display().to_string();
    let output = command.output().map_err(|e| format!("{name}: {e}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("{name}: {}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
    }
}

#[cfg(test)]
mod tests {
    use super::{newest_glibc, version};

    #[test]
    fn the_newest_glibc_is_found_by_number_and_not_by_text() {
        let symbols = "\
0000000000000000      DF *UND*  0000000000000000 (GLIBC_2.2.5) read
0000000000000000      DF *UND*  0000000000000000 (GLIBC_2.17) clock_gettime
0000000000000000      DF *UND*  0000000000000000 (GLIBC_2.3) __tls_get_addr
0000000000000000  w   DF *UND*  0000000000000000  Base        __cxa_finalize";
        assert_eq!(newest_glibc(symbols), Some(version("2.17")));
        assert!(version("2.17") > version("2.2.5") && version("2.36") > version("2.17"));
        assert_eq!(newest_glibc("no symbols at all"), None);
    }
}
