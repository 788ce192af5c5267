//! `tail`: the newest entries, and those that come.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;
use storelogs_sandbox::{Behavior, History, Platform, Store};

use crate::program::{HASH, Program, serve};

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

#[test]
fn what_comes_is_shown_and_what_comes_late_is_marked() {
    let sandbox = serve([shop()]);
    let program = Program::new().reading_bigcommerce(&sandbox);
    let mut child = program
        .command(&["tail", "-f", "-n", "1", "--utc"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (sender, lines) = mpsc::channel();
    let out = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let next = || lines.recv_timeout(Duration::from_secs(40)).unwrap();
    next();
    std::thread::sleep(Duration::from_millis(1500)); // what is there already is no news
    let push = |id: u32, ago: i64, summary: &str| {
        let at = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(ago);
        let date = at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
        let record = json!({"id": id, "type": "general", "module": "", "severity": "errors", "summary": summary,
            "message": "", "date_created": date});
        sandbox.push(Platform::BigCommerce, HASH, record);
    };
    push(900_000_001, 0, "it came");
    let line = next();
    assert!(line.contains("it came") && !line.contains(" late"), "{line}");
    push(900_000_002, 120, "it came late");
    let line = next();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.contains("it came late") && line.contains("Z late"), "{line}");
}
