//! Logs on stderr, and the exit code of a run that is asked to end.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use storelogs_sandbox::{Behavior, Fault, Faults, History, Platform, Sandbox, Store};

use crate::program::{HANDLE, HASH, Program, serve, wait_for_request};

/// Fits where a token fits.
const CANARY: &str = "canary7f3a9c2e5d";

fn shops() -> Sandbox {
    let history = History::seeded(6);
    serve([
        Store::bigcommerce(HASH).history(history.clone()).behavior(Behavior::unlimited()),
        Store::shopline(HANDLE).history(history).behavior(Behavior::unlimited()),
    ])
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
}

#[test]
fn every_line_on_stderr_is_an_object_and_holds_no_secret() {
    let sandbox = shops();
    sandbox.set_token(Platform::BigCommerce, HASH, CANARY);
    sandbox.set_faults(Platform::Shopline, HANDLE, Faults::none().always(Fault::Status(401)));
    let program = Program::reading(&sandbox).with("SHOPLINE_ACCESS_TOKEN", format!("{CANARY}.{CANARY}.{CANARY}"));
    for command in ["sync", "check", "verify", "tail", "fetch"] {
        let run = program.run(&[command, "--log-level", "trace", "--log-format", "json"]);
        assert!(!run.err.contains(CANARY) && !run.out.contains(CANARY), "{command}: {run:?}");
        let lines = lines(&run.err);
        for line in &lines {
            assert!(
                line["timestamp"].is_string() && line["level"].is_string() && line["message"].is_string(),
                "{line}"
            );
        }
        let requests = lines.iter().filter(|line| line["target"] == "storelogs::network");
        assert!(requests.clone().count() > 1, "{command}: {}", run.err);
        // What was never read is a gap, and not asked about.
        assert!(command == "verify" || requests.clone().any(|line| line["status"] == 401), "{command}");
    }
    let run = program.run(&["sync", "--log-format", "json"]);
    let lines = lines(&run.err);
    let parked = lines.iter().find(|line| line["store"] == "shopline:open001").unwrap();
    assert_eq!((parked["level"].as_str(), parked["state"].as_str()), (Some("WARN"), Some("unauthorized")));
    assert!(lines.iter().all(|line| line["level"] != "DEBUG"), "info is the level unless another is given");
}

#[test]
fn a_level_hides_what_is_below_it_and_errors_are_logs_too() {
    let sandbox = shops();
    let program = Program::reading(&sandbox);
    assert_eq!(program.run(&["sync", "--log-level", "error"]).err, "");
    let run = program.run(&["fetch", "--log-level", "error", "--store", "bigcommerce:other", "--since", "1h"]);
    assert!(run.err.contains(" ERROR storelogs: bigcommerce:other: "), "{}", run.err);
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    let run = program.run(&["fetch", "--log-format", "json", "--since", "2999-01-01"]);
    assert_eq!((run.code, lines(&run.err)[0]["level"].as_str()), (2, Some("ERROR")));
}

#[cfg(unix)]
#[test]
fn what_is_asked_to_end_before_it_is_done_says_by_whom() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let sandbox = shops();
        sandbox.set_latency(Platform::BigCommerce, HASH, Duration::from_secs(2));
        for command in [&["sync"][..], &["fetch", "--since", "90d", "-o", "out"]] {
            let program = Program::reading(&sandbox);
            let before = sandbox.requests();
            let child = program.command(command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            wait_for_request(&sandbox, before);
            assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(code), "{command:?} {signal}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_run_that_follows_ends_with_0_when_it_is_asked_to() {
    let sandbox = shops();
    let program = Program::reading(&sandbox);
    let child = program
        .command(&["sync", "--follow", "--log-format", "json"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for_request(&sandbox, 0);
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let logged = lines(&String::from_utf8(output.stderr).unwrap());
    assert!(logged.iter().any(|line| line["message"].as_str().unwrap().starts_with("stopping")), "{logged:?}");
}
