//! Every command that the README and `--help` print, run as it stands there against what it is about: it ends well and
//! finds something. Those of the demo are run beside it, in `demo.rs`.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use storelogs_sandbox::{Behavior, History, Platform, Sandbox, Store};

use crate::program::{HANDLE, HASH, Program, serve};

const COMMANDS: [&str; 15] = [
    "",
    "check",
    "completions",
    "demo",
    "fetch",
    "report",
    "sandbox",
    "schema",
    "search",
    "sql",
    "status",
    "sync",
    "tail",
    "verify",
    "watch",
];

/// What rules look for, and whom they alert.
const RULES: &str = "[[rule]]\nname = \"errors\"\nwhen = \"severity>=error\"\nrun = [\"true\"]\n";

/// A command that follows prints what it has to within this time, on a busy machine too.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// Two stores as `storelogs sandbox` serves them, an archive of them, and somebody's files.
struct Stage {
    sandbox: Sandbox,
    well: Program,
    /// One store refuses its token, and the archive lacks entries of the other.
    broken: Program,
}

impl Stage {
    fn new() -> Self {
        let history = History::seeded(1).ending_at(Timestamp::now().as_second());
        let sandbox = serve([
            Store::bigcommerce(HASH).history(history.clone()).behavior(Behavior::unlimited()),
            Store::shopline(HANDLE).history(history).behavior(Behavior::unlimited()),
        ]);
        let well = furnished(Program::reading(&sandbox).configured(RULES));
        let run = well.run(&["sync"]);
        assert_eq!(run.code, 0, "{run:?}");
        let broken = Program::reading(&sandbox).with("BIGCOMMERCE_ACCESS_TOKEN", "wrong-token");
        let archive = broken.home.path().join(".local/share/storelogs/archive.db");
        std::fs::create_dir_all(archive.parent().unwrap()).unwrap();
        std::fs::copy(well.home.path().join(".local/share/storelogs/archive.db"), &archive).unwrap();
        let sql = rusqlite::Connection::open(&archive).unwrap();
        let shopline = "store = (SELECT id FROM store WHERE platform = 'shopline')";
        let lost = format!("DELETE FROM entry WHERE key IN (SELECT key FROM entry WHERE {shopline} LIMIT 20, 7)");
        assert_eq!(sql.execute(&lost, []).unwrap(), 7);
        Self { sandbox, well, broken }
    }

    /// An error that happens now.
    fn fail(&self) {
        let id = Timestamp::now().as_millisecond();
        let record = json!({"id": id, "type": "payment", "module": "Test Payment Gateway",
            "severity": "errors", "summary": "It failed", "message": "",
            "date_created": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()});
        self.sandbox.push(Platform::BigCommerce, HASH, record);
    }
}

