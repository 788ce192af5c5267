//! A relay in front of the mock server that writes down every request's target: Prism's log leaves out the query.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use crate::Result;

pub(super) struct Tap {
    origin: String,
    targets: Receiver<String>,
}

impl Tap {
    /// Listens on a free loopback port until the process ends.
    pub(super) fn open(upstream: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|e| format!("a free port: {e}"))?;
        let address = listener.local_addr().map_err(|e| format!("a free port: {e}"))?;
        let (sender, targets) = mpsc::channel();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let sender = sender.clone();
                // A connection that breaks is the program's to notice.
                thread::spawn(move || drop(relay(client, upstream, &sender)));
            }
        });
        Ok(Self { origin: format!("http://{address}"), targets })
    }

    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// The targets that were requested since the last call.
    pub(super) fn drain(&self) -> Vec<String> {
        self.targets.try_iter().collect()
    }
}

/// Passes bytes both ways. The program sends only GETs without a body, so every head follows an empty line.
fn relay(client: TcpStream, upstream: SocketAddr, targets: &Sender<String>) -> io::Result<()> {
    let mut server = TcpStream::connect(upstream)?;
    let (mut answers, mut back) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        drop(io::copy(&mut answers, &mut back));
        back.shutdown(Shutdown::Write)
    });
    let mut requests = BufReader::new(client);
    let mut line = Vec::new();
    let mut at_head = true;
    while requests.read_until(b'\n', &mut line)? > 0 {
        if at_head {
            let head = String::from_utf8_lossy(&line);
            let target = head.strip_prefix("GET ").and_then(|rest| rest.split(' ').next());
            // A request that is no GET is passed on as it is, and will not be found in the document.
            drop(targets.send(target.unwrap_or(&head).to_owned()));
        }
        at_head = line == b"\r\n";
        server.write_all(&line)?;
        line.clear();
    }
    server.shutdown(Shutdown::Write)
}
