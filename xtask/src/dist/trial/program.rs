//! The trial of the program, on a machine that has nothing but glibc.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{fresh, runs_here, said};
use crate::Result;
use crate::dist::{Dist, SIZE_LIMIT};

/// How often a program is started to say how long that takes.
const STARTS: usize = 200;
/// How long it may take at best.
const START_LIMIT: Duration = Duration::from_millis(5);

pub(super) fn size(dist: &Dist) -> Result<String> {
    let path = dist.tree().join("storelogs");
    let size = fs::metadata(&path).map_err(|e| format!("{}: {e}", path.display()))?.len();
    let megabytes = |bytes: u64| format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000);
    if size > SIZE_LIMIT {
        return Err(format!("{}, and {} are the limit", megabytes(size), megabytes(SIZE_LIMIT)));
    }
    Ok(megabytes(size))
}

/// Compares the start with that of a program that does nothing.
pub(super) fn starts_at_once(dist: &Dist) -> Result<String> {
    if !runs_here(dist) {
        return Ok("not tried: this machine has another processor".into());
    }
    let start = |program: &Path, arguments: &[&str]| {
        let mut times = Vec::new();
        for _ in 0..STARTS {
            let begun = Instant::now();
            let (well, text) = said(Command::new(program).args(arguments))?;
            times.push(begun.elapsed());
            if !well {
                return Err(text);
            }
        }
        times.sort();
        Ok((times[0], times[STARTS / 2]))
    };
    let (best, ours) = start(&dist.tree().join("storelogs"), &["--version"])?;
    let (_, nothing) = start(Path::new("true"), &[])?;
    let found =
        format!("{ours:.2?}, {:.1} times `true`; {best:.2?} at best", ours.as_secs_f64() / nothing.as_secs_f64());
    if best > START_LIMIT { Err(found) } else { Ok(found) }
}

/// A process that ends with its case.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A root with glibc, an empty /tmp, and nothing else: no `/etc`, no authorities, no time zones.
pub(super) fn in_an_empty_root(dist: &Dist) -> Result<String> {
    if !runs_here(dist) {
        return Ok("not tried: this machine has another processor".into());
    }
    let root = root(dist)?;
    let inside = |arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--root"]).arg(&root).arg("/storelogs").args(arguments);
        command.env_clear().stdin(Stdio::null());
        command
    };
    for arguments in [&["--version"][..], &["demo"]] {
        let (well, text) = said(&mut inside(arguments))?;
        if !well {
            return Err(format!("storelogs {}: {text}", arguments.join(" ")));
        }
    }
    let mut sandbox = inside(&["sandbox", "--no-quota", "--port-bigcommerce", "0", "--port-shopline", "0"]);
    let mut child = sandbox.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(|e| e.to_string())?;
    let lines = BufReader::new(child.stdout.take().ok_or("the sandbox has no output")?).lines();
    let _running = Running(child);
    let store: Vec<(String, String)> = lines
        .map_while(std::result::Result::ok)
        .take(6)
        .filter_map(|line| line.strip_prefix("export BIGCOMMERCE_")?.split_once('=').map(|(n, v)| (n.into(), v.into())))
        .map(|(name, value): (String, String)| (format!("BIGCOMMERCE_{name}"), value))
        .collect();
    let output = inside(&["fetch", "--since", "30d", "--format", "jsonl"]).envs(store.clone()).output();
    let output = output.map_err(|e| e.to_string())?;
    let entries = output.stdout.iter().filter(|byte| **byte == b'\n').count();
    if !output.status.success() || entries < 100 {
        return Err(format!("{entries} entries: {}", String::from_utf8_lossy(&output.stderr)));
    }
    // Nothing is sent: without authorities there is nobody to trust.
    let mut check = inside(&["check", "--format", "json"]);
    check.envs(store).env("BIGCOMMERCE_API_URL", "https://127.0.0.1:9");
    let output = check.output().map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let report: Value = serde_json::from_str(&text).map_err(|_| text.clone())?;
    if output.status.success() || report[0]["reason"] != "no_authorities" {
        return Err(format!("https without authorities: {text}"));
    }
    Ok(format!("--version, demo, {entries} entries by http; by https: {}", report[0]["reason"]))
}

fn root(dist: &Dist) -> Result<PathBuf> {
    let (root, program) = (dist.folder.join("root"), dist.tree().join("storelogs"));
    fresh(&root)?;
    fresh(&root.join("tmp"))?;
    let copy = |from: &Path, to: &str| {
        let to = root.join(to.trim_start_matches('/'));
        fs::create_dir_all(to.parent().unwrap_or(&root)).map_err(|e| e.to_string())?;
        fs::copy(from, &to).map_err(|e| format!("{}: {e}", from.display()))
    };
    copy(&program, "storelogs")?;
    let (_, libraries) = said(Command::new("ldd").arg(&program))?;
    for (name, path) in libraries_of(&libraries) {
        copy(Path::new(path), &if name.starts_with('/') { name.to_owned() } else { format!("lib/{name}") })?;
    }
    Ok(root)
}

/// The libraries that `ldd` lists: what the program asks for, and what answers here.
fn libraries_of(list: &str) -> Vec<(&str, &str)> {
    let lines = list.lines().filter_map(|line| line.trim().split_once(" (0x").map(|(library, _)| library));
    let libraries = lines.map(|library| library.split_once(" => ").unwrap_or((library, library)));
    libraries.filter(|(_, path)| path.starts_with('/')).collect()
}

#[cfg(test)]
mod tests {
    use super::libraries_of;

    #[test]
    fn libraries_are_read_from_what_ldd_prints() {
        let list =
            "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibm.so.6 => /lib/x/libm.so.6 (0x00007f)\n\t/lib64/ld.so.2 (0x00007f)\n";
        assert_eq!(libraries_of(list), [("libm.so.6", "/lib/x/libm.so.6"), ("/lib64/ld.so.2", "/lib64/ld.so.2")]);
        assert!(libraries_of("\tstatically linked\n").is_empty());
    }
}
