//! Entries are written as they come and then forgotten.
#![cfg(target_os = "linux")]

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use storelogs_sandbox::{History, Platform, Store};

use crate::program::{HANDLE, HASH, Program, behavior, serve};

/// The most memory that the process had so far, in KiB.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn memory_does_not_grow_with_the_number_of_entries() {
    let store = Store::bigcommerce(HASH).history(History::bulk(1, 60_000)).behavior(behavior());
    let sandbox = serve([store]);
    let program = Program::new().reading_bigcommerce(&sandbox);
    let mut command = program.command(&["fetch", "--since", "70d", "--format", "jsonl"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let (mut early, mut late, mut lines) = (0, 0, 0);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        line.unwrap();
        lines += 1;
        match lines {
            15_000 => early = peak(child.id()),
            55_000 => late = peak(child.id()),
            _ => {}
        }
    }
    assert_eq!((child.wait().unwrap().code(), lines), (Some(0), 60_000));
    assert!(late < early + 16 * 1024, "{early} KiB after 15 000 entries, {late} KiB after 55 000");
}

/// Both platforms, 200,000 entries each: every uid of the oracle, once.
#[test]
#[ignore = "takes four minutes: SHOPLINE allows four requests a second"]
fn hundreds_of_thousands_of_entries_stream_with_the_exact_uids() {
    const ROWS: usize = 200_000;
    let history = History::bulk(2, ROWS);
    let sandbox = serve([
        Store::bigcommerce(HASH).history(history.clone()).behavior(behavior()),
        Store::shopline(HANDLE).history(history.clone()),
    ]);
    let (since, until) = history.time_range();
    let program = Program::reading(&sandbox);
    let mut command = program.command(&["fetch", "--since", "70d", "--format", "jsonl"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let (mut uids, mut most) = (HashSet::new(), 0);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let entry: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        assert!(uids.insert(entry["uid"].as_str().unwrap().to_owned()), "twice: {entry}");
        if uids.len() % 10_000 == 5_000 {
            most = peak(child.id());
        }
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut oracle = HashSet::new();
    for (platform, name, prefix) in
        [(Platform::BigCommerce, HASH, "bigcommerce"), (Platform::Shopline, HANDLE, "shopline")]
    {
        let ids = sandbox.oracle(platform, name, since, until);
        oracle.extend(ids.into_iter().map(|id| format!("{prefix}:{name}:{id}")));
    }
    assert_eq!(oracle.len(), 2 * ROWS);
    assert!(uids == oracle, "{} uids, {} in the oracle", uids.len(), oracle.len());
    assert!(most < 64 * 1024, "{most} KiB");
}
