//! Webhooks behind a proxy.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use crate::program::Program;
use crate::watcher::{RULE, Watcher, begin, fail, shop};

/// A proxy that notes the first line of each request, and hangs up.
struct DeadProxy {
    address: SocketAddr,
    asked: Receiver<String>,
}

impl DeadProxy {
    fn new() -> Self {
        let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = proxy.local_addr().unwrap();
        let (sender, asked) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in proxy.incoming().map_while(Result::ok) {
                let mut line = String::new();
                let came = BufReader::new(stream).read_line(&mut line).is_ok();
                if came && sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { address, asked }
    }

    fn configuration(&self) -> String {
        format!("proxy = \"http://{}\"\n{RULE}webhook = {{ env = \"HOOK\" }}\n", self.address)
    }

    fn next(&self) -> String {
        self.asked.recv_timeout(Duration::from_secs(60)).unwrap()
    }
}

const HOOK: &str = "https://hooks.invalid/hidden/path";
const CONNECT: &str = "CONNECT hooks.invalid:443 HTTP/1.1\r\n";

#[test]
fn webhooks_go_through_the_proxy_of_the_configuration() {
    let proxy = DeadProxy::new();
    let program = Program::new().with("HOOK", HOOK).configured(&proxy.configuration());
    let run = program.run(&["watch", "--try"]);
    assert!(run.code == 1 && !run.err.contains("hidden"), "nobody answers behind the proxy: {run:?}");
    assert_eq!(proxy.next(), CONNECT);
}

#[test]
fn webhooks_of_hosts_in_no_proxy_go_past_the_proxy() {
    let proxy = DeadProxy::new();
    let program =
        Program::new().with("HOOK", HOOK).with("NO_PROXY", "hooks.invalid").configured(&proxy.configuration());
    let run = program.run(&["watch", "--try"]);
    assert!(run.code == 1 && !run.err.contains("hidden"), "there is no such host: {run:?}");
    assert!(proxy.asked.try_recv().is_err(), "the proxy was asked");
}

#[test]
fn a_running_watch_goes_through_another_proxy_once_the_file_names_it() {
    let sandbox = shop();
    let (first, second) = (DeadProxy::new(), DeadProxy::new());
    let program = Program::new().reading_bigcommerce(&sandbox).with("HOOK", HOOK).configured(&first.configuration());
    begin(&program);
    let watcher = Watcher::start(&program, &[]);
    fail(&sandbox, 900_000_001, "The card was declined");
    program.run(&["sync"]);
    watcher.until("was declined");
    assert_eq!(first.next(), CONNECT);
    std::fs::write(program.home.path().join("storelogs.toml"), second.configuration()).unwrap();
    assert_eq!(second.next(), CONNECT, "what could not be delivered is tried again the new way");
}