/// A program beside whose configuration stand the files that the examples name.
fn furnished(program: Program) -> Program {
    let home = program.home.path();
    for folder in [".local/share/bash-completion/completions", ".config/fish/completions", "bin"] {
        std::fs::create_dir_all(home.join(folder)).unwrap();
    }
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples/bigcommerce-1.json");
    std::fs::copy(page, home.join("page.json")).unwrap();
    for name in ["question.sql", "week.sql"] {
        program.file(name, "SELECT uid, time FROM entries ORDER BY key DESC LIMIT 10");
    }
    // What a desktop has, and a machine that runs tests has not.
    program.file("bin/xdg-open", "#!/bin/sh\ntrue\n");
    #[cfg(unix)]
    std::fs::set_permissions(home.join("bin/xdg-open"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    program
}

/// Every command of the help and of the documents, once.
fn examples() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for command in COMMANDS {
        let help = Program::new().run(&[&[command][usize::from(command.is_empty())..], &["--help"]].concat()).out;
        found.extend(help.lines().filter_map(|line| line.strip_prefix("  storelogs ")).map(|line| {
            // What it is for stands behind a gap; where a shell puts the output does, too.
            let end = line.match_indices("  ").map(|(at, _)| at).find(|at| !line[*at..].trim_start().starts_with('>'));
            format!("storelogs {}", line[..end.unwrap_or(line.len())].trim_end())
        }));
    }
    for document in ["README.md", "docs/search.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(document);
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().filter_map(|line| line.strip_prefix("$ "));
        found.extend(lines.map(|line| line.split("  #").next().unwrap().trim_end().to_owned()));
    }
    found
}

/// One command of an example, as a shell is given it.
struct Example {
    line: String,
    /// Runs until it is told to end.
    follows: bool,
    /// Is about what is not well.
    wants_trouble: bool,
    /// What its output goes through.
    filter: Option<String>,
}

impl Example {
    fn new(line: &str) -> Self {
        let (command, filter) = match line.split_once(" | ") {
            Some((command, filter)) => (command, Some(filter.to_owned())),
            None => (line, None),
        };
        let words: Vec<&str> = command.split(' ').collect();
        let follows = match words[1] {
            "sandbox" => true,
            "watch" => !words.iter().any(|word| ["--once", "--test", "--try"].contains(word)),
            _ => words.contains(&"-f") || words.contains(&"--follow"),
        };
        let wants_trouble =
            filter.as_ref().is_some_and(|filter| filter.contains(".ok | not") || filter.contains("\"gap\""));
        // A day of an example is one of the last weeks, and a port one that is free.
        let day = |ago: i64| (Timestamp::now() - SignedDuration::from_hours(24 * ago)).strftime("%Y-%m-%d").to_string();
        let mut line = command.replace("${fpath[1]}", "$HOME").replace("127.0.0.1:9464", "127.0.0.1:0");
        for (date, ago) in [("2026-08-01", 40), ("2026-08-02", 39), ("2026-09-01", 9)] {
            line = line.replace(date, &day(ago));
        }
        if words[1] == "sandbox" {
            line.push_str(" --port-bigcommerce 0 --port-shopline 0");
        }
        Self { line, follows, wants_trouble, filter }
    }

    fn run(&self, stage: &Stage) -> Result<(), String> {
        let program = if self.wants_trouble { &stage.broken } else { &stage.well };
        let output = if self.follows { self.follow(program, stage) } else { self.once(program) };
        // `tail -f` says that it was ended before it was done: there is no end to it.
        let codes: &[i32] = match (self.wants_trouble, self.line.contains("tail -f")) {
            (true, _) => &[1, 4],
            (_, true) => &[143],
            _ => &[0],
        };
        if !output.status.code().is_some_and(|code| codes.contains(&code)) {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{}: {}: {said}", self.line, output.status));
        }
        let mut found = output.stdout;
        found.extend(self.file(program).map(|path| std::fs::read(path).unwrap()).unwrap_or_default());
        // What only says that it was done, says it to the user.
        let says_it = ["sync", "watch --once", "report --open"].iter().any(|quiet| self.line.contains(quiet));
        if found.is_empty() && (!says_it || output.stderr.is_empty()) {
            return Err(format!("{}: it finds nothing; {}", self.line, String::from_utf8_lossy(&output.stderr)));
        }
        match &self.filter {
            Some(filter) => filtered(filter, &found).map_err(|why| format!("{}: {why}", self.line)),
            None => Ok(()),
        }
    }

    fn shell(&self, program: &Program) -> Command {
        let home = program.home.path().display().to_string();
        let built = Path::new(env!("CARGO_BIN_EXE_storelogs")).parent().unwrap().display();
        let path = std::env::var("PATH").unwrap_or_default();
        let of = program.command(&[]);
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("exec {}", self.line)).current_dir(&home).env_clear();
        shell.envs(of.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.env("PATH", format!("{home}/bin:{built}:{path}")).stdout(Stdio::piped()).stderr(Stdio::piped());
        shell
    }

    fn once(&self, program: &Program) -> Output {
        let mut child = self.shell(program).stdin(Stdio::piped()).spawn().unwrap();
        // Whoever asks for no statement is asked for one. A program that reads nothing may have ended.
        let _ = child.stdin.take().unwrap().write_all(b"SELECT count(*) FROM entries");
        child.wait_with_output().unwrap()
    }

    /// Lets it run until it has printed something. Meanwhile something goes wrong in the shop, and somebody collects it.
    fn follow(&self, program: &Program, stage: &Stage) -> Output {
        let (out, err) = (program.home.path().join("followed.out"), program.home.path().join("followed.err"));
        let mut command = self.shell(program);
        command.stdin(Stdio::null());
        command.stdout(std::fs::File::create(&out).unwrap()).stderr(std::fs::File::create(&err).unwrap());
        let mut child = command.spawn().unwrap();
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
            // Now and then: a shop in which something always happens is another one.
            if turn % 30 == 0 {
                stage.fail();
                if watches_only {
                    program.run(&["sync"]);
                }
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

/// Whether something is left of the output behind a filter. A machine without jq does not try.
fn filtered(filter: &str, output: &[u8]) -> Result<(), String> {
    if Command::new("jq").arg("--version").output().is_err() {
        return Ok(());
    }
    let mut command = Command::new("sh");
    let mut child = command
        .arg("-c")
        .arg(filter)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
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

#[cfg(unix)]
#[test]
#[ignore = "takes five minutes; run by `cargo test -p storelogs-cli examples -- --ignored`"]
fn every_command_that_the_help_and_the_readme_print_finds_something() {
    let lines = examples();
    let stage = Stage::new();
    let mut wrong = Vec::new();
    let mut run = 0;
    for line in lines.iter().flat_map(|line| line.split(" && ")) {
        match line.split(' ').next().unwrap() {
            // They are run beside it; and this is it.
            _ if line.starts_with("storelogs demo")
                || line == "cargo run --release -- demo"
                || line == "cargo test" => {}
            "storelogs" => {
                run += 1;
                wrong.extend(Example::new(line).run(&stage).err());
            }
            "export" => {
                let name = line.trim_start_matches("export ").split('=').next().unwrap();
                let of = stage.well.command(&[]);
                assert!(of.get_envs().any(|(other, _)| other == name), "{line}: nobody sets that");
            }
            _ => wrong.push(format!("{line}: nobody knows what to do with that")),
        }
    }
    assert!(wrong.is_empty(), "{} of {run} commands:\n{}", wrong.len(), wrong.join("\n"));
    assert!(run > 45, "where are the examples? {lines:#?}");
}
