//! `--metrics-listen`: metrics for Prometheus.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use storelogs_sandbox::{Behavior, Fault, Faults, History, Platform, Sandbox, Store};

use crate::program::{HANDLE, HASH, Program, serve};

/// A collector that serves metrics, until this is dropped.
struct Collector {
    child: Child,
    address: String,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Collector {
    fn start(program: &Program) -> Self {
        Self::of(program.command(&[]))
    }

    /// One that may have no more descriptors than this.
    #[cfg(unix)]
    fn with_descriptors(program: &Program, most: u32) -> Self {
        let whole = program.command(&[]);
        let mut limited = Command::new("sh");
        let line = format!("ulimit -n {most}; exec \"$0\" \"$@\"");
        limited.arg("-c").arg(line).arg(whole.get_program()).current_dir(program.home.path()).env_clear();
        limited.envs(whole.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::null());
        Self::of(limited)
    }

    fn of(mut command: Command) -> Self {
        // Free a moment ago.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        command.args(["sync", "--follow", "--metrics-listen", &address]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { child, address }
    }

    /// The status line and the body of an answer.
    fn get(&self, path: &str) -> Option<(String, String)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.to_owned(), body.to_owned()))
    }

    /// The metrics, as soon as they are as they should be.
    fn metrics(&self, fine: impl Fn(&Metrics) -> bool) -> (String, Metrics) {
        let begun = Instant::now();
        loop {
            if let Some((head, body)) = self.get("/metrics")
                && head.starts_with("HTTP/1.1 200")
            {
                let metrics = parse(&body);
                if fine(&metrics) {
                    return (body, metrics);
                }
                assert!(begun.elapsed() < Duration::from_secs(120), "{body}");
            }
            assert!(begun.elapsed() < Duration::from_secs(120));
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Values by name and labels, as they are written.
type Metrics = HashMap<String, f64>;

/// Reads the text format, and checks what it asks for.
fn parse(text: &str) -> Metrics {
    let mut metrics = Metrics::new();
    let (mut helped, mut typed) = (String::new(), String::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            helped = help.split_once(' ').unwrap().0.to_owned();
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert_eq!(name, helped, "a type without a help");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(matches!(kind, "counter" | "gauge"), "{line}");
            typed = name.to_owned();
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            assert_eq!(name, typed, "{line}");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{line}");
            let whole = series.starts_with("storelogs_archive_"); // of the whole archive
            assert!(whole || series.ends_with('}') && series.contains("=\""), "{line}");
            assert!(metrics.insert(series.to_owned(), value.parse().unwrap()).is_none(), "twice: {line}");
        }
    }
    metrics
}

fn shops() -> Sandbox {
    let history = History::seeded(3);
    serve([
        Store::bigcommerce(HASH).history(history.clone()).behavior(Behavior::unlimited()),
        Store::shopline(HANDLE).history(history).behavior(Behavior::unlimited()),
    ])
}

const BIG: &str = "{platform=\"bigcommerce\",store=\"abc123\"}";
const LINE: &str = "{platform=\"shopline\",store=\"open001\"}";

#[test]
fn what_is_collected_is_counted_for_each_store() {
    let sandbox = shops();
    sandbox.set_faults(Platform::Shopline, HANDLE, Faults::none().always(Fault::Status(401)));
    sandbox.set_faults(Platform::BigCommerce, HASH, Faults::none().nth(2, Fault::Status(503)));
    let program = Program::reading(&sandbox);
    let collector = Collector::start(&program);
    let held = sandbox.records(Platform::BigCommerce, HASH).len() as f64;
    let name = |name: &str, labels: &str| format!("{name}{labels}");
    let (text, metrics) = collector.metrics(|metrics| {
        let value = |name: String| metrics.get(&name).copied();
        value(name("storelogs_entries_total", BIG)) == Some(held)
            && value(name("storelogs_complete", BIG)) == Some(1.0)
            && value(name("storelogs_failures_total", LINE)) > Some(0.0)
            && value("storelogs_stores{platform=\"shopline\",state=\"unauthorized\"}".to_owned()) == Some(1.0)
    });
    let value = |name: &str, labels: &str| *metrics.get(&format!("{name}{labels}")).unwrap_or_else(|| panic!("{text}"));
    assert_eq!(value("storelogs_retries_total", BIG), 1.0);
    assert!(value("storelogs_requests_total", BIG) > held / 250.0);
    assert_eq!(value("storelogs_gaps", BIG), 0.0);
    assert_eq!(value("storelogs_gaps", LINE), 1.0, "nothing of it was read");
    assert!((0.0..60.0).contains(&value("storelogs_lag_seconds", BIG)));
    assert!(!text.contains(&format!("storelogs_lag_seconds{LINE}")), "there is no end to be behind of");
    assert!(value("storelogs_retention_headroom_seconds", BIG) > 360.0 * 86_400.0);
    assert_eq!(value("storelogs_store_state", "{platform=\"shopline\",store=\"open001\",state=\"unauthorized\"}"), 1.0);
    assert_eq!(value("storelogs_stores", "{platform=\"bigcommerce\",state=\"active\"}"), 1.0);
    assert_eq!(collector.get("/healthz").unwrap().1, "ok\n");
    assert!(collector.get("/").unwrap().0.starts_with("HTTP/1.1 404"));
    promtool(&text);
}

/// Prometheus' own check, where it is installed.
fn promtool(text: &str) {
    let tool = Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut tool) = tool else { return };
    tool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = tool.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_address_that_cannot_be_used_is_one_clear_error() {
    let sandbox = shops();
    let program = Program::reading(&sandbox);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let run = program.run(&["sync", "--metrics-listen", &address]);
    assert_eq!((run.code, run.out.as_str()), (1, ""), "{run:?}");
    assert!(run.err.starts_with(&format!("error: --metrics-listen: {address} is taken")), "{}", run.err);
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    let run = program.run(&["sync", "--metrics-listen", "192.0.2.1:9464"]);
    assert_eq!((run.code, run.err.lines().count()), (1, 1), "{run:?}");
    assert!(run.err.contains("no address of this machine"), "{}", run.err);
    let run = program.run(&["sync", "--metrics-listen", "9464"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("127.0.0.1:9464"), "{}", run.err);
    assert_eq!(sandbox.requests(), 0, "it was found out before anything was sent");
}

/// Each would take a descriptor that the stores need. A connection without a request is closed after some seconds.
#[test]
fn idle_connections_neither_stop_the_collector_nor_keep_prometheus_out_for_long() {
    let sandbox = serve([Store::bigcommerce(HASH).history(History::bulk(5, 300)).behavior(Behavior::unlimited())]);
    let program = Program::new().reading_bigcommerce(&sandbox);
    let collector = Collector::start(&program);
    collector.metrics(|metrics| !metrics.is_empty());
    let descriptors = || std::fs::read_dir(format!("/proc/{}/fd", collector.child.id())).map(Iterator::count);
    let idle: Vec<TcpStream> = (0..400).filter_map(|_| TcpStream::connect(&collector.address).ok()).collect();
    assert!(idle.len() > 300, "{} could connect", idle.len());
    std::thread::sleep(Duration::from_secs(1));
    if let Ok(held) = descriptors() {
        assert!(held < 150, "{held} descriptors");
    }
    collector.metrics(|metrics| !metrics.is_empty());
    drop(idle);
}

/// As a service manager may start it: more would connect than it may have open.
#[cfg(unix)]
#[test]
fn a_collector_with_few_descriptors_keeps_them_for_its_stores_whoever_connects() {
    let history = History::bulk(5, 20_000);
    let sandbox = serve([Store::bigcommerce(HASH).history(history).behavior(Behavior::unlimited())]);
    let program = Program::new().reading_bigcommerce(&sandbox);
    let collector = Collector::with_descriptors(&program, 128);
    collector.metrics(|metrics| !metrics.is_empty());
    let idle: Vec<TcpStream> = (0..200).filter_map(|_| TcpStream::connect(&collector.address).ok()).collect();
    assert!(idle.len() > 150, "{} could connect", idle.len());
    let all = |(name, value): (&String, &f64)| name.starts_with("storelogs_entries_total") && *value >= 20_000.0;
    let (text, metrics) = collector.metrics(|metrics| metrics.iter().any(all));
    assert_eq!(metrics[&format!("storelogs_failures_total{BIG}")], 0.0, "{text}");
    drop(idle);
}
