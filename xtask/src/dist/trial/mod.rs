//! The trial of what was made: as users will use it, and with the programs that check packages, as far as they are
//! installed.

mod packages;
mod program;
mod shells;

use std::env::consts::ARCH;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Dist;
use crate::Result;

/// One way of trying what was made.
struct Case {
    name: &'static str,
    /// The programs that it takes.
    needs: &'static [&'static str],
    /// It says what it found, in a few words.
    run: fn(&Dist) -> Result<String>,
}

const CASES: [Case; 9] = [
    Case { name: "size", needs: &[], run: program::size },
    Case { name: "in an empty root", needs: &["unshare", "ldd"], run: program::in_an_empty_root },
    Case { name: "storelogs --version", needs: &[], run: program::starts_at_once },
    Case { name: "man pages", needs: &["man"], run: packages::pages },
    Case { name: "the .deb", needs: &["dpkg-deb", "lintian"], run: packages::deb },
    Case { name: "the .rpm", needs: &["rpm"], run: packages::rpm },
    Case { name: "completions of bash", needs: &["bash"], run: shells::bash },
    Case { name: "completions of zsh", needs: &["zsh"], run: shells::zsh },
    Case { name: "completions of fish", needs: &["fish"], run: shells::fish },
];

pub(super) fn run(dist: &Dist) -> Result {
    let mut failed = Vec::new();
    for case in &CASES {
        if let Some(program) = case.needs.iter().find(|program| !is_installed(program)) {
            println!("left out  {} ({program} is not installed)", case.name);
            continue;
        }
        match (case.run)(dist) {
            Ok(found) => println!("ok        {}: {found}", case.name),
            Err(why) => {
                println!("FAILED    {}: {why}", case.name);
                failed.push(case.name);
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("not fit to be given away: {}", failed.join(", "))) }
}

fn is_installed(program: &str) -> bool {
    let run = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    run.is_ok()
}

/// Whether this machine can run the program.
fn runs_here(dist: &Dist) -> bool {
    dist.target.to_string().starts_with(ARCH)
}

/// Everything that a program says, and whether it ended well.
fn said(command: &mut Command) -> Result<(bool, String)> {
    let name = command.get_program().display().to_string();
    let output = command.stdin(Stdio::null()).output().map_err(|e| format!("{name}: {e}"))?;
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    Ok((output.status.success(), text))
}

/// Makes a folder anew.
fn fresh(folder: &Path) -> Result {
    let _ = std::fs::remove_dir_all(folder); // of the run before, if there was one
    std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))
}
