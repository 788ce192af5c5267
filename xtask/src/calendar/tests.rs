//! The workspace's tests, as programs.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::clock::Clock;
use super::moments::Moment;
use crate::Result;
use crate::workspace::{Workspace, cargo, messages, read};

/// The tests that touch time, by the name of the program and the beginning of their own: what is shown of today, what
/// a period is, and what a history of now holds. Six moments of all tests would take CI half an hour.
const TOUCHING: [(&str, &[&str]); 4] = [
    ("storelogs-cli suite", &["output::", "sql::"]),
    ("storelogs-collector suite", &["clock::", "rollup::"]),
    ("storelogs suite", &["follow::", "model::", "token::"]),
    ("storelogs-sandbox histories", &["a_history_"]),
];

/// No program of tests takes as long, not on a busy machine either. One that does has met a clock it never gets over.
const TIME_LIMIT: Duration = Duration::from_secs(30 * 60);

pub(super) struct Tests {
    programs: Vec<Program>,
    scratch: PathBuf,
}

/// A program of tests.
struct Program {
    /// The package and the target.
    name: String,
    path: PathBuf,
    /// The folder of its package, where cargo would run it.
    folder: PathBuf,
    filters: &'static [&'static str],
}

#[derive(Default)]
pub(super) struct Outcome {
    pub(super) passed: usize,
    /// Names of programs and tests.
    pub(super) failed: Vec<String>,
}

impl Tests {
    /// Builds them as `cargo test` does, so that nothing is built twice.
    pub(super) fn build(workspace: &Workspace, scratch: &Path, quick: bool) -> Result<Self> {
        let messages = messages(cargo().args(["test", "--no-run"]).current_dir(&workspace.root))?;
        if !messages.iter().any(|message| message["reason"] == "build-finished" && message["success"] == true) {
            return Err("something does not build: see above".into());
        }
        let mut programs = Vec::new();
        for message in messages.iter().filter(|message| message["profile"]["test"] == true) {
            let (Some(path), Some(manifest)) = (message["executable"].as_str(), message["manifest_path"].as_str())
            else {
                continue;
            };
            let folder = Path::new(manifest).parent().unwrap_or(Path::new(".")).to_owned();
            let package = match folder.file_name().and_then(|name| name.to_str()) {
                _ if folder == workspace.root => "storelogs".to_owned(),
                Some(name @ ("cli" | "collector" | "sandbox")) => format!("storelogs-{name}"),
                name => name.unwrap_or_default().to_owned(),
            };
            let name = format!("{package} {}", message["target"]["name"].as_str().unwrap_or_default());
            programs.push(Program { name, path: path.into(), folder, filters: &[] });
        }
        if quick {
            programs = touching(&programs)?;
        }
        if programs.is_empty() {
            return Err("there are no tests".into());
        }
        Ok(Self { programs, scratch: scratch.to_owned() })
    }

    /// Runs all of them, one program after the other.
    pub(super) fn run(&self, clock: &Clock, moment: &Moment) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        for program in &self.programs {
            let moment_name = moment.time.to_string().replace(':', "");
            let log = self.scratch.join(format!("{moment_name} {}.log", program.name));
            let well = program.run(clock, moment, &log)?;
            let before = outcome.failed.len();
            for line in read(&log)?.lines() {
                if let Some(name) = line.strip_prefix("test ").and_then(|line| line.strip_suffix(" ... FAILED")) {
                    outcome.failed.push(format!("{}: {name}", program.name));
                }
                let passed = line.split_once("test result: ").and_then(|(_, counts)| counts.split_once(" passed"));
                let passed = passed.and_then(|(counts, _)| counts.rsplit(' ').next());
                outcome.passed += passed.and_then(|count| count.parse::<usize>().ok()).unwrap_or_default();
            }
            if !well && outcome.failed.len() == before {
                outcome.failed.push(format!("{}: it came to no end of its own", program.name));
            }
        }
        Ok(outcome)
    }
}

/// The programs of [`TOUCHING`]. A filter that finds no test any more is an error: else nothing would be tried.
fn touching(programs: &[Program]) -> Result<Vec<Program>> {
    let mut chosen = Vec::new();
    for (name, filters) in TOUCHING {
        let program = programs.iter().find(|program| program.name == name);
        let program = program.ok_or_else(|| format!("there is no program of tests {name}"))?;
        let list = Command::new(&program.path).arg("--list").current_dir(&program.folder).output();
        let list = list.map_err(|e| format!("{}: {e}", program.path.display()))?;
        let list = String::from_utf8_lossy(&list.stdout);
        if let Some(none) = filters.iter().find(|filter| !list.lines().any(|line| line.contains(**filter))) {
            return Err(format!("{name} has no test {none}: xtask/src/calendar/tests.rs names it"));
        }
        let Program { name, path, folder, .. } = program;
        chosen.push(Program { name: name.clone(), path: path.clone(), folder: folder.clone(), filters });
    }
    Ok(chosen)
}

impl Program {
    /// Runs it, writes what it prints into a file, and says whether it ended well.
    fn run(&self, clock: &Clock, moment: &Moment, log: &Path) -> Result<bool> {
        let wrong = |e: std::io::Error| format!("{}: {e}", log.display());
        let mut file = File::create(log).map_err(wrong)?;
        writeln!(file, "{} at {}", self.name, moment.line()).map_err(wrong)?;
        let mut command = Command::new(&self.path);
        command
            .args(self.filters)
            .current_dir(&self.folder)
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .env("INSTA_UPDATE", "no")
            .stdin(Stdio::null())
            .stdout(file.try_clone().map_err(wrong)?)
            .stderr(file);
        clock.set(&mut command, moment);
        let mut child = command.spawn().map_err(|e| format!("{}: {e}", self.path.display()))?;
        let begun = Instant::now();
        loop {
            if let Some(status) = child.try_wait().map_err(wrong)? {
                return Ok(status.success());
            }
            if begun.elapsed() > TIME_LIMIT {
                // It may have ended by now, and then there is nothing to kill.
                drop(child.kill());
                drop(child.wait());
                return Ok(false);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}
