//! A running `watch`, what happens at a shop while it runs, and a receiver of its alerts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::{Value, json};
use storelogs_sandbox::{Behavior, History, Platform, Sandbox, Store};

use crate::program::{HASH, Program, present, serve};

pub(crate) const RULE: &str = "[[rule]]\nname = \"errors\"\nwhen = \"severity>=error\"\n";

pub(crate) fn shop() -> Sandbox {
    serve([Store::bigcommerce(HASH).history(History::seeded(4)).behavior(Behavior::unlimited())])
}

/// Reads all there is, and begins to watch.
pub(crate) fn begin(program: &Program) {
    assert_eq!(program.run(&["sync"]).code, 0);
    let run = program.run(&["watch", "--once"]);
    assert!(run.code == 0 && run.out.is_empty() && run.err.starts_with("Watching begins: "), "{run:?}");
    std::thread::sleep(Duration::from_millis(1100)); // platforms give whole seconds
}

/// Adds an error that happens now, and waits until it can be read.
pub(crate) fn fail(sandbox: &Sandbox, id: u32, summary: &str) {
    let date = present().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    let record = json!({"id": id, "type": "payment", "module": "Test Payment Gateway", "severity": "errors",
        "summary": summary, "message": "", "date_created": date});
    sandbox.push(Platform::BigCommerce, HASH, record);
    // Its second has to be over by the platform's clock, which is known from whole seconds only.
    std::thread::sleep(Duration::from_millis(2100));
}

/// A receiver of alerts. It answers with one status after the other, and with the last one from then on.
pub(crate) struct Webhook {
    pub(crate) url: String,
    pub(crate) received: Receiver<(String, Value)>,
}

impl Webhook {
    pub(crate) fn answering(statuses: &[u16]) -> Self {
        Self::saying(statuses, "")
    }

    /// The same, with this text in each answer.
    pub(crate) fn saying(statuses: &[u16], text: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hidden/path", listener.local_addr().unwrap());
        let (sender, received) = mpsc::channel();
        let statuses = statuses.to_vec();
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().map_while(Result::ok).enumerate() {
                let status = statuses[number.min(statuses.len() - 1)];
                if let Some(request) = answer(stream, status, text)
                    && sender.send(request).is_err()
                {
                    return;
                }
            }
        });
        Self { url, received }
    }

    /// The head and the body of the next request.
    pub(crate) fn next(&self) -> (String, Value) {
        self.received.recv_timeout(Duration::from_secs(120)).unwrap()
    }
}

/// Reads a request. Status 0 is no answer at all.
fn answer(stream: TcpStream, status: u16, text: &str) -> Option<(String, Value)> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        head.push_str(&line.to_ascii_lowercase());
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut stream = reader.into_inner();
    if status == 0 {
        std::mem::forget(stream); // nobody ever answers
    } else {
        let length = text.len();
        write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}").ok()?;
    }
    Some((head, serde_json::from_slice(&body).ok()?))
}

/// A watcher that runs until this is dropped.
pub(crate) struct Watcher {
    pub(crate) child: Child,
    lines: Receiver<String>,
}

impl Watcher {
    pub(crate) fn start(program: &Program, arguments: &[&str]) -> Self {
        let mut child = program
            .command(&[&["watch"], arguments].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        for stream in [Box::new(out) as Box<dyn Read + Send>, Box::new(err)] {
            let sender = sender.clone();
            let lines = BufReader::new(stream).lines();
            std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        }
        Self { child, lines }
    }

    /// The lines up to one that holds this, which has to come.
    pub(crate) fn until(&self, text: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        while lines.last().is_none_or(|line| !line.contains(text)) {
            let line = self.lines.recv_timeout(Duration::from_secs(120));
            lines.push(line.unwrap_or_else(|_| panic!("{text:?} does not come: {lines:#?}")));
        }
        lines
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
