//! `tail`: the newest entries, and new ones as they come.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;
use storelogs_sandbox::{Behavior, History, Platform, Sandbox, Store};

use crate::program::{HANDLE, HASH, Program, present, serve};

fn shop() -> Store {
    Store::bigcommerce(HASH).history(History::seeded(4)).behavior(Behavior::unlimited())
}

#[test]
fn the_newest_entries_come_oldest_first() {
    let sandbox = serve([shop()]);
    let run = Program::new().reading_bigcommerce(&sandbox).run(&["tail", "-n", "5", "--format", "jsonl"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let ids: Vec<String> = run
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    let oracle = sandbox.oracle(Platform::BigCommerce, HASH, 0, i64::MAX / 2);
    assert_eq!(ids, oracle[oracle.len() - 5..]);
    assert!(sandbox.requests() <= 3, "{} requests for five entries", sandbox.requests());
}

/// The lines of a `tail -f` that runs until this is dropped.
struct Tail {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Tail {
    fn start(program: &Program, arguments: &[&str]) -> Self {
        let mut child = program
            .command(&[&["tail", "-f", "--utc"], arguments].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    fn next(&self) -> String {
        self.lines.recv_timeout(Duration::from_secs(120)).unwrap()
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Adds an entry from this many seconds ago.
fn push(sandbox: &Sandbox, id: u32, ago: i64, summary: &str) {
    let at = present() - jiff::SignedDuration::from_secs(ago);
    let date = at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    let record = json!({"id": id, "type": "general", "module": "", "severity": "errors", "summary": summary,
        "message": "", "date_created": date});
    sandbox.push(Platform::BigCommerce, HASH, record);
}

#[test]
fn what_comes_is_shown_and_what_comes_late_is_marked() {
    let sandbox = serve([shop()]);
    let tail = Tail::start(&Program::new().reading_bigcommerce(&sandbox), &["-n", "1"]);
    tail.next();
    std::thread::sleep(Duration::from_millis(1500)); // what is there already is no news
    push(&sandbox, 900_000_001, 0, "it came");
    let line = tail.next();
    assert!(line.contains("it came") && !line.contains(" late"), "{line}");
    push(&sandbox, 900_000_002, 120, "it came late");
    let line = tail.next();
    assert!(line.contains("it came late") && line.contains("Z late"), "{line}");
}

#[test]
fn what_comes_while_the_first_entries_are_read_is_shown_once() {
    // The list of the one store was read long before the other's comes.
    let slow = Store::shopline(HANDLE).behavior(Behavior::unlimited()).latency(Duration::from_millis(2500));
    let sandbox = serve([shop(), slow]);
    let tail = Tail::start(&Program::reading(&sandbox), &["-n", "2"]);
    while sandbox.journal().of(Platform::BigCommerce, HASH).next().is_none() {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(500));
    push(&sandbox, 900_000_001, 0, "it came meanwhile");
    let lines = [tail.next(), tail.next(), tail.next()];
    assert!(lines[..2].iter().all(|line| !line.contains("it came")), "it was read with the first: {lines:?}");
    assert!(lines[2].contains("it came meanwhile") && !lines[2].contains(" late"), "{lines:?}");
    push(&sandbox, 900_000_002, 0, "it came next");
    let next = tail.next();
    assert!(next.contains("it came next"), "{next}");
}
