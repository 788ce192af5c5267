//! The trial of packages and man pages, with the programs that check them.

use std::fs;
use std::process::{Command, Stdio};

use super::{fresh, said};
use crate::Result;
use crate::dist::Dist;
use crate::dist::target::GLIBC;

/// Every page is formatted without a warning, as Debian's checker has it done.
pub(super) fn pages(dist: &Dist) -> Result<String> {
    let folder = dist.tree().join("man");
    let list = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut count = 0;
    for page in list.flatten() {
        let mut man = Command::new("man");
        man.args(["--warnings", "--encoding=UTF-8", "--local-file", "-Tutf8", "-Z"]).arg(page.path());
        man.env("LC_ALL", "C.UTF-8").env("MANWIDTH", "80").env("MANROFFSEQ", "").stdout(Stdio::null());
        let output = man.output().map_err(|e| format!("man: {e}"))?;
        if !output.status.success() || !output.stderr.is_empty() {
            return Err(format!("{}: {}", page.path().display(), String::from_utf8_lossy(&output.stderr)));
        }
        count += 1;
    }
    if count > 20 { Ok(format!("{count}, no warning")) } else { Err(format!("{count} only")) }
}

/// Lintian finds nothing wrong, and what is unpacked is the program.
pub(super) fn deb(dist: &Dist) -> Result<String> {
    let (well, text) = said(Command::new("lintian").args(["--allow-root", "--fail-on=error,warning"]).arg(dist.deb()))?;
    if !well {
        return Err(text);
    }
    let folder = dist.folder.join("unpacked");
    fresh(&folder)?;
    let (well, text) = said(Command::new("dpkg-deb").arg("--extract").arg(dist.deb()).arg(&folder))?;
    if !well {
        return Err(text);
    }
    let bytes = |path| fs::read(path).map_err(|e| e.to_string());
    if bytes(folder.join("usr/bin/storelogs"))? != bytes(dist.tree().join("storelogs"))? {
        return Err("it has another program".into());
    }
    let (_, depends) = said(Command::new("dpkg-deb").arg("--field").arg(dist.deb()).arg("Depends"))?;
    Ok(format!("lintian is content; depends on {}", depends.trim()))
}

/// It is sound, runs no script, and requires glibc and nothing else.
pub(super) fn rpm(dist: &Dist) -> Result<String> {
    let query = |arguments: &[&str]| said(Command::new("rpm").args(arguments).arg(dist.rpm()));
    let (well, text) = query(&["--checksig", "--nosignature"])?;
    if !well {
        return Err(text);
    }
    let (_, scripts) = query(&["-qp", "--scripts", "--triggers"])?;
    let (_, requires) = query(&["-qpR"])?;
    let requires: Vec<&str> = requires.lines().filter(|line| !line.starts_with("rpmlib(")).collect();
    if !scripts.trim().is_empty() || requires != [format!("libc.so.6(GLIBC_{GLIBC})(64bit)")] {
        return Err(format!("it requires {requires:?}, and runs: {scripts}"));
    }
    Ok(format!("sound; requires {}", requires.join(", ")))
}
