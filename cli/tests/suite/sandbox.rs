//! `sandbox` and `demo`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::program::Program;

/// Runs until it is dropped.
struct Running {
    child: Child,
    exports: Vec<(String, String)>,
}

impl Running {
    fn new(arguments: &[&str]) -> Self {
        let program = Program::new();
        let ports = ["sandbox", "--port-bigcommerce", "0", "--port-shopline", "0"];
        let mut command = program.command(&[&ports, arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().take(6);
        let export = |line: std::io::Result<String>| {
            let line = line.unwrap();
            let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        };
        let exports = lines.map(export).collect();
        Self { child, exports }
    }

    fn program(&self) -> Program {
        self.exports.iter().fold(Program::new(), |program, (name, value)| program.with(name, value))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn what_the_sandbox_prints_is_all_that_fetch_needs() {
    let sandbox = Running::new(&["--seed", "7"]);
    let run = sandbox.program().run(&["fetch", "--since", "7d", "--format", "jsonl"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert!(run.out.lines().count() > 100);
    assert!(run.out.contains("\"shopline:") && run.out.contains("\"bigcommerce:"));
}

#[test]
fn faults_are_switched_on_from_the_command_line_and_everything_is_read_all_the_same() {
    let sandbox = Running::new(&["--seed", "7", "--no-quota", "--fault", "503@first:2", "--fault", "cut@nth:4"]);
    let program = sandbox.program();
    let run = program.run(&["sync", "--format", "json"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(program.run(&["verify"]).code, 0);
    let broken = Running::new(&["--seed", "7", "--fault", "500"]);
    let run = broken.program().run(&["check"]);
    assert!(run.code != 0 && run.out.contains("500") | run.err.contains("500"), "{run:?}");
    let run = Program::new().run(&["sandbox", "--fault", "boom"]);
    assert!(run.code == 2 && run.err.contains("nothing that can go wrong: write a status such as 503"), "{run:?}");
}

#[test]
fn the_sandbox_serves_records_of_a_file_whatever_their_age() {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples");
    let (one, two) = (format!("{samples}/bigcommerce-1.json"), format!("{samples}/shopline-1.json"));
    let sandbox = Running::new(&["--records", &one, "--records", &two, "--no-quota"]);
    assert_eq!(sandbox.program().fetch(&[]).out.lines().count(), 4);
}

#[test]
fn entries_of_the_future_are_warned_of() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = |until: &str| {
        Program::new().run(&["sandbox", "--port-bigcommerce", &port, "--port-shopline", "0", "--until", until]).err
    };
    assert!(ended("2999-01-01").contains("warning: --until is in the future"), "{}", ended("2999-01-01"));
    assert!(!ended("yesterday").contains("warning"), "{}", ended("yesterday"));
}

#[test]
fn a_taken_port_is_a_clear_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let run = Program::new().run(&["sandbox", "--port-bigcommerce", &port, "--port-shopline", "0"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.err.contains(&port) && run.err.contains("--port-bigcommerce"), "{}", run.err);
}
