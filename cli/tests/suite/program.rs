//! Runs the program in an environment of its own.

use std::path::Path;
use std::process::{Command, Stdio};

use storelogs_sandbox::{Behavior, Builder, Platform, Sandbox, Store};
use tempfile::TempDir;

/// A clock that the tests were given, by `cargo xtask calendar`, is the clock of the program too.
const CLOCK: [&str; 3] = ["LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC"];

pub(crate) const HASH: &str = "abc123";
pub(crate) const HANDLE: &str = "open001";
/// A time range that holds every sample.
pub(crate) const ALL: [&str; 5] = ["--since", "2021-12-01", "--until", "2022-08-01", "--utc"];

/// An empty directory as home and working directory, and an empty environment.
pub(crate) struct Program {
    pub(crate) home: TempDir,
    environment: Vec<(String, String)>,
}

/// How a run ended, and what it wrote.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Program {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let temporary = home.path().to_string_lossy().into_owned(); // what the demo leaves goes with the test
        // Where a test says nothing of the zone, it has to hold in each.
        let zone = std::env::var("TZ").unwrap_or_else(|_| "UTC".to_owned());
        Self { home, environment: Vec::new() }.with("TZ", zone).with("RUST_BACKTRACE", "1").with("TMPDIR", temporary)
    }

    /// Set up to read both stores of a sandbox.
    pub(crate) fn reading(sandbox: &Sandbox) -> Self {
        Self::new().reading_bigcommerce(sandbox).reading_shopline(sandbox)
    }

    pub(crate) fn reading_bigcommerce(self, sandbox: &Sandbox) -> Self {
        self.with("BIGCOMMERCE_API_URL", sandbox.bigcommerce_url())
            .with("BIGCOMMERCE_STORE_HASH", HASH)
            .with("BIGCOMMERCE_ACCESS_TOKEN", sandbox.token(Platform::BigCommerce, HASH))
    }

    pub(crate) fn reading_shopline(self, sandbox: &Sandbox) -> Self {
        self.with("SHOPLINE_API_URL", sandbox.shopline_url())
            .with("SHOPLINE_HANDLE", HANDLE)
            .with("SHOPLINE_ACCESS_TOKEN", sandbox.token(Platform::Shopline, HANDLE))
    }

    /// Sets a variable, or sets it anew.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.retain(|(other, _)| other != name);
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Writes the configuration into the working directory.
    pub(crate) fn configured(self, text: &str) -> Self {
        self.file("storelogs.toml", text);
        self
    }

    pub(crate) fn file(&self, name: &str, text: &str) {
        std::fs::write(self.home.path().join(name), text).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_storelogs"));
        command.args(arguments).env_clear().current_dir(self.home.path());
        command.env("HOME", self.home.path()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(CLOCK.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.envs(self.environment.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output().unwrap();
        Run {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn fetch(&self, arguments: &[&str]) -> Run {
        self.run(&[&["fetch"], &ALL[..], arguments].concat())
    }
}

/// The present by this machine's clock, which is that of the program too. Tests speak of ages only, never of dates, so they
/// hold whenever it is.
pub(crate) fn present() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Both platforms without rate limits, each with one store of the vendors' sample records.
pub(crate) fn sandbox() -> Sandbox {
    serve([bigcommerce(), shopline()])
}

pub(crate) fn serve(stores: impl IntoIterator<Item = Store>) -> Sandbox {
    start(Sandbox::builder().stores(stores))
}

pub(crate) fn start(builder: Builder) -> Sandbox {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(builder.own_threads(1).start()).unwrap()
}

/// Waits until a program that was started has sent a request to the sandbox, which had this many before. Then it has
/// read its settings and listens to signals, however busy the machine is.
#[cfg(unix)]
pub(crate) fn wait_for_request(sandbox: &Sandbox, before: u64) {
    let begun = std::time::Instant::now();
    while sandbox.requests() <= before {
        assert!(begun.elapsed() < std::time::Duration::from_secs(120), "it asks for nothing");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Waits until a program that asks nobody for anything listens to Ctrl-C, and a moment longer, for it to begin.
#[cfg(unix)]
pub(crate) fn wait_for_listening(child: &std::process::Child) {
    let caught = |status: String| -> Option<u64> {
        u64::from_str_radix(status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?.trim(), 16).ok()
    };
    let begun = std::time::Instant::now();
    // Only Linux says which signals a process catches. SIGINT is the second.
    while let Ok(status) = std::fs::read_to_string(format!("/proc/{}/status", child.id()))
        && caught(status).is_some_and(|caught| caught & 2 == 0)
        && begun.elapsed() < std::time::Duration::from_secs(120)
    {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    std::thread::sleep(std::time::Duration::from_millis(700));
}

pub(crate) fn bigcommerce() -> Store {
    let samples = (1..=5).flat_map(|page| sample(&format!("bigcommerce-{page}.json")));
    Store::bigcommerce(HASH).records(samples.collect::<Vec<_>>()).behavior(behavior())
}

pub(crate) fn shopline() -> Store {
    Store::shopline(HANDLE).records(sample("shopline-1.json")).behavior(behavior())
}

/// No rate limits, and records are served whatever their age.
pub(crate) fn behavior() -> Behavior {
    let mut behavior = Behavior::unlimited();
    behavior.bigcommerce.retention_days = None;
    (behavior.shopline.retention_months, behavior.shopline.horizon) = (None, None);
    behavior
}

fn sample(name: &str) -> Vec<serde_json::Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(name);
    storelogs_sandbox::load_file(path).unwrap().records
}
