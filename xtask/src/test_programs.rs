//! The test programs of the workspace: built once, and run as often as needed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::workspace::{Workspace, cargo, messages, read};

/// How many tests of a program are run at once. Many wait.
const AT_ONCE: &str = "4";

/// No program of tests takes as long, not on a busy machine either. One that does never ends.
const TIME_LIMIT: Duration = Duration::from_secs(30 * 60);

pub(crate) struct TestPrograms {
    /// The program `storelogs`, as it was built for its tests.
    pub(crate) storelogs: PathBuf,
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
    /// Only the tests that have one of these in their name.
    filters: &'static [&'static str],
    /// None of those that have one of these, unless all are run.
    spared: &'static [&'static str],
}

#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) passed: usize,
    /// Names of programs and tests.
    pub(crate) failed: Vec<String>,
}

/// The tests that failed over many runs, and in which of them.
#[derive(Default)]
pub(crate) struct Failures(BTreeMap<String, Vec<String>>);

impl Failures {
    pub(crate) fn note(&mut self, what: String, run: String) {
        self.0.entry(what).or_default().push(run);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// A line for each: in which runs it failed, as `before` says.
    pub(crate) fn lines(&self, before: &str) -> String {
        let lines = self.0.iter().map(|(what, runs)| format!("- {what}: {before} {}", runs.join(", ")));
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl TestPrograms {
    /// Builds them as `cargo test` does, so that nothing is built twice.
    pub(crate) fn build(workspace: &Workspace, scratch: &Path) -> Result<Self> {
        let messages = messages(cargo().args(["test", "--no-run"]).current_dir(&workspace.root))?;
        if !messages.iter().any(|message| message["reason"] == "build-finished" && message["success"] == true) {
            return Err("something does not build: see above".into());
        }
        let storelogs = messages
            .iter()
            .filter(|message| message["target"]["name"] == "storelogs" && message["profile"]["test"] == false)
            .find_map(|message| message["executable"].as_str().map(PathBuf::from))
            .ok_or("the program `storelogs` did not build")?;
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
            programs.push(Program { name, path: path.into(), folder, filters: &[], spared: &[] });
        }
        if programs.is_empty() {
            return Err("there are no tests".into());
        }
        Ok(Self { storelogs, programs, scratch: scratch.to_owned() })
    }

    /// Leaves only the tests that have one of these in their name, of the programs that are named.
    pub(crate) fn only(&mut self, chosen: &[(&str, &'static [&'static str])]) -> Result {
        for (name, filters) in chosen {
            self.find(name, filters)?.filters = filters;
        }
        self.programs.retain(|program| !program.filters.is_empty());
        Ok(())
    }

    /// Runs the tests that have one of these in their name only when all are run.
    pub(crate) fn spare(&mut self, chosen: &[(&str, &'static [&'static str])]) -> Result {
        for (name, spared) in chosen {
            self.find(name, spared)?.spared = spared;
        }
        Ok(())
    }

    /// A program of that name, which has such tests. A name that no test has any more is an error: else nothing would be
    /// tried, or all of it.
    fn find(&mut self, name: &str, tests: &[&str]) -> Result<&mut Program> {
        let program = self.programs.iter_mut().find(|program| program.name == name);
        let program = program.ok_or_else(|| format!("there is no program of tests {name}"))?;
        let list = Command::new(&program.path).arg("--list").current_dir(&program.folder).output();
        let list = list.map_err(|e| format!("{}: {e}", program.path.display()))?;
        let list = String::from_utf8_lossy(&list.stdout);
        match tests.iter().find(|test| !list.lines().any(|line| line.contains(**test))) {
            Some(none) => Err(format!("{name} has no test {none}, which is named in xtask/src")),
            None => Ok(program),
        }
    }

    /// Runs them, one program after the other: all tests, or without those that are spared. What they print is kept under
    /// a title; each is prepared before it is started.
    pub(crate) fn run(&self, title: &str, all: bool, prepare: impl Fn(&mut Command)) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        for program in &self.programs {
            let log = self.scratch.join(format!("{} {}.log", title.replace([':', '/'], ""), program.name));
            let well = program.run(title, all, &prepare, &log)?;
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

impl Program {
    /// Runs it, writes what it prints into a file, and says whether it ended well.
    fn run(&self, title: &str, all: bool, prepare: impl Fn(&mut Command), log: &Path) -> Result<bool> {
        let wrong = |e: std::io::Error| format!("{}: {e}", log.display());
        let mut file = File::create(log).map_err(wrong)?;
        writeln!(file, "{}: {title}", self.name).map_err(wrong)?;
        let mut command = Command::new(&self.path);
        let spared = if all { &[] } else { self.spared };
        command
            .args(self.filters)
            .args(["--test-threads", AT_ONCE])
            .args(spared.iter().flat_map(|name| ["--skip", name]))
            .current_dir(&self.folder)
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .env("INSTA_UPDATE", "no")
            .stdin(Stdio::null())
            .stdout(file.try_clone().map_err(wrong)?)
            .stderr(file);
        prepare(&mut command);
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
