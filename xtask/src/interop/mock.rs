//! Prism, serving one document on a free loopback port.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::cases::Platform;
use crate::Result;
use crate::npm::Npm;
use crate::workspace::read;

const START: Duration = Duration::from_secs(60);
/// The log may come a moment after the answer.
const SETTLE: Duration = Duration::from_secs(5);

pub(super) struct Mock {
    process: Child,
    address: SocketAddr,
    log: PathBuf,
    /// The length of the log's part about the proof, in bytes.
    proof: usize,
}

/// The content of Prism's log about the program's requests.
pub(super) struct Seen {
    pub(super) requests: usize,
    /// The faults, and how many times each was seen.
    pub(super) errors: BTreeMap<String, usize>,
}

impl Mock {
    pub(super) fn start(npm: &Npm, document: &Path, log: &Path) -> Result<Self> {
        let folder = document.parent().unwrap_or(document);
        let file = || File::create(log).map_err(|e| format!("{}: {e}", log.display()));
        let process = npm
            .command("prism", folder)
            // `--errors`: a request that breaks a rule is refused, not only warned about.
            .args(["mock", "--errors", "--host=127.0.0.1", "--port=0", "--verboseLevel=info"])
            .arg(document)
            .stdin(Stdio::null())
            .stdout(file()?)
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("prism: {e}"))?;
        // Made before the wait, so that the process ends with it whatever happens.
        let mut mock = Self { process, address: SocketAddr::from(([127, 0, 0, 1], 0)), log: log.to_owned(), proof: 0 };
        mock.address = mock.wait_for("prism did not start", START, listening)?;
        Ok(mock)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends two requests that Prism must refuse. A check that lets everything pass would prove nothing.
    pub(super) fn prove_that_it_checks(&mut self, platform: &Platform) -> Result {
        let broken = format!("{}{}", platform.prefix, platform.broken);
        let without_token = self.status(&broken, None)?;
        let with_token = self.status(&broken, Some(platform.token_header))?;
        if (without_token, with_token) != (401, 422) {
            return Err(format!("prism answered {without_token} and {with_token} to two broken requests to {broken}"));
        }
        self.proof = self.wait_for("prism did not log two refusals", SETTLE, |log| {
            (log.matches(REFUSED).count() == 2).then_some(log.len())
        })?;
        Ok(())
    }

    /// Reads the log once it holds this many requests of the program.
    pub(super) fn finish(self, requests: usize) -> Result<Seen> {
        let after_proof = |log: &str| log.get(self.proof..).unwrap_or_default().to_owned();
        let count = |log: &str| after_proof(log).matches(RECEIVED).count();
        // A shortfall is the caller's to report.
        drop(self.wait_for("", SETTLE, |log| (count(log) >= requests).then_some(())));
        let log = read(&self.log)?;
        let mut errors = BTreeMap::new();
        for message in after_proof(&log).lines().filter_map(message) {
            *errors.entry(message.to_owned()).or_default() += 1;
        }
        Ok(Seen { requests: count(&log), errors })
    }

    fn status(&self, target: &str, header: Option<&str>) -> Result<u16> {
        let fail = |e: std::io::Error| format!("prism on {}: {e}", self.address);
        let mut stream = TcpStream::connect(self.address).map_err(fail)?;
        let header = header.map(|header| format!("{header}\r\n")).unwrap_or_default();
        write!(stream, "GET {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{header}\r\n", self.address)
            .map_err(fail)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(fail)?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.ok_or_else(|| format!("prism answered no HTTP to {target}"))
    }

    fn wait_for<T>(&self, failure: &str, timeout: Duration, find: impl Fn(&str) -> Option<T>) -> Result<T> {
        let begun = Instant::now();
        loop {
            if let Some(found) = find(&read(&self.log)?) {
                return Ok(found);
            }
            if begun.elapsed() > timeout {
                return Err(format!("{failure}: see {}", self.log.display()));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to kill.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

const RECEIVED: &str = "Request received";
const REFUSED: &str = "Request terminated with error";

fn listening(log: &str) -> Option<SocketAddr> {
    let (_, rest) = log.split_once("Prism is listening on http://")?;
    rest.lines().next()?.trim().parse().ok()
}

/// The message of an error line: `[9:41:52 AM] › [VALIDATOR] ✖  error     MESSAGE`.
fn message(line: &str) -> Option<&str> {
    Some(line.split_once(" error ")?.1.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_and_the_errors_are_read_from_prisms_log() {
        let log = "[9:41:52 AM] › [CLI] ▶  start     Prism is listening on http://127.0.0.1:36753\n";
        assert_eq!(listening(log), Some(SocketAddr::from(([127, 0, 0, 1], 36753))));
        let line = "[9:41:55 AM] ›     [VALIDATOR] ✖  error     Request query parameter limit must be integer";
        assert_eq!(message(line), Some("Request query parameter limit must be integer"));
    }
}
