//! Pipes whose reader ends early.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use storelogs_sandbox::{History, Store};

use crate::program::{HASH, Program, behavior, serve};

#[test]
fn a_broken_pipe_ends_it_quietly_with_0() {
    let store = Store::bigcommerce(HASH).history(History::bulk(1, 20_000)).behavior(behavior());
    let sandbox = serve([store]);
    let program = Program::new().reading_bigcommerce(&sandbox);
    for format in ["pretty", "json", "jsonl", "csv"] {
        let mut command = program.command(&["fetch", "--since", "70d", "--format", format]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap(); // and the pipe is closed
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{format}");
    }
}
