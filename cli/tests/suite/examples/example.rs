//! One command of a page, run as it is printed there.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use jiff::SignedDuration;

use super::shop::{Shop, State};
use crate::program::{Program, present};

/// A command that follows prints what it has to within this time, on a busy machine too.
const TIME_LIMIT: Duration = Duration::from_secs(120);

pub(super) struct Example {
    line: String,
    /// Runs until it is asked to end.
    pub(super) follows: bool,
    state: State,
    /// The program that its output is piped to.
    filter: Option<String>,
}

impl Example {
    pub(super) fn new(line: &str) -> Self {
        let (command, filter) = match line.split_once(" | ") {
            Some((command, filter)) => (command, Some(filter.to_owned())),
            None => (line, None),
        };
        let words: Vec<&str> = command.split(' ').collect();
        let has = |word: &str| words.contains(&word);
        let follows = match words[1] {
            "sandbox" => true,
            "watch" => !has("--test") && !has("--try"),
            _ => has("-f") || has("--follow"),
        };
        let filters = |text: &str| filter.as_ref().is_some_and(|filter| filter.contains(text));
        let state = match words[1] {
            "check" if filters(".ok | not") => State::Refused,
            "status" if has("--problems") => State::Refused,
            "verify" if filters(".verdict") || has("--repair") => State::Short,
            _ if follows => State::Busy,
            _ => State::Well,
        };
        // A day of an example is one of the last weeks, and a port one that is free.
        let day = |ago: i64| (present() - SignedDuration::from_hours(24 * ago)).strftime("%Y-%m-%d").to_string();
        let mut line = command.replace("${fpath[1]}", "$HOME").replace("127.0.0.1:9464", "127.0.0.1:0");
        for (date, ago) in [("2026-08-01", 40), ("2026-08-02", 39), ("2026-09-01", 9)] {
            line = line.replace(date, &day(ago));
        }
        if words[1] == "sandbox" {
            line.push_str(" --port-bigcommerce 0 --port-shopline 0");
        }
        Self { line, follows, state, filter }
    }

    /// Runs it in a home of its own: it ends as it should, and finds something.
    pub(super) fn run(&self, shop: &Shop) -> Result<(), String> {
        let program = shop.program(self.state);
        let output = if self.follows { self.follow(&program) } else { self.once(&program) };
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.code().is_some_and(|code| self.codes().contains(&code)) {
            return Err(format!("{}: {}: {said}", self.line, output.status));
        }
        let mut found = output.stdout;
        found.extend(
            self.file(&program)
                .filter(|path| !path.is_dir())
                .map(|path| std::fs::read(path).unwrap())
                .unwrap_or_default(),
        );
        // What only says that it was done, says it to the user.
        let says_it = ["sync", "watch --once", "report --open"].iter().any(|quiet| self.line.contains(quiet));
        if found.is_empty() && (!says_it || said.is_empty()) {
            return Err(format!("{}: it finds nothing; {said}", self.line));
        }
        match &self.filter {
            Some(filter) if can_filter() => filtered(filter, &found).map_err(|why| format!("{}: {why}", self.line)),
            _ => Ok(()),
        }
    }

    /// How it may end.
    fn codes(&self) -> &'static [i32] {
        match self.state {
            // `tail -f` says that it was ended before it was done: there is no end to it.
            _ if self.line.contains("tail -f") => &[143],
            State::Short if self.line.contains("--repair") => &[0],
            State::Short => &[1, 4],
            State::Refused if self.line.contains("check") => &[4],
            State::Refused => &[1],
            State::Well | State::Busy => &[0],
        }
    }

    fn shell(&self, program: &Program, before: &str) -> Command {
        let home = program.home.path().display().to_string();
        let built = Path::new(env!("CARGO_BIN_EXE_storelogs")).parent().unwrap().display();
        let path = std::env::var("PATH").unwrap_or_default();
        let of = program.command(&[]);
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("{before}{}", self.line)).current_dir(&home).env_clear();
        shell.envs(of.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.env("PATH", format!("{home}/bin:{built}:{path}")).stdout(Stdio::piped()).stderr(Stdio::piped());
        shell
    }

    fn once(&self, program: &Program) -> Output {
        let mut child = self.shell(program, "").stdin(Stdio::piped()).spawn().unwrap();
        // Whoever asks for no statement is asked for one. A program that reads nothing may have ended.
        let _ = child.stdin.take().unwrap().write_all(b"SELECT count(*) FROM entries");
        child.wait_with_output().unwrap()
    }

    /// Runs it until it has printed something.
    fn follow(&self, program: &Program) -> Output {
        let (out, err) = (program.home.path().join("followed.out"), program.home.path().join("followed.err"));
        // The signal is for the program and not for the shell.
        let mut command = self.shell(program, "exec ");
        command.stdin(Stdio::null());
        command.stdout(std::fs::File::create(&out).unwrap()).stderr(std::fs::File::create(&err).unwrap());
        let mut child = command.spawn().unwrap();
        // A deadline, by the clock that nobody shifts.
        let begun = Instant::now();
        let watches_only = self.line == "storelogs watch";
        let says_it = self.line.contains("sync --follow");
        let printed = |path: &PathBuf| std::fs::metadata(path).unwrap().len() > 0;
        for turn in 1.. {
            std::thread::sleep(Duration::from_millis(100));
            let ended = child.try_wait().unwrap().is_some() || begun.elapsed() > TIME_LIMIT;
            if ended || printed(&out) || (says_it && printed(&err)) {
                break;
            }
            // Somebody else collects.
            if watches_only && turn % 20 == 0 {
                program.run(&["sync"]);
            }
        }
        let _ = Command::new("kill").arg(child.id().to_string()).status().unwrap();
        let status = child.wait().unwrap();
        Output { status, stdout: std::fs::read(out).unwrap(), stderr: std::fs::read(err).unwrap() }
    }

    /// The file that it writes.
    fn file(&self, program: &Program) -> Option<PathBuf> {
        let words: Vec<&str> = self.line.split(' ').filter(|word| !word.is_empty()).collect();
        let at = words.iter().position(|word| ["-o", ">"].contains(word))?;
        let name = words[at + 1].trim_matches('"').replace("$HOME/", "").replace("~/", "");
        Some(program.home.path().join(name))
    }
}

/// Whether this machine has jq, which some examples go through.
pub(super) fn can_filter() -> bool {
    Command::new("jq").arg("--version").output().is_ok()
}

/// Whether something is left of the output behind a filter.
fn filtered(filter: &str, output: &[u8]) -> Result<(), String> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(filter).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let output = output.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&output));
    let left = child.wait_with_output().unwrap();
    writer.join().unwrap().map_err(|error| format!("{filter}: {error}"))?;
    if left.status.success() && !left.stdout.trim_ascii().is_empty() {
        return Ok(());
    }
    Err(format!("`{filter}` leaves nothing: {left:?}"))
}
